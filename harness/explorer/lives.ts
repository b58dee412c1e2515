/**
 * The lives of an explored case: what each is told, and the ledger that they and their faults make together. Shared by lives in
 * memory and lives in processes, so that both are the same case.
 *
 *  L1  Clock, seed, takeover and number of a life are those that the live engine gives it.
 *  L2  A power loss is a reboot: the lives behind it have another boot id. Behind a kill the machine is the same.
 *  L3  Lives follow until one ends with `done` and exit code 0, or `livesMax` without a fault were given.
 *  L4  What another process does to the run is a life too, in the gap behind a life of the run. An act that a fault cut off is done
 *      again at once, as senders do; one that ended by itself and was not acknowledged, in the next gap.
 *  L5  A life that shows nothing any more is put down. It hangs, and the case is over; but where others have still to act, it waits
 *      for them.
 */
import { stringifyFault } from '../fault-text.ts'
import { position, type Fault, type LifeFaults, type Schedule } from '../fault.ts'
import { betweenLivesMs, clockMsDefault } from '../live/case-context.ts'
import { lifeEnvironment } from '../live/environment.ts'
import type { Mark } from '../mark.ts'
import { deriveSeed } from '../seed.ts'
import type { OutsideAct } from '../workload.ts'
import type { CaseOrder } from './job.ts'

/** A fault that ends a life and leaves a crash state. */
export type CrashFault = Extract<Fault, { kind: 'kill' | 'power-loss' }>

/** Where a life stands: its number, its clock, and the power losses before it. */
export interface Standing {
  readonly life: number
  readonly clockMs: number
  readonly reboots: number
  /** What other processes have still to do to the run, in order. */
  readonly outside: readonly OutsideAct[]
  /** What this life does to the run from outside; absent: it is a life of the run. */
  readonly act?: OutsideAct
}

/** The harness's word that a life hangs. */
export type Hang = Extract<Mark, { mark: 'wedged' }>

/** How a life ended, and what it wrote. */
export interface LivedLife extends Standing {
  readonly marks: readonly Mark[]
  readonly code: number | null
  readonly signal: string | null
  /** Set where it was put down: milliseconds in which it had shown nothing. */
  readonly quietMs?: number
}

/** Everything before a life: what the ledger says, and the faults of the lives before it. */
export interface Stem {
  readonly standing: Standing
  readonly lines: readonly Mark[]
  readonly schedule: Schedule
}

/** A kill behind an op of the main stream. */
export function killBehind(op: number): Extract<Fault, { kind: 'kill' }> {
  return { kind: 'kill', at: position(op, 'after'), lost: [] }
}

/** The first life of a case. */
export function firstStemOf({ workload: { outside = [] } }: Pick<CaseOrder, 'workload'>): Stem {
  return {
    standing: { life: 1, clockMs: clockMsDefault, reboots: 0, outside },
    lines: [],
    schedule: [],
  }
}

/** Whether it is a life of the run, or what it does to the run from outside. */
export function verbOf({ act }: Standing): 'run' | OutsideAct['kind'] {
  return act?.kind ?? 'run'
}

/** What tells the standings of one case apart. */
export function standingKey({ life, clockMs, reboots, outside, act }: Standing): string {
  return `${life} ${clockMs} ${reboots} ${outside.length} ${act?.kind}`
}

/** Files and directories of a life. */
export interface Places {
  readonly directory: string
  readonly workload: string
  readonly ledger: string
  /** Absent: it is not recorded. */
  readonly traceDirectory?: string
  /** Native hooks, and the life's directory for them. */
  readonly native?: { readonly library: string; readonly directory: string }
}

/** The environment of a life. `faults`: for the hooks, as they take them. */
export function environmentOf(
  order: CaseOrder,
  standing: Standing,
  places: Places,
  faults = '',
): Record<string, string> {
  const { life, clockMs, reboots, act } = standing
  const { traceDirectory, ...where } = places
  const boot = deriveSeed(order.seed, 'system', ...(reboots === 0 ? [] : ['boot', reboots]))
  return lifeEnvironment(
    order.environment,
    {
      ...where,
      verb: verbOf(standing),
      ...(act?.kind === 'signal'
        ? { signal: JSON.stringify({ name: act.name, payload: act.payload }) }
        : {}),
      runId: order.runId,
      seed: deriveSeed(order.seed, 'system', life),
      clockMs,
      takeover: 'if-dead',
      life,
      identity: JSON.stringify({ host: 'killpoint', boot, bootId: boot, alive: [] }),
      lane: traceDirectory === undefined ? 'plain' : 'recording',
      order: 'serial',
      faults,
      ...(traceDirectory === undefined ? {} : { traceDirectory }),
      stream: '1',
    },
    `explorer/${life}`,
  )
}

/** The life behind one that wrote `marks` and ended, or was ended by `fault`. */
export function standingAfter(
  standing: Standing,
  marks: readonly Mark[],
  fault?: CrashFault,
): Standing {
  const { life, clockMs, reboots } = standing
  let latest = clockMs
  for (const mark of marks) if (mark.mark === 'timer') latest = Math.max(latest, mark.at)
  return {
    life: life + 1,
    clockMs: latest + betweenLivesMs,
    reboots: reboots + (fault?.kind === 'power-loss' ? 1 : 0),
    ...outsideAfter(standing, marks, fault),
  }
}

/** L4. */
function outsideAfter(
  { outside, act }: Standing,
  marks: readonly Mark[],
  fault: CrashFault | undefined,
): Pick<Standing, 'outside' | 'act'> {
  const isAcked = marks.some(({ mark }) => mark === 'signal-acked' || mark === 'cancel-acked')
  const left = act !== undefined && isAcked ? outside.slice(1) : outside
  const waits = act !== undefined && !isAcked && fault === undefined
  const [next] = left
  return { outside: left, ...(next === undefined || waits ? {} : { act: next }) }
}

/** What lies behind a life that was crashed by `fault` when it had written `marks`; `inside` are its faults before that. */
export function stemAfterCrash(
  stem: Stem,
  marks: readonly Mark[],
  fault: CrashFault,
  inside: LifeFaults = [],
): Stem {
  const { standing, lines, schedule } = stem
  const { life } = standing
  const { stream, op } = fault.at
  return {
    standing: standingAfter(standing, marks, fault),
    lines: [
      ...lines,
      startLine(standing),
      ...marks,
      { mark: 'fault', life, fault: stringifyFault(fault), stream, op },
      { mark: 'exit', life, code: null, signal: 'SIGKILL', realMs: 0 },
    ],
    schedule: [...schedule, [...inside, fault]],
  }
}

/** What lies behind a life that ended by itself; `inside` are the faults that it was given. */
export function stemAfterEnd(stem: Stem, lived: LivedLife, inside: LifeFaults): Stem {
  return {
    standing: standingAfter(lived, lived.marks),
    lines: [...stem.lines, ...linesOf(lived)],
    schedule: [...stem.schedule, inside],
  }
}

/** Whether the run is over with this life (L3). */
export function isLast({ marks, code }: LivedLife): boolean {
  return code === 0 && marks.some(({ mark }) => mark === 'done')
}

/** The hang of a life that was put down (L5); `undefined` for any other. */
export function hangOf({ life, quietMs, outside }: LivedLife): Hang | undefined {
  if (quietMs === undefined || outside.length > 0) return undefined
  return { mark: 'wedged', life, quietMs, confirmed: true }
}

/** A life's line, its marks, and its exit. */
export function linesOf(lived: LivedLife): readonly Mark[] {
  const { life, marks, code, signal } = lived
  const hang = hangOf(lived)
  const end: Mark = { mark: 'exit', life, code, signal, realMs: 0 }
  return [startLine(lived), ...marks, ...(hang === undefined ? [] : [hang]), end]
}

/** The line with which the harness starts a life. */
export function startLine(standing: Standing): Mark {
  const { life, clockMs } = standing
  const verb = verbOf(standing)
  return { mark: 'life', life, pid: life, verb, takeover: 'if-dead', clockMs, realMs: 0 }
}
