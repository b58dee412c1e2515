/** What keeps a step of the abstract runtime from beginning: a poisoned journal, a stop, a cancel, a deadline, a budget. */
import type { Task } from '../../../harness/workload.ts'
import { findEntry, LifeOver, RunOver } from './tenure.ts'
import type { Tenure } from './tenure.ts'

/** Looks before each step; what slips through between looking and doing is a race that nobody wins. */
export function mayBegin(t: Tenure): void {
  const { store, bug } = t.given
  if (t.poison !== undefined) throw new LifeOver('gave-up')
  if (t.isStopping && bug !== 'ignore-sigterm') throw new LifeOver('gave-up')
  const isDeaf = bug === 'ignore-cancel' || bug === 'late-cancel'
  if (store.isCancelled && !isDeaf) throw new RunOver('cancelled')
  if (t.failure !== undefined) throw t.failure
  const deadline = findEntry(t, 'begin')?.['deadline']
  if (typeof deadline === 'number' && bug !== 'deadline-slides' && t.clock >= deadline)
    throw new RunOver('failed', 'DEADLINE')
}

/** Refuses what no budget pays for. */
export function charge(t: Tenure, cost: number, child: string): void {
  const { workload, bug } = t.given
  if (cost === 0) return
  const recovered = bug === 'mint-budget' ? [] : t.image
  const reserved = (within: (other: string) => boolean): number =>
    [...recovered, ...t.own]
      .filter(({ type, child: other }) => type === 'intent' && within(other as string))
      .reduce((sum, entry) => sum + (entry['cost'] as number), 0)
  const limits = [
    { limit: workload.budget, spent: reserved(() => true) },
    ...budgetsAbove(workload.root, child).map(({ limit, below }) => ({
      limit,
      spent: reserved((other) => below.has(other)),
    })),
  ]
  for (const { limit, spent } of limits)
    if (limit !== undefined && spent + cost > limit) throw new RunOver('failed', 'BUDGET')
}

/** The budgets of the children above (and of) a child, with what lies below each. */
function budgetsAbove(
  root: Task,
  child: string,
): readonly { readonly limit: number; readonly below: ReadonlySet<string> }[] {
  const found: { limit: number; below: ReadonlySet<string> }[] = []
  const walk = (task: Task): ReadonlySet<string> => {
    switch (task.kind) {
      case 'sequence':
      case 'parallel':
        return new Set(task.of.flatMap((each) => [...walk(each)]))
      case 'loop':
        return new Set(task.iterations.flatMap((each) => [...walk(each)]))
      case 'child': {
        const below = new Set([task.id, ...walk(task.of)])
        if (task.budget !== undefined && below.has(child)) found.push({ limit: task.budget, below })
        return below
      }
      default:
        return new Set()
    }
  }
  walk(root)
  return found
}
