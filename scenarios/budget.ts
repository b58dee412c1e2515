/** Metered steps under a budget: no number of crashes mints money, and none is charged twice when nothing is in doubt. */
import fc from 'fast-check'
import { killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { budgetRanOut, killedWhileMetered } from './sometimes.ts'
import { finish } from './workloads.ts'

const metered = fc
  .record({
    costs: fc.array(fc.integer({ min: 5, max: 40 }), { minLength: 3, maxLength: 6 }),
    // Enough without a crash, and less than one call in doubt more than that: a single crash can use it up.
    spare: fc.nat(4),
    effect: fc.constantFrom('keyed' as const, 'once' as const),
  })
  .map(({ costs, spare, effect }) => {
    const of: readonly Task[] = [
      { kind: 'step', id: '', effect: 'keyed', cost: costs[0] ?? 5 },
      ...costs.slice(1).map((cost) => ({ kind: 'step', id: '', effect, cost }) as const),
    ]
    const sum = costs.reduce((total, cost) => total + cost, 0)
    return finish({ kind: 'sequence', of }, { budget: sum + spare })
  })

export const budget: Scenario = {
  name: 'budget',
  title: 'a budget is spent once over all lives',
  needs: ['process', 'budget'],
  workload: metered,
  faults: [killAtOp, killInRecovery, killAtRandom],
  sometimes: [killedWhileMetered, budgetRanOut],
  livesMax: 3,
}
