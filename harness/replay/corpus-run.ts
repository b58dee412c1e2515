/** Runs the corpus: what once broke is seen first when it breaks again. */
import type { CorpusEntry } from '../corpus/corpus.ts'
import { replay, type Replayed } from './replay.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import type { Workbench } from '../campaign/workbench.ts'

/** What came of one saved case. */
export interface CorpusResult {
  readonly entry: CorpusEntry
  readonly replayed: Replayed
}

export interface CorpusOrder {
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly jobs: number
  /** True when no further case is to be started. */
  readonly isOver: () => boolean
  readonly onCase?: (result: CorpusResult) => void
}

/** Runs saved cases once each, several at once; in their order, unless there is no time left. */
export async function runCorpus(
  bench: Workbench,
  entries: readonly CorpusEntry[],
  order: CorpusOrder,
): Promise<readonly CorpusResult[]> {
  const results: CorpusResult[] = []
  for (let from = 0; from < entries.length && !order.isOver(); from += order.jobs) {
    const chunk = entries.slice(from, from + order.jobs)
    const ran = await Promise.all(chunk.map((entry) => runEntry(bench, entry, order)))
    for (const result of ran) order.onCase?.(result)
    results.push(...ran)
  }
  return results
}

async function runEntry(
  bench: Workbench,
  entry: CorpusEntry,
  { scenarios, systems }: CorpusOrder,
): Promise<CorpusResult> {
  const { saved } = entry
  const scenario = scenarios.find(({ name }) => name === saved.scenario)
  const system = systems.find(({ name }) => name === saved.system)
  if (scenario === undefined) return stale(entry, `there is no scenario ${saved.scenario} any more`)
  if (system === undefined) return stale(entry, `there is no system ${saved.system} any more`)
  const { seed, path, workload, named } = saved
  const group = { scenario, system, seed, ...(path === undefined ? {} : { path }), workload }
  const order = { group, schedule: named.schedule, saved, expected: saved, times: 1 }
  return { entry, replayed: await replay(bench, order) }
}

function stale(entry: CorpusEntry, why: string): CorpusResult {
  const { schedule } = entry.saved.named
  return {
    entry,
    replayed: { schedule, outcome: { kind: 'stale', why }, reports: [], verdict: 'INCONCLUSIVE' },
  }
}
