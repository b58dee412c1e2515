/** Recovery that is killed, and recovery that finds the same again. */
import { kill } from '../../harness/fault-classes.ts'
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
    if (control.isNative === true) return stairs(control, resolved.n)
    const [second] = kill(resolved.n, { kind: 'after' }).schedule
    return { schedule: [first ?? [], second ?? []] }
  },
}

/** Cases, so that others are run too. */
const stairsMax = 5

/**
 * A first commit, and two lives that die at the same op, in each case at a later one: a recovery opens its store in other ops than the life
 * that made it, mostly in fewer, and nobody knows in how many. In one of the cases both die between there and their next commit.
 */
function stairs(control: Control, resolved: number): readonly CasePlan[] {
  const commit = control.ops.find(({ n, mark }) => n > resolved && mark === 'observed')
  if (commit === undefined) return []
  const [first = []] = kill(commit.n, { kind: 'after' }).schedule
  const rise = Math.max(1, commit.n - resolved - 1, Math.ceil((resolved + 1) / stairsMax))
  const plans: CasePlan[] = []
  for (let n = resolved + 1; n > 0; n -= rise) {
    const [again = []] = kill(n, { kind: 'after' }).schedule
    plans.push({ schedule: [first, again, again] })
  }
  return plans
}
