/**
 * Things that must happen in some case of a campaign, or it has shown nothing: each is read off the history, and has a case
 * that makes it happen where a control run tells how.
 */
import { kill } from '../harness/fault-classes.ts'
import type { History, LifeHistory } from '../harness/history.ts'
import { endOf, runLives } from '../harness/history.ts'
import type { CasePlan, Control, ControlOp, Sometimes } from '../harness/scenario.ts'
import { position } from '../harness/fault.ts'
import { isSync } from '../harness/op.ts'
import type { EffectKind, Task } from '../harness/workload.ts'

/** Killed after an effect and before its result was acknowledged: the moment that the whole field is about. */
export const effectWithoutCommit: Sometimes = {
  name: 'killed between an effect and its commit',
  happened: (history) =>
    killedLives(history).some((life) => {
      const effect = lastOf(history, 'effect', life)
      const ack = lastOf(history, 'ack', life)
      return effect !== undefined && effect > (ack ?? -1)
    }),
  directed: (control) => killAtMark(control, 'effect', 'after'),
}

/** Killed when an append was durable and nobody had been told: the next life recovers what was never acknowledged. */
export const commitWithoutAck: Sometimes = {
  name: 'killed between a commit and its ack',
  happened: (history) =>
    killedLives(history).some(({ life }) => {
      const untold = history.appends.findLast((append) => append.life === life)
      if (untold === undefined || untold.ackIndex !== undefined) return false
      const next = history.opens.find((open) => open.index > untold.index)
      return untold.hashes.every((hash) => next?.hashes?.includes(hash) === true)
    }),
  directed: (control) => {
    const effect = control.ops.find(({ mark }) => mark === 'effect')
    const ack = control.ops.find(({ n, mark }) => mark === 'ack' && n > (effect?.n ?? Infinity))
    const sync = control.ops.findLast(({ n, op }) => n < (ack?.n ?? 0) && isSync(op))
    return sync === undefined ? undefined : kill(sync.n, { kind: 'after' })
  },
}

/** Killed with something committed and something left to do, and the rest was done by a later life. */
export const resumedAfterCommit: Sometimes = {
  name: 'resumed after a commit',
  happened: (history) =>
    killedLives(history).some(
      (life) => lastOf(history, 'observed', life) !== undefined && wentOn(history, life),
    ),
  directed: (control) => killAtMark(control, 'observed', 'after'),
}

/** A kill inside a write: the append is torn, and the next life finds it so. */
export const tornAppend: Sometimes = {
  name: 'killed inside a write',
  needsOps: true,
  happened: (history) => history.of('fault').some(({ fault }) => insideWrite.test(fault)),
  directed: (control) => {
    // What is written after the last ack ends a run that is over.
    const ack = control.ops.findLast(({ mark }) => mark === 'ack')
    const write = control.ops.findLast(
      ({ n, op }) => op.kind === 'write' && op.length > 40 && n < (ack?.n ?? Infinity),
    )
    if (write?.op.kind !== 'write') return undefined
    return kill(write.n, { kind: 'inside', bytes: Math.floor(write.op.length / 2) })
  },
}

const insideWrite = /^K(?:[\d.]+@)?\d+\/(\d+)/

/** A kill inside the write of several records that were handed over together: all of them are there, or none is. */
export const tornBatch: Sometimes = {
  name: 'killed inside a write of several records',
  needsOps: true,
  happened: (history) =>
    history.appends.some(({ life, hashes, ackIndex }) => {
      const torn = history.lives.get(life)?.faults.some(({ fault }) => insideWrite.test(fault))
      return torn === true && hashes.length > 1 && ackIndex === undefined
    }),
  directed: (control) => {
    const several = control.ops.find(({ mark, records = 0 }) => mark === 'appending' && records > 1)
    const write = control.ops.find(
      ({ n, op }) => op.kind === 'write' && op.length > 40 && n > (several?.n ?? Infinity),
    )
    if (write?.op.kind !== 'write') return undefined
    return kill(write.n, { kind: 'inside', bytes: Math.floor(write.op.length * 0.8) })
  },
}

/** Killed inside a large write, and once more after what it wrote was found and used by the life after it. */
export const tornBlob: Sometimes = {
  name: 'killed inside a large write, and again after it was done anew',
  needsOps: true,
  happened: (history) => {
    const torn = killedLives(history).find(({ faults }) =>
      faults.some(({ fault }) => insideWrite.test(fault)),
    )
    return killedLives(history).some((life) => torn !== undefined && life.life > torn.life)
  },
  directed: (control) => {
    const write = control.ops.find(({ op }) => op.kind === 'write' && op.length > largeBytes)
    if (write?.op.kind !== 'write') return undefined
    const bytes = Math.floor(write.op.length / 2)
    const [first] = kill(write.n, { kind: 'inside', bytes }).schedule
    // The next life comes there sooner: it has less to do before.
    const [second] = kill(write.n + 4, { kind: 'after' }).schedule
    return { schedule: [first ?? [], second ?? []] }
  },
}

/** Killed inside the large write of one of two children that publish the same bytes at once. */
export const tornTwin: Sometimes = {
  name: 'killed inside the second of two equal publications',
  needsOps: true,
  happened: (history) =>
    killedLives(history).some(({ life, faults }) => {
      const torn = faults.some(({ fault }) => Number(insideWrite.exec(fault)?.[1]) > smallBytes)
      const spawned = history.of('spawn').filter((mark) => mark.life === life)
      const settled = history.of('settle').filter((mark) => mark.life === life)
      return torn && spawned.length > 1 && settled.length < spawned.length
    }),
  directed: (control) => {
    const [first, second] = control.ops.filter(
      ({ op }) => op.kind === 'write' && op.length > largeBytes,
    )
    const twin = [second, first].find((each) => each !== undefined)
    if (twin?.op.kind !== 'write') return undefined
    return kill(twin.n, { kind: 'inside', bytes: Math.floor(twin.op.length / 2) })
  },
}

/** More than any record takes that is no blob. */
const smallBytes = 10_000

/** More than the reference runtime writes into a segment at once. */
const largeBytes = 65_536

/** A life was killed before its open resolved. */
export const crashInRecovery: Sometimes = {
  name: 'killed inside recovery',
  happened: (history) =>
    killedLives(history).some(
      (life) => isLater(history, life) && !history.opens.some((open) => open.life === life.life),
    ),
  directed: (control) => {
    const seal = control.ops.find(({ op }) => isSync(op))
    const begin = control.ops.find(({ mark }) => mark === 'begin')
    const middle = control.ops[Math.floor(control.ops.length / 2)]
    // What is written by native code, or by a server, shows no seal.
    const early = control.afterOnly === true ? begin : (seal ?? begin)
    if (early === undefined || middle === undefined) return undefined
    const [first] = kill(middle.n, { kind: 'after' }).schedule
    const [second] = kill(early.n, { kind: early === begin ? 'after' : 'before' }).schedule
    return { schedule: [first ?? [], second ?? []] }
  },
}

/** Two lives in a row recovered the same records, because the first was killed before it added any. */
export const recoveredTwice: Sometimes = {
  name: 'recovered the same records twice',
  happened: ({ opens }) =>
    opens.some((open, index) => {
      const next = opens[index + 1]
      const known = open.hashes
      return known !== undefined && known.length > 0 && String(next?.hashes) === String(known)
    }),
  directed: (control) => {
    const middle = control.ops[Math.floor(control.ops.length / 2)]
    const resolved = control.ops.find(({ mark }) => mark === 'resolved')
    if (middle === undefined || resolved === undefined) return undefined
    const [first] = kill(middle.n, { kind: 'after' }).schedule
    const [second] = kill(resolved.n, { kind: 'after' }).schedule
    return { schedule: [first ?? [], second ?? []] }
  },
}

/** Asked to stop by SIGTERM with work left, and a later life did that. */
export const stoppedInOrder: Sometimes = {
  name: 'stopped by SIGTERM with work left',
  needs: ['graceful'],
  happened: (history) =>
    runLives(history).some(
      (life) =>
        life.faults.some(({ fault }) => fault.startsWith('T')) &&
        life.exit?.signal === null &&
        wentOn(history, life),
    ),
  directed: (control) => {
    const first = control.ops.find(({ mark }) => mark === 'observed')
    return first === undefined
      ? undefined
      : {
          schedule: [
            [{ kind: 'sigterm', at: position(first.n, control.afterOnly ? 'after' : 'before') }],
          ],
        }
  },
}

/** A batch of tool calls of which some had ended and some had not. */
export const halfAnswered: Sometimes = {
  name: 'killed with a tool batch half answered',
  happened: (history) =>
    killedLives(history).some((life) => {
      const effects = history.of('effect').filter((mark) => mark.life === life.life)
      const observed = history.of('observed').filter((mark) => mark.life === life.life)
      return effects.length > observed.length && effects.length > 0
    }),
  directed: (control) => killAtMark(control, 'effect', 'after'),
}

/** A step was reported as of unknown outcome. */
export const outcomeUnknown: Sometimes = {
  name: 'reported an outcome as unknown',
  needs: ['once'],
  happened: (history) => history.of('observed').some(({ state }) => state === 'unknown'),
  directed: (control) => {
    const once = stepsOf(control.workload.root, 'once')
    const effect = control.ops.find(({ mark, about = '' }) => mark === 'effect' && once.has(about))
    return effect === undefined ? undefined : kill(effect.n, { kind: 'after' })
  },
}

/** A child that had settled gave its recorded output to a parent that ran again. */
export const childKept: Sometimes = {
  name: 'a settled child was kept over a restart',
  happened: (history) =>
    runLives(history).some((life) => {
      const settled = history.of('settle').filter((mark) => mark.life === life.life)
      const spawned = history.of('spawn').filter((mark) => mark.life === life.life)
      return settled.some(({ child }) => spawned.every((mark) => mark.child !== child))
    }),
  directed: (control) => killAtMark(control, 'settle', 'after'),
}

/** Killed while a child of a child ran. */
export const killedInNestedChild: Sometimes = {
  name: 'killed inside a nested child',
  happened: (history) =>
    killedLives(history).some((life) => {
      const open = new Map<string, string>()
      for (const { child, parent, life: by } of history.of('spawn'))
        if (by === life.life) open.set(child, parent)
      for (const { child, life: by } of history.of('settle'))
        if (by === life.life) open.delete(child)
      return [...open.values()].some((parent) => open.has(parent))
    }),
  directed: (control) => {
    const spawns = control.ops.filter(({ mark }) => mark === 'spawn')
    const nested = spawns[1]
    return nested === undefined ? undefined : kill(nested.n, { kind: 'after' })
  },
}

/** Killed when children had ended in another order than they had begun, and something rested on that order already. */
export const endedOutOfOrder: Sometimes = {
  name: 'killed after children had ended out of order',
  happened: (history) =>
    killedLives(history).some(({ life }) => {
      const began = history.of('spawn').filter((mark) => mark.life === life)
      const ended = history.of('settle').filter((mark) => mark.life === life)
      const late = ended.find((settled, place) =>
        ended.slice(0, place).some((other) => placeOf(began, other) > placeOf(began, settled)),
      )
      return history
        .of('ack')
        .some((ack) => ack.life === life && ack.index > (late?.index ?? ack.index))
    }),
  directed: (control) => {
    const began = control.ops.filter(({ mark }) => mark === 'spawn').map(({ about }) => about)
    const ended = control.ops.filter(({ mark }) => mark === 'settle')
    const late = ended.find(({ about }, place) =>
      ended.slice(0, place).some((other) => began.indexOf(other.about) > began.indexOf(about)),
    )
    const ack = control.ops.find(({ n, mark }) => mark === 'ack' && n > (late?.n ?? Infinity))
    return ack === undefined ? undefined : kill(ack.n, { kind: 'after' })
  },
}

function placeOf(
  marks: readonly { readonly child: string }[],
  { child }: { readonly child: string },
): number {
  return marks.findIndex((mark) => mark.child === child)
}

/** A cancel was acknowledged and the run ended cancelled. */
export const cancelWon: Sometimes = {
  name: 'a cancel won',
  happened: (history) => history.of('done').some(({ status }) => status === 'cancelled'),
  directed: (control) => actAt(Math.floor(control.ops.length / 2), false),
}

/** The run had ended when the cancel came, and the reply said so. */
export const cancelLost: Sometimes = {
  name: 'a cancel came too late',
  happened: (history) => history.of('cancel-acked').some(({ won }) => !won),
  directed: (control) => actAt(control.ops.length - 1, false),
}

/** Acknowledged, then killed before the terminal record; a later life ended it as cancelled. */
export const cancelSurvivedKill: Sometimes = {
  name: 'an acknowledged cancel survived a kill',
  happened: (history) =>
    history
      .of('cancel-acked')
      .some((acked) =>
        killedLives(history).some(
          (life) =>
            life.startedIndex < acked.index &&
            endOf(life) > acked.index &&
            history
              .of('done')
              .some((done) => done.status === 'cancelled' && done.index > endOf(life)),
        ),
      ),
  directed: (control) => actAt(Math.floor(control.ops.length / 2), true),
}

/** Killed between the start of a metered attempt and its commit. */
export const killedWhileMetered: Sometimes = {
  name: 'killed while a metered call was in doubt',
  happened: (history) =>
    killedLives(history).some((life) => {
      const spent = lastOf(history, 'spend', life)
      return spent !== undefined && spent > (lastOf(history, 'ack', life) ?? -1)
    }),
  directed: (control) => killAtMark(control, 'spend', 'after'),
}

/** The budget was used up. */
export const budgetRanOut: Sometimes = {
  name: 'the budget ran out',
  happened: (history) => history.of('done').some(({ code }) => code === 'BUDGET'),
}

/** The run was ended because its deadline had passed while nobody ran it. */
export const deadlinePassed: Sometimes = {
  name: 'a deadline passed between two lives',
  happened: (history) => history.of('done').some(({ code }) => code === 'DEADLINE'),
  directed: (control) => {
    const first = control.ops.find(({ mark }) => mark === 'observed')
    if (first === undefined) return undefined
    const [death] = kill(first.n, { kind: 'after' }).schedule
    return { schedule: [death ?? [], [{ kind: 'clock', ms: 3_600_000 }]] }
  },
}

/** Killed when most steps of a run had been paid for, and resumed. */
export const killedLate: Sometimes = {
  name: 'killed after most steps were paid for',
  happened: (history) =>
    killedLives(history).some((life) => {
      const spends = history.of('spend')
      const before = spends.filter(({ index }) => index < endOf(life)).length
      return before >= (2 * spends.length) / 3 && before >= 3
    }),
  directed: (control) => {
    const paid = control.ops.findLast(({ mark }) => mark === 'spend')
    return paid === undefined ? undefined : kill(paid.n, { kind: 'before' })
  },
}

/** Killed while a child ran that has a pool of its own. */
export const killedInPool: Sometimes = {
  name: 'killed while a child spent its own budget',
  happened: (history) =>
    killedLives(history).some((life) => {
      const spawned = history.of('spawn').findLast((mark) => mark.life === life.life)
      const settled = history.of('settle').findLast((mark) => mark.life === life.life)
      return spawned !== undefined && (settled?.index ?? -1) < spawned.index
    }),
  directed: (control) => {
    const spawned = control.ops.find(({ mark }) => mark === 'spawn')
    const effect = control.ops.find(
      ({ n, mark }) => mark === 'effect' && n > (spawned?.n ?? control.ops.length),
    )
    return effect === undefined ? undefined : kill(effect.n, { kind: 'after' })
  },
}

/** A timer fired in a life that began after it was due. */
export const overdueTimer: Sometimes = {
  name: 'an overdue timer fired on resume',
  needs: ['clock'],
  happened: (history) =>
    history
      .of('timer')
      .some(
        ({ life, phase, due }) =>
          phase === 'fired' && (history.lives.get(life)?.clockMs ?? 0) > due,
      ),
  directed: (control) => {
    const armed = armedMark(control) ?? armingSync(control)
    if (armed === undefined) return undefined
    const [first] = kill(armed.n, { kind: 'after' }).schedule
    return { schedule: [first ?? [], [{ kind: 'clock', ms: 2 ** 32 }]] }
  },
}

/** Where a system says that a timer is armed: it names the same one once more when that has fired. */
function armedMark(control: Control): ControlOp | undefined {
  const timers = control.ops.filter(({ mark }) => mark === 'timer')
  return timers.find(({ n, about }) => timers.some((other) => other.about === about && other.n > n))
}

/** The first sync after the first step is that of the timer's due time. */
function armingSync(control: Control): ControlOp | undefined {
  const effect = control.ops.find(({ mark }) => mark === 'observed')
  return control.ops.find(({ n, op }) => n > (effect?.n ?? control.ops.length) && isSync(op))
}

/** A signal was acknowledged, the owner was killed before it consumed it, and a later life did. */
export const signalSurvivedKill: Sometimes = {
  name: 'an acknowledged signal survived a kill',
  happened: (history) =>
    history
      .of('signal-acked')
      .some((acked) =>
        killedLives(history).some(
          (life) =>
            life.startedIndex < acked.index &&
            endOf(life) > acked.index &&
            history
              .of('consumed')
              .some((used) => used.message === acked.message && used.index > endOf(life)),
        ),
      ),
  directed: (control) => {
    const used = control.ops.find(({ mark }) => mark === 'consumed')
    const handed = control.ops.findLast(({ n, mark }) => mark === 'appending' && n < (used?.n ?? 0))
    return handed === undefined ? undefined : kill(handed.n, { kind: 'after' })
  },
}

/** The record that consumes a signal was durable, its owner was killed, and the next life handed it on without a word. */
export const consumedUnseen: Sometimes = {
  name: 'killed right after a signal was consumed',
  happened: (history) =>
    history
      .of('consumed')
      .some(
        (used, place, all) =>
          all.findIndex(({ step }) => step === used.step) === place &&
          killedLives(history).some((life) => endOf(life) < used.index) &&
          !history.appends.some(({ life, index }) => life === used.life && index < used.index),
      ),
  directed: (control) => {
    const used = control.ops.find(({ mark }) => mark === 'consumed')
    const ack = control.ops.findLast(({ n, mark }) => mark === 'ack' && n < (used?.n ?? 0))
    return ack === undefined ? undefined : kill(ack.n, { kind: 'after' })
  },
}

/** Killed when the run had begun and nothing else had happened, and started again at a later clock. */
export const begunEarlier: Sometimes = {
  name: 'killed right after the run began, restarted later',
  happened: (history) =>
    killedLives(history).some(
      ({ life }) =>
        history.of('ack').filter((mark) => mark.life === life).length === 1 &&
        history.of('effect').every((mark) => mark.life !== life) &&
        history.of('fault').some(({ fault }) => fault.startsWith('C+')),
    ),
  directed: (control) => {
    const begun = control.ops.find(({ mark }) => mark === 'ack')
    if (begun === undefined) return undefined
    const [first] = kill(begun.n, { kind: 'after' }).schedule
    return { schedule: [first ?? [], [{ kind: 'clock', ms: 4_000 }]] }
  },
}

/** A run that had ended was started again. */
export const startedAgain: Sometimes = {
  name: 'a finished run was started again',
  happened: (history) => {
    const done = history.of('done')
    return new Set(done.map(({ life }) => life)).size > 1
  },
}

/** A resume with another task was refused. */
export const refusedMismatch: Sometimes = {
  name: 'a resume with another task was refused',
  happened: (history) =>
    runLives(history).some(
      (life) =>
        life.exit !== undefined &&
        life.exit.signal === null &&
        life.exit.code !== 0 &&
        history.of('begin').some((mark) => mark.life === life.life),
    ),
}

/** One of several resumers was refused or fenced. */
export const resumerRefused: Sometimes = {
  name: 'a resumer was refused',
  happened: (history) =>
    history.of('refused').some(({ code }) => code === 'RUN_OWNED' || code === 'FENCED'),
}

/** An owner that was replaced was told so. */
export const zombieFenced: Sometimes = {
  name: 'a zombie was fenced',
  happened: (history) =>
    history
      .of('refused')
      .some(
        (mark) =>
          mark.at === 'append' &&
          mark.code === 'FENCED' &&
          history.of('continued').some(({ life }) => life === mark.life),
      ),
  directed: (control) => {
    const write = control.ops.findLast(({ op }) => op.kind === 'write' && op.length > 0)
    const appending = control.ops.findLast(({ mark }) => mark === 'appending')
    const at =
      write !== undefined
        ? position(write.n, 'before')
        : appending !== undefined && position(appending.n, 'after')
    return at === false ? undefined : { schedule: [[{ kind: 'zombie', at, until: 'done' }]] }
  },
}

/** The run was ended because its lives died without progress. */
export const endedByMaxLives: Sometimes = {
  name: 'a poisoned run was ended',
  happened: (history) => history.of('done').some(({ code }) => code === 'MAX_LIVES'),
}

/** A child killed its process a few times and the run still ended well. */
export const survivedPoison: Sometimes = {
  name: 'a run survived a child that killed its process',
  happened: (history) =>
    killedLives(history).length > 0 && history.of('done').some(({ status }) => status === 'done'),
}

/** Ids of the steps with this kind of effect. */
function stepsOf(task: Task, effect: EffectKind): ReadonlySet<string> {
  switch (task.kind) {
    case 'step':
    case 'command':
      return new Set(task.effect === effect ? [task.id] : [])
    case 'sequence':
    case 'parallel':
      return union(task.of.map((each) => stepsOf(each, effect)))
    case 'tools':
      return union(task.calls.map((each) => stepsOf(each, effect)))
    case 'loop':
      return union(task.iterations.map((each) => stepsOf(each, effect)))
    case 'child':
      return stepsOf(task.of, effect)
    default:
      return new Set()
  }
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((each) => [...each]))
}

function killedLives(history: History): readonly LifeHistory[] {
  return runLives(history).filter((life) => life.exit?.signal === 'SIGKILL')
}

function isLater(history: History, life: LifeHistory): boolean {
  return runLives(history).some((other) => other.startedIndex < life.startedIndex)
}

/** Place of the last mark of this name in a life. */
function lastOf(
  history: History,
  name: 'effect' | 'ack' | 'observed' | 'spend',
  { life }: LifeHistory,
): number | undefined {
  return history.of(name).findLast((mark) => mark.life === life)?.index
}

function wentOn(history: History, life: LifeHistory): boolean {
  return history.of('effect').some((mark) => mark.index > endOf(life))
}

function killAtMark(
  control: Control,
  mark: string,
  phase: 'before' | 'after',
): CasePlan | undefined {
  const op = control.ops.find((each) => each.mark === mark)
  return op === undefined ? undefined : kill(op.n, { kind: phase })
}

/** The first outside act at an op and, if asked for, a kill right behind it. */
function actAt(n: number, killed: boolean): CasePlan | undefined {
  if (n < 1) return undefined
  const at = position(n)
  const act = { kind: 'outside', at, verb: 'cancel', nth: 1 } as const
  const death = { kind: 'kill', at: position(n, 'after'), lost: [] } as const
  return { schedule: [killed ? [act, death] : [act]] }
}
