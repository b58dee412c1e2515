/**
 * The journal of a command: opened before anything is run, given up when everything is told.
 *
 * What is kept besides cases is said here: saved cases, explored scenarios, told failures. These are kept whole, because each
 * is looked at by code that starts processes in an order of its own; one that was killed in the middle is looked at again.
 */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isFailure } from '../campaign/campaign.ts'
import { CampaignJournal, digestOf } from '../campaign/campaign-journal.ts'
import { identityOf, type CampaignParts } from '../campaign/campaign-identity.ts'
import { sameSources } from '../campaign/kept-engine.ts'
import { decodeRun, encodeRun } from '../campaign/kept-run.ts'
import type { CaseReport } from '../campaign/trial.ts'
import type { CorpusEntry } from '../corpus/corpus.ts'
import { UsageError } from '../errors.ts'
import type { ExploredKeeper, ScenarioExplored } from '../explorer/explore.ts'
import type { CorpusKeeper, CorpusResult } from '../replay/corpus-run.ts'
import type { Replayed } from '../replay/replay.ts'
import type { Output } from '../report/output.ts'
import { sitesUnder } from '../report/sites.ts'
import { openOwnJournal } from '../systems/own-journal.ts'
import type { CampaignOrder } from './campaign-order.ts'
import type { FailureSource, ToldFailures } from './failures.ts'
import type { CommonOptions } from './options.ts'

/** Options that say where the journal is. */
type JournalOptions = Pick<CommonOptions, 'journal' | 'takeover'> & { readonly resume?: string }

/**
 * Runs a command with its journal, where it has one.
 *
 * @throws UsageError `OPTION_INVALID`, `CAMPAIGN_OWNED`, `CAMPAIGN_MISMATCH`; HarnessError `CAMPAIGN_JOURNAL`
 */
export async function withJournal<Outcome>(
  options: JournalOptions,
  body: (journal: CampaignJournal | undefined) => Promise<Outcome>,
): Promise<Outcome> {
  const { journal: directory, resume, takeover } = options
  if (directory === undefined) {
    if (takeover !== undefined)
      throw new UsageError('OPTION_INVALID', '--takeover is about a --journal')
    return await body(undefined)
  }
  if (resume !== undefined)
    throw new UsageError('OPTION_INVALID', '--journal and --resume exclude each other', {
      hint: 'a campaign with a journal goes on by itself: leave --resume out',
    })
  const records = await openOwnJournal(directory, takeover ?? 'if-dead')
  try {
    return await body(new CampaignJournal(records))
  } finally {
    await records.close()
  }
}

/** What an order says of its journal. */
export function journalOf(
  journal: CampaignJournal | undefined,
): Pick<CampaignOrder, 'journal' | 'spentMs'> {
  return journal === undefined ? {} : { journal, spentMs: journal.spentBeforeMs }
}

/** Says which campaign it is, and how much of it is done. @throws UsageError `CAMPAIGN_MISMATCH` */
export async function beginCampaign(
  journal: CampaignJournal | undefined,
  parts: CampaignParts,
  output: Output,
): Promise<void> {
  if (journal === undefined) return
  await journal.begin(identityOf(parts))
  if (journal.recovered > 0)
    output.say(
      `going on with a campaign: ${journal.recovered} units of it are in its journal, made in ${(journal.spentBeforeMs / 1_000).toFixed(1)} s, and are not run again`,
    )
}

/** Explorations as units: one for each scenario over each system. */
export function exploredKeeper(
  journal: CampaignJournal,
  seed: string,
  asked: unknown,
  stop: AbortSignal,
): ExploredKeeper {
  const nameOf = ({ scenario, system }: Pick<ScenarioExplored, 'scenario' | 'system'>): string =>
    `explored ${system}/${scenario}/${seed}`
  return {
    open: async (bench) => await sameSources(journal, bench),
    has: (named) => journal.has(nameOf(named)),
    once: async (named, run) =>
      await journal.once<ScenarioExplored>({
        name: nameOf(named),
        asked,
        run,
        encode: (explored) => explored,
        decode: (kept) => kept as ScenarioExplored,
        // What the harness went wrong in says nothing.
        isKept: ({ verdict }) => verdict !== 'HARNESS_ERROR' && !stop.aborted,
      }),
  }
}

/** Saved cases as units. Their judgement is kept with them: what they were judged against is not. */
export function corpusKeeper(
  journal: CampaignJournal,
  directory: string,
  stop: AbortSignal,
): CorpusKeeper {
  const nameOf = ({ file }: CorpusEntry): string => `saved ${relative(directory, file)}`
  const siteOf = sitesUnder(directory)
  return {
    has: (entry) => journal.has(nameOf(entry)),
    once: async (entry, group, run) =>
      await journal.once<CorpusResult>({
        name: nameOf(entry),
        asked: entry.saved,
        run,
        encode: ({ replayed }) => ({
          ...replayed,
          reports: replayed.reports.map(({ group: _group, run: ran, ...told }) => ({
            ...told,
            run: encodeRun(ran, siteOf),
          })),
        }),
        decode: (kept) => {
          const { reports, ...told } = kept as Replayed
          const decoded = reports.map((report): CaseReport => ({
            ...report,
            group,
            run: decodeRun(report.run, report.asked),
          }))
          return { entry, replayed: { ...told, reports: decoded } }
        },
        isKept: ({ replayed }) =>
          !stop.aborted && replayed.reports.every(({ trouble }) => trouble === undefined),
      }),
  }
}

/** Those saved cases that were there when the campaign began: what it saves itself belongs to the next. */
export async function corpusAtBegin(
  journal: CampaignJournal | undefined,
  directory: string,
  entries: readonly CorpusEntry[],
): Promise<readonly CorpusEntry[]> {
  if (journal === undefined) return entries
  const names = (): readonly string[] => entries.map(({ file }) => relative(directory, file))
  const were = new Set(
    await journal.once<readonly string[]>({
      name: 'corpus',
      asked: null,
      run: () => Promise.resolve(names()),
      encode: (value) => value,
      decode: (kept) => kept as readonly string[],
    }),
  )
  return entries.filter(({ file }) => were.has(relative(directory, file)))
}

/** What failures are told from, as far as it names them. */
export interface Telling {
  /** Of all cases that are told. */
  readonly tokens: readonly string[]
  readonly stop: AbortSignal
  /** Directory of the folders of failures. */
  readonly artifacts?: string
}

/** What names a telling. */
export function tellingOf({ failures, corpus, stop, artifacts }: FailureSource): Telling {
  const saved = corpus.filter(({ replayed }) => replayed.reports.some(isFailure))
  const tokens = [
    ...failures.map(({ token, verdict }) => `${verdict} ${token}`),
    ...saved.map(({ entry }) => entry.saved.token),
  ]
  return { tokens, stop, ...(artifacts === undefined ? {} : { artifacts }) }
}

/** The telling of failures as one unit: each failure is seen again, made smaller and saved, once. */
export async function keptTelling<Value extends ToldFailures>(
  journal: CampaignJournal | undefined,
  what: string,
  { tokens, stop, artifacts = '' }: Telling,
  run: () => Promise<Value>,
): Promise<Value> {
  if (journal === undefined || tokens.length === 0) return await run()
  return await journal.once<Value>({
    // Of other failures it is another telling.
    name: `${what} ${digestOf(tokens)}`,
    asked: null,
    run,
    encode: (value) => value,
    decode: (kept) => kept as Value,
    isKept: () => !stop.aborted,
    // Folders may have been left on another machine.
    isUsable: ({ told }) =>
      told.every(({ artifact }) => artifact === undefined || existsSync(join(artifacts, artifact))),
  })
}
