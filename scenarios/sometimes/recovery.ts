/** Recovery that is killed, and recovery that finds the same again. */
import { kill } from '../../harness/fault-classes.ts'
import type { LifeFaults } from '../../harness/fault.ts'
import { isSync } from '../../harness/op.ts'
import type { CasePlan, Control, Sometimes } from '../../harness/scenario.ts'
import { killedLives, isLater } from './moments.ts'

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
  needs: ['journal'],
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
    if (control.isNative === true) return staircase(control, resolved.n)
    const [second] = kill(resolved.n, { kind: 'after' }).schedule
    return { schedule: [first ?? [], second ?? []] }
  },
}

/**
 * A first commit, and lives that are each killed a little later, up to where the first life was well under way: a recovery opens its store in fewer ops
 * than the life that made it, and nobody knows in how many. Two in a row die between there and their first commit.
 */
function staircase(control: Control, resolved: number): CasePlan | undefined {
  const commit = control.ops.find(({ n, mark }) => n > resolved && mark === 'observed')
  if (commit === undefined) return undefined
  const opsOfStep = commit.n - resolved
  const rise = Math.max(1, Math.floor(opsOfStep / 3))
  const schedule: LifeFaults[] = [...kill(commit.n, { kind: 'after' }).schedule]
  for (let n = rise; n < resolved + opsOfStep; n += rise)
    schedule.push(...kill(n, { kind: 'after' }).schedule)
  return { schedule }
}
