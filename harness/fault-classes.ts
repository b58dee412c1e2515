/**
 * The fault classes that scenarios are made of: each turns what a control run recorded into schedules.
 *
 * Crash points are ops of the control run, marks included, before, after and (for writes) inside. A later life's length is
 * not known before it runs: its points are drawn from the length of the control, and one that is not reached is drawn anew
 * by the campaign.
 */
import type { Control, ControlOp, CasePlan, FaultClass } from './scenario.ts'
import { position, type Fault, type Phase } from './fault.ts'
import { shuffled, type Random } from './seed.ts'

/** One kill at an op of the first life: before, after, or inside a write. */
export const killAtOp: FaultClass = {
  name: 'kill',
  all: (control) =>
    control.ops.flatMap((op) => phasesOf(control, op).map((phase) => kill(op.n, phase))),
  draw: (control, random) => {
    const op = random.pick(control.ops)
    return kill(op.n, drawPhase(control, op, random))
  },
}

/** Marks between which a runtime has decided something and not yet told it, or told it and not yet done it. */
const decidingMarks: ReadonlySet<string> = new Set([
  'appending',
  'ack',
  'effect',
  'observed',
  'consumed',
  'spend',
  'spawn',
  'settle',
])

/** One kill right after a mark of the first life: between an effect and its commit, between a commit and its ack. */
export const killAtMark: FaultClass = {
  name: 'kill-at-mark',
  all: (control) => deciding(control).map((op) => kill(op.n, { kind: 'after' })),
  draw: (control, random) => {
    const ops = deciding(control)
    return ops.length === 0 ? undefined : kill(random.pick(ops).n, { kind: 'after' })
  },
}

function deciding(control: Control): readonly ControlOp[] {
  return control.ops.filter(({ mark }) => mark !== undefined && decidingMarks.has(mark))
}

/** Kills in two to five lives: the later ones fall into recovery, or into what comes after it. */
export const killInRecovery: FaultClass = {
  name: 'kill-in-recovery',
  draw: (control, random) => {
    const lives = 2 + random.below(4)
    const first = random.pick(control.ops)
    const schedule = [[killFault(first.n, drawPhase(control, first, random))]]
    for (let life = 1; life < lives; life++) {
      // Most of a recovery's ops are among the first dozen; the rest of the run must be hit too.
      const upTo = random.chance(0.7) ? Math.min(12, control.ops.length) : control.ops.length
      schedule.push([killFault(1 + random.below(upTo), side(control, random))])
    }
    return { schedule }
  },
}

/**
 * A kill by the harness at a moment that no op decides. It weighs as much as all exact kills together: they are a list that
 * comes to its end, and only the kernel knows where a process can be torn.
 */
export const killAtRandom: FaultClass = {
  name: 'random-kill',
  weight: 3,
  draw: (control, random) => ({
    schedule: [],
    randomKill: { life: 1, ops: control.ops.length, draw: random.below(1_000_000) },
  }),
}

/** Ops of a recovery, at least: it lists and opens what is there, writes its header and its seal. */
const recoveryOpsMin = 12

/** A kill at an op, and in the next life one at a random moment of its recovery. */
export const killAtRandomInRecovery: FaultClass = {
  name: 'random-kill-in-recovery',
  weight: 3,
  draw: (control, random) => {
    const op = random.pick(control.ops)
    return {
      schedule: [[killFault(op.n, drawPhase(control, op, random))]],
      randomKill: { life: 2, ops: recoveryOpsMin, draw: random.below(1_000_000) },
    }
  },
}

/** The owner stops, a successor takes over and ends the run, the owner goes on. */
export const zombieTakeover: FaultClass = {
  name: 'zombie',
  needs: ['fencing'],
  draw: (control, random) => {
    const at = position(random.pick(control.ops).n, side(control, random))
    return { schedule: [[{ kind: 'zombie', at, until: 'done' }]] }
  },
}

/** The owner stops, a successor takes over and is stopped in the middle, the owner goes on beside it. */
export const zombieBeside: FaultClass = {
  name: 'zombie-beside',
  needs: ['fencing'],
  draw: (control, random) => {
    // Held at an op that has not happened yet: a program without hooks cannot be.
    if (isCoarse(control)) return undefined
    const at = position(random.pick(control.ops).n, side(control, random))
    const until = position(1 + random.below(control.ops.length))
    return { schedule: [[{ kind: 'zombie', at, until }]] }
  },
}

/** The owner dies, and several resumers start at once, held at one barrier. */
export function concurrentResumers(counts: readonly number[]): FaultClass {
  return {
    name: 'resumers',
    needs: ['takeover'],
    draw: (control, random) => {
      const op = random.pick(control.ops)
      const barrier = position(1 + random.below(8))
      const count = random.pick(counts)
      const isHeld = !isCoarse(control) && random.chance(0.5)
      return {
        schedule: [
          [killFault(op.n, drawPhase(control, op, random))],
          [{ kind: 'resumers', count, ...(isHeld ? { barrier } : {}) }],
        ],
      }
    },
  }
}

/** The owner is in the middle of its work, and another worker is started that may take over from a dead one only. */
export const rivalBeside: FaultClass = {
  name: 'rival',
  needs: ['guarded', 'identity'],
  draw: (control, random) => {
    const first = firstOwnedOp(control)
    if (first > control.ops.length) return undefined
    const n = first + random.below(control.ops.length - first + 1)
    return { schedule: [[{ kind: 'rival', at: position(n, side(control, random)) }]] }
  },
}

/** The owner dies, and before its successor comes another process has its pid. */
export const recycledPid: FaultClass = {
  name: 'pid-recycled',
  needs: ['takeover', 'identity'],
  draw: (control, random) => {
    const op = random.pick(control.ops)
    return {
      schedule: [[killFault(op.n, drawPhase(control, op, random))], [{ kind: 'pid-recycled' }]],
    }
  },
}

/** SIGTERM at an op. */
export const terminate: FaultClass = {
  name: 'sigterm',
  needs: ['graceful'],
  draw: (control, random) => {
    const op = random.pick(control.ops)
    const at = position(op.n, control.afterOnly === true ? 'after' : 'before')
    return { schedule: [[{ kind: 'sigterm', at }]] }
  },
}

/** Ops from an act on among which it is taken over: the life notices it, commits what follows from it, and clears it away. */
const takenOverOps = 9

/**
 * An act from outside at an op; then one at another op with a kill in the same life, after each of the ops that take the act over; and
 * so on.
 */
export function actFromOutside(verb: 'signal' | 'cancel', nth = 1): FaultClass {
  const actAt = (n: number): Fault => ({ kind: 'outside', at: position(n), verb, nth })
  const draw = (control: Control, random: Random): CasePlan | undefined => {
    const n = drawActOp(verb, control, random, 0)
    return n === undefined ? undefined : { schedule: [[actAt(n)]] }
  }
  return {
    name: verb,
    needs: [verb],
    draw,
    *series(control, random) {
      for (;;) {
        const alone = draw(control, random)
        const n = drawActOp(verb, control, random, takenOverOps)
        if (alone === undefined || n === undefined) return
        yield alone
        const later = Array.from({ length: takenOverOps }, (_, place) => n + place)
        for (const op of shuffled(later, random))
          yield { schedule: [[actAt(n), killFault(op, 'after')]] }
      }
    },
  }
}

/** An op at which the run can be reached, with so many more behind it where there are any. */
function drawActOp(
  verb: 'signal' | 'cancel',
  control: Control,
  random: Random,
  behind: number,
): number | undefined {
  const first = firstOwnedOp(control)
  const last = verb === 'signal' ? lastOpBeforeWait(control) : control.ops.length
  const upTo = Math.max(first, Math.min(last, control.ops.length - behind))
  return last < first ? undefined : first + random.below(upTo - first + 1)
}

/** The clock goes on between two lives, and the first is killed anywhere. */
export const clockJump: FaultClass = {
  name: 'clock',
  needs: ['clock'],
  draw: (control, random) => {
    const op = random.pick(control.ops)
    const ms = random.pick([1, 1_000, 60_000, 3_600_000, 2 ** 31])
    return {
      schedule: [[killFault(op.n, drawPhase(control, op, random))], [{ kind: 'clock', ms }]],
    }
  },
}

/** Before op `n`, after it, or with its first bytes done. */
export function kill(n: number, phase: Phase): CasePlan {
  return { schedule: [[{ kind: 'kill', at: { stream: '1', op: n, phase }, lost: [] }]] }
}

function killFault(n: number, phase: Phase | 'before' | 'after'): Fault {
  return { kind: 'kill', at: position(n, phase), lost: [] }
}

/** Phases in which an op's death leaves different states; a torn write at its start, middle and end. */
function phasesOf({ afterOnly, killsOnly }: Control, { op }: ControlOp): readonly Phase[] {
  if (afterOnly === true) return [{ kind: 'after' }]
  if (killsOnly === true) return [{ kind: 'before' }]
  const around: readonly Phase[] = [{ kind: 'before' }, { kind: 'after' }]
  if (op.kind !== 'write' || op.length < 2) return around
  const tears = new Set([1, Math.floor(op.length / 2), op.length - 1])
  return [...around, ...[...tears].map((bytes): Phase => ({ kind: 'inside', bytes }))]
}

function drawPhase(control: Control, op: ControlOp, random: Random): Phase {
  const isTearable = !isCoarse(control) && op.op.kind === 'write' && op.op.length >= 2
  if (isTearable && random.chance(0.5))
    return { kind: 'inside', bytes: 1 + random.below(op.op.length - 1) }
  return { kind: side(control, random) }
}

/** Whether a process can neither be held before an op nor die inside one. */
function isCoarse({ afterOnly, killsOnly }: Control): boolean {
  return afterOnly === true || killsOnly === true
}

/** Before or after an op, where both can be. */
export function side({ afterOnly, killsOnly }: Control, random: Random): 'before' | 'after' {
  if (killsOnly === true) return 'before'
  return afterOnly === true ? 'after' : random.pick(['before', 'after'] as const)
}

/** The first op after the run is owned: before it, nobody can reach the run. */
export function firstOwnedOp(control: Control): number {
  const first = control.ops.find(({ mark }) => mark === 'ack')
  return first === undefined ? 1 : first.n + 1
}

/** The last op that a run reaches before it waits for its first signal: behind it, only the signal brings it on. */
function lastOpBeforeWait(control: Control): number {
  const consumed = control.ops.find(({ mark }) => mark === 'consumed')
  const before = control.ops.filter(({ n, mark }) => mark === 'appending' && n < (consumed?.n ?? 0))
  return (before.at(-1)?.n ?? 1) - 1
}
