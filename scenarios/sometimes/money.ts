/** Money that was spent when the process died, and budgets that end. */
import { kill } from '../../harness/fault-classes.ts'
import { endOf } from '../../harness/history.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import { killedLives, lastOf, killAtMark } from './moments.ts'

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
