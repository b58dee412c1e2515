/** Kills around a commit: between an effect, its record and the ack. */
import { kill } from '../../harness/fault-classes.ts'
import { isSync } from '../../harness/op.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import type { EffectKind, Task } from '../../harness/workload.ts'
import { killedLives, lastOf, wentOn, killAtMark } from './moments.ts'

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

/** The same of an effect that the receiver deduplicates: the next life calls it again, and its key must be the same one. */
export const keyedWithoutCommit: Sometimes = {
  name: 'killed between a keyed effect and its commit',
  happened: (history) =>
    killedLives(history).some((life) => {
      const last = history.of('effect').findLast((mark) => mark.life === life.life)
      return last?.effect === 'keyed' && last.index > (lastOf(history, 'ack', life) ?? -1)
    }),
  directed: (control) => {
    const keyed = stepsOf(control.workload.root, 'keyed')
    const effect = control.ops.find(({ mark, about = '' }) => mark === 'effect' && keyed.has(about))
    return effect === undefined ? undefined : kill(effect.n, { kind: 'after' })
  },
}

/** Killed when an append was durable and nobody had been told: the next life recovers what was never acknowledged. */
export const commitWithoutAck: Sometimes = {
  name: 'killed between a commit and its ack',
  needs: ['journal'],
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
