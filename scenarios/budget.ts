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
    budget: fc.integer({ min: 60, max: 140 }),
    effect: fc.constantFrom('keyed' as const, 'once' as const),
  })
  .map(({ costs, budget, effect }) => {
    const of = costs.map((cost): Task => ({ kind: 'step', id: '', effect, cost }))
    return finish({ kind: 'sequence', of }, { budget })
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
