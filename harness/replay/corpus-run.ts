/** Runs the corpus: what once broke is seen first when it breaks again. */
import type { CorpusEntry } from '../corpus/corpus.ts'
import { replay, type Replayed } from './replay.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import type { Group } from '../campaign/group.ts'
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
  /** True when no further case is to be started. Time is no reason: what once broke is always looked at. */
  readonly isOver: () => boolean
  readonly onCase?: (result: CorpusResult) => void
  /** Keeps what came of it, and gives what an earlier process kept. */
  readonly keep?: CorpusKeeper
}

/** Where results of saved cases are kept. */
export interface CorpusKeeper {
  /** True for a saved case that would not be run. */
  readonly has: (entry: CorpusEntry) => boolean
  /** What was kept of a saved case of this group, or what `run` gives, once it is committed. */
  readonly once: (
    entry: CorpusEntry,
    group: Group,
    run: () => Promise<CorpusResult>,
  ) => Promise<CorpusResult>
}

/** Runs saved cases once each, several at once; in their order, until it is over. */
export async function runCorpus(
  bench: Workbench,
  entries: readonly CorpusEntry[],
  order: CorpusOrder,
): Promise<readonly CorpusResult[]> {
  const results: CorpusResult[] = []
  const { isOver, jobs, keep } = order
  for (let from = 0; from < entries.length; from += jobs) {
    const chunk = entries
      .slice(from, from + jobs)
      .filter((entry) => !isOver() || keep?.has(entry) === true)
    const ran = await Promise.all(chunk.map((entry) => runEntry(bench, entry, order)))
    for (const result of ran) order.onCase?.(result)
    results.push(...ran)
  }
  return results
}

async function runEntry(
  bench: Workbench,
  entry: CorpusEntry,
  { scenarios, systems, keep }: CorpusOrder,
): Promise<CorpusResult> {
  const { saved } = entry
  const scenario = scenarios.find(({ name }) => name === saved.scenario)
  const system = systems.find(({ name }) => name === saved.system)
  if (scenario === undefined) return stale(entry, `there is no scenario ${saved.scenario} any more`)
  if (system === undefined) return stale(entry, `there is no system ${saved.system} any more`)
  const { seed, path, workload, named } = saved
  const group = { scenario, system, seed, ...(path === undefined ? {} : { path }), workload }
  const order = { group, schedule: named.schedule, saved, expected: saved, times: 1 }
  const run = async (): Promise<CorpusResult> => ({ entry, replayed: await replay(bench, order) })
  return keep === undefined ? await run() : await keep.once(entry, group, run)
}

function stale(entry: CorpusEntry, why: string): CorpusResult {
  const { schedule } = entry.saved.named
  return {
    entry,
    replayed: { schedule, outcome: { kind: 'stale', why }, reports: [], verdict: 'INCONCLUSIVE' },
  }
}
