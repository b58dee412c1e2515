/** Tells the failures of a campaign: one text per kind, seen again, made smaller, saved. */
import { relative } from 'node:path'
import { kindsOf, savedFrom, seenAgainText, settle, type Settled } from '../campaign/settle.ts'
import { liveProfile, type CaseReport } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import type { CampaignResult } from '../campaign/campaign.ts'
import { saveCase } from '../corpus/corpus.ts'
import type { CorpusResult } from '../replay/corpus-run.ts'
import { environmentLine, type Environment } from '../report/environment.ts'
import { storyText } from '../report/failure-story.ts'
import { plainInk, type Output } from '../report/output.ts'
import { isBreach, outcomeRank } from '../verdict.ts'
import type { CampaignOrder, ToldFailure } from './campaign-order.ts'
import { savedNote, shrunkParts, storyOf } from './story.ts'

/** Everything that the failures are told from. */
export interface FailureSource {
  readonly order: CampaignOrder
  readonly campaign: CampaignResult
  readonly corpus: readonly CorpusResult[]
  readonly environment: Environment
  readonly stop: AbortSignal
}

/** Kinds of failures that are looked at; the others are counted. */
const kindsMax = 5

/** The failures, worst last: nothing stands below the line that matters most. */
export async function failuresOf(
  source: FailureSource,
  output: Output,
): Promise<readonly ToldFailure[]> {
  const { campaign, corpus, order, stop } = source
  const broken = corpus.filter(({ replayed }) => replayed.reports.some(isTold))
  if (campaign.failures.length === 0 && broken.length === 0) return []
  const progress = output.progress()
  const bench = new Workbench({ jobs: order.options.jobs }, order.options.profile)
  try {
    const told: ToldFailure[] = []
    for (const result of broken) told.push(await tellSaved(bench, source, result))
    const kinds = kindsOf(campaign.failures).toSorted(
      (left, right) => outcomeRank(right.report.verdict) - outcomeRank(left.report.verdict),
    )
    const chosen = kinds.slice(0, kindsMax)
    const shares = chosen.filter(({ report }) => isBreach(report.verdict)).length
    for (const kind of chosen) {
      progress.update(`looking at ${kind.report.verdict}  ${kind.report.token}`)
      const endMs = performance.now() + order.shrinkMs / Math.max(1, shares)
      const isOver = (): boolean => stop.aborted || performance.now() >= endMs
      const shrink = order.shrinkMs > 0 && !stop.aborted
      const settled = await settle(bench, kind, { jobs: order.options.jobs, shrink, isOver })
      told.push(await tell(bench, source, settled))
    }
    return told.toSorted(
      (left, right) => outcomeRank(left.story.verdict) - outcomeRank(right.story.verdict),
    )
  } finally {
    progress.end()
    await bench.close()
  }
}

function isTold({ verdict }: CaseReport): boolean {
  return verdict !== 'HOLDS' && verdict !== 'REFUSED'
}

/** A saved case that fails: it was made smaller when it was saved. */
async function tellSaved(
  bench: Workbench,
  { order, environment }: FailureSource,
  { entry, replayed }: CorpusResult,
): Promise<ToldFailure> {
  const report = replayed.reports.find(isTold)
  if (report === undefined) throw new Error(`${entry.file} does not fail`)
  const { directory } = order.project
  const story = await storyOf(bench, report, {
    directory,
    environment,
    replay: relative(directory, entry.file),
    notes: [`in the corpus as ${entry.saved.failure}, found by ${entry.saved.found}`],
  })
  return { story, text: storyText(story, plainInk), first: report.token, alike: 1 }
}

async function tell(
  bench: Workbench,
  { order, environment }: FailureSource,
  settled: Settled,
): Promise<ToldFailure> {
  const { smallest, report, tokens } = settled
  const { directory, records, corpus } = order.project
  const saved = await keep()
  const notes = [
    ...(tokens.length > 1 ? [`${tokens.length - 1} more cases fail in this way`] : []),
    ...(saved === undefined ? [] : [savedNote(directory, saved)]),
  ]
  const story = await storyOf(bench, smallest, {
    directory,
    environment,
    reproduced: seenAgainText(settled.again),
    ...(settled.shrunk === undefined ? { notes } : shrunkParts(settled.shrunk, notes)),
  })
  return {
    story,
    text: storyText(story, plainInk),
    first: report.token,
    alike: tokens.length,
    ...(saved === undefined ? {} : { saved }),
  }

  /** On record, so that a replay has something to compare with; in the corpus where that is wanted. */
  async function keep(): Promise<string | undefined> {
    if (!isBreach(smallest.verdict)) return undefined
    const profile = order.options.profile ?? liveProfile
    const found = environmentLine(environment)
    for (const each of new Set([report, smallest]))
      await saveCase(records, await savedFrom(bench, each, found, profile))
    if (!order.save) return undefined
    return await saveCase(corpus, await savedFrom(bench, smallest, found, profile))
  }
}
