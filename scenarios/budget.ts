/**
 * Metered steps under a budget: no number of crashes mints money, and none is charged twice.
 *
 * Two budgets, because they show opposite mistakes. A tight one is used up by a single call in doubt: whoever forgets to charge it
 * overspends. A roomy one covers everything that one crash can put in doubt: whoever charges twice runs out of it.
 */
import fc from 'fast-check'
import { killAtMark, killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { budgetRanOut, killedInPool, killedLate, killedWhileMetered } from './sometimes/money.ts'
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
  faults: [killAtOp, killAtMark, killInRecovery, killAtRandom],
  sometimes: [killedWhileMetered, budgetRanOut],
  livesMax: 3,
}

/** Eight equal steps, and room for three more: a crash leaves at most one in doubt. */
const flat = fc.integer({ min: 5, max: 20 }).map((cost) => {
  const step: Task = { kind: 'step', id: '', effect: 'keyed', cost }
  return finish(
    { kind: 'sequence', of: Array.from({ length: 8 }, () => step) },
    { budget: 11 * cost },
  )
})

/** A child whose pool is most of what there is, and more than is left beside it. */
const pooled = fc.integer({ min: 5, max: 20 }).map((cost) => {
  const step: Task = { kind: 'step', id: '', effect: 'keyed', cost }
  const child: Task = {
    kind: 'child',
    id: '',
    of: { kind: 'sequence', of: [step, step] },
    budget: 40 * cost,
  }
  return finish({ kind: 'sequence', of: [step, child, step] }, { budget: 50 * cost })
})

export const roomyBudget: Scenario = {
  name: 'roomy-budget',
  title: 'a budget with room to spare never runs out, wherever the run is killed once',
  needs: ['process', 'budget'],
  workload: flat,
  faults: [killAtOp, killAtRandom],
  sometimes: [killedLate],
  livesMax: 3,
}

export const childBudget: Scenario = {
  name: 'child-budget',
  title: 'the pool of a child is taken once, wherever the run is killed once',
  needs: ['process', 'budget', 'child'],
  workload: pooled,
  faults: [killAtOp, killAtRandom],
  sometimes: [killedInPool],
  livesMax: 3,
}
