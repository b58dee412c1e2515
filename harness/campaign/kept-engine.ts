/**
 * A live engine whose cases are units of a campaign's journal: one that was run by an earlier process gives what it gave then, and
 * one that is run now is committed before it is given out (C2, C3 in `campaign-journal.ts`). The next case runs while one is
 * being committed, and cases that end together are committed together.
 *
 * Trouble is no answer about a system, and neither is what was under way at a stop: both run again.
 */
import type { SiteOf } from '../corpus/op-fingerprint.ts'
import type { CaseRun, LiveCase } from '../live/case.ts'
import type { LiveEngine } from '../live/engine.ts'
import { inOrder } from '../live/in-order.ts'
import type { CampaignJournal } from './campaign-journal.ts'
import { decodeRun, encodeRun } from './kept-run.ts'

/** What it takes to keep runs. */
export interface Keeping {
  readonly journal: CampaignJournal
  /** Of frames of the worker. */
  readonly siteOf: SiteOf
  /** Cases that run at once. */
  readonly jobs: number
  readonly stop?: AbortSignal
}

/** A live engine that knows what need not be run. */
export interface KeptEngine extends LiveEngine {
  /** True for a case that an earlier process ran. */
  readonly isKept: (asked: LiveCase) => boolean
}

/** An engine that keeps nothing. */
export function forgetful(engine: LiveEngine): KeptEngine {
  return { ...engine, isKept: () => false }
}

/**
 * An engine that keeps what its cases give.
 *
 * @throws UsageError `CAMPAIGN_MISMATCH` where the sources of the system are not those that the journal was begun with
 */
export async function keptEngine(
  engine: LiveEngine,
  { journal, siteOf, jobs, stop }: Keeping,
): Promise<KeptEngine> {
  const { name } = engine.system
  await sameSources(journal, engine)
  const runCase = async (asked: LiveCase): Promise<CaseRun> => {
    const run = await journal.once<CaseRun>({
      name: nameOf(name, asked),
      asked,
      run: () => engine.runCase(asked),
      encode: (ran) => encodeRun(ran, siteOf),
      decode: (kept) => decodeRun(kept, asked),
      isKept: ({ ending }) => ending.kind !== 'trouble' && stop?.aborted !== true,
    })
    engine.knowUnseen(asked.workload, run)
    return run
  }
  return {
    ...engine,
    runCase,
    runCases: (cases) => inOrder(cases, jobs, runCase),
    isKept: (asked) => journal.has(nameOf(name, asked)),
  }
}

const compared = new WeakMap<CampaignJournal, Set<string>>()

/** Once for each system and journal: several seeds of one command share both. @throws UsageError `CAMPAIGN_MISMATCH` */
export async function sameSources(
  journal: CampaignJournal,
  { system, sources }: Pick<LiveEngine, 'system' | 'sources'>,
): Promise<void> {
  const known = compared.get(journal) ?? new Set()
  compared.set(journal, known)
  if (known.has(system.name)) return
  known.add(system.name)
  await journal.same(`the program of ${system.name}`, sources)
}

function nameOf(system: string, { id }: LiveCase): string {
  return `${system}/${id}`
}
