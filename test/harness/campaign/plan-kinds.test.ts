import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlanKinds } from '../../../harness/campaign/plan-kinds.ts'
import { stringifySchedule } from '../../../harness/fault-text.ts'
import { kill } from '../../../harness/fault-classes.ts'
import { position } from '../../../harness/fault.ts'
import type { CasePlan, ControlOp } from '../../../harness/scenario.ts'

/** Ten acks, one effect, one link. */
const ops: readonly ControlOp[] = [
  ...Array.from({ length: 10 }, () => 'ack'),
  'effect',
  'consumed',
].map((mark, place) => ({ n: place + 1, op: { kind: 'mark', length: 9 }, mark }))

const after = (n: number): CasePlan => kill(n, { kind: 'after' })

function order(plans: readonly CasePlan[], ahead = Infinity): readonly string[] {
  const kinds = new PlanKinds({ ops })
  const taken: string[] = []
  for (const plan of kinds.rarestFirst(plans, ahead)) {
    kinds.take(plan)
    taken.push(stringifySchedule(plan.schedule))
  }
  return taken
}

describe('the order of plans', () => {
  it('one of each kind comes before a second of any', () => {
    const plans = [1, 2, 3, 11, 4, 12].map(after)
    expect(order(plans)).toEqual(['K1+', 'K11+', 'K12+', 'K2+', 'K3+', 'K4+'])
  })

  it('before an op and after it are two kinds', () => {
    const plans = [after(1), after(2), kill(3, { kind: 'before' })]
    expect(order(plans)).toEqual(['K1+', 'K3', 'K2+'])
  })

  it('what was taken from elsewhere counts', () => {
    const kinds = new PlanKinds({ ops })
    kinds.take(after(7))
    const [first] = kinds.rarestFirst([after(1), after(11)], Infinity)
    expect(first).toEqual(after(11))
  })

  it('no more than so many are looked at', () => {
    expect(order([1, 2, 3, 11].map(after), 2)).toEqual(['K1+', 'K2+', 'K11+', 'K3+'])
  })

  it('in a later life the number of an op is its kind, and a fault at no op its own text', () => {
    const kinds = new PlanKinds({ ops })
    const death = { kind: 'kill', at: position(3, 'before'), lost: [] } as const
    expect(kinds.kindsOf({ schedule: [[], [{ kind: 'clock', ms: 5 }, death]] })).toEqual([
      'C+5',
      'kill before op 3 of a later life',
    ])
  })

  it('nothing is lost and nothing comes twice, however far is looked ahead', () => {
    const number = fc.integer({ min: 1, max: ops.length })
    fc.assert(
      fc.property(fc.array(number), fc.integer({ min: 1, max: 20 }), (numbers, ahead) => {
        const texts = numbers.map((n) => `K${n}+`)
        expect(order(numbers.map(after), ahead).toSorted()).toEqual(texts.toSorted())
      }),
    )
  })
})
