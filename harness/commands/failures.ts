/**
 * Tells the failures of a campaign: one text per kind, seen again, made smaller, saved.
 *
 *  F1  A failure is told whatever the disk says: what could not be written beside it is a note of its text.
 */
import { join, relative } from 'node:path'
import { evidenceOf } from '../campaign/evidence.ts'
import {
  kindsOf,
  savedFrom,
  seenAgainText,
  settle,
  type FailureKind,
  type SettleOptions,
  type Settled,
} from '../campaign/settle.ts'
import { liveProfile, type CaseReport } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import type { LiveOptions } from '../live/options.ts'
import { saveCase } from '../corpus/corpus.ts'
import type { CorpusResult } from '../replay/corpus-run.ts'
import { environmentLine, type Environment } from '../report/environment.ts'
import { artifactName } from '../report/artifact/name.ts'
import { writeArtifact } from '../report/artifact/write.ts'
import { storyText, type FailureStory } from '../report/failure-story.ts'
import { plainInk, type Output } from '../report/output.ts'
import { sitesUnder } from '../report/sites.ts'
import { timelineOf } from '../report/timeline.ts'
import { isBreach, outcomeRank, precedence } from '../verdict.ts'
import type { ToldFailure } from './campaign-order.ts'
import type { Project } from './project.ts'
import { savedNote, shrunkParts, storyOf } from './story.ts'

/** Everything that the failures are told from. */
export interface FailureSource {
  readonly project: Pick<Project, 'directory' | 'records' | 'corpus'>
  readonly failures: readonly CaseReport[]
  /** True where each of them is a second run, which showed what the first did. */
  readonly areConfirmed?: boolean
  /** Saved cases that ran; those that fail are told. */
  readonly corpus: readonly CorpusResult[]
  readonly environment: Environment
  readonly live: LiveOptions & { readonly jobs: number }
  readonly profile?: string
  /** Milliseconds for making failures smaller, all together; 0 leaves them as they are. */
  readonly shrinkMs: number
  /** Writes failures into the corpus. */
  readonly save: boolean
  readonly stop: AbortSignal
  /** Directory in which each failure gets a folder. */
  readonly artifacts?: string
}

/** The failures that are told, and how many kinds are not. */
export interface ToldFailures {
  readonly told: readonly ToldFailure[]
  readonly untold: number
}

/** Kinds of failures that are looked at; the others are counted. */
export const kindsMax = 5

/** What is told of a failure of which nothing was run any more. */
export const stoppedNote = 'stopped before it was looked at'

/** The failures, worst last: nothing stands below the line that matters most. */
export async function failuresOf(source: FailureSource, output: Output): Promise<ToldFailures> {
  const { failures, corpus, live, stop } = source
  const { jobs } = live
  const broken = corpus.filter(({ replayed }) => replayed.reports.some(isTold))
  if (failures.length === 0 && broken.length === 0) return { told: [], untold: 0 }
  const progress = output.progress()
  const bench = new Workbench(live, source.profile)
  try {
    const told: ToldFailure[] = []
    for (const result of broken) told.push(await tellSaved(bench, source, result))
    const kinds = kindsOf(failures).toSorted(worstFirst)
    const chosen = kinds.slice(0, kindsMax)
    const shares = chosen.filter(({ report }) => isBreach(report.verdict)).length
    for (const kind of chosen) {
      progress.update(`looking at ${kind.report.verdict}  ${kind.report.token}`)
      const endMs = performance.now() + source.shrinkMs / Math.max(1, shares)
      const isOver = (): boolean => stop.aborted || performance.now() >= endMs
      const shrink = source.shrinkMs > 0 && !stop.aborted
      const settled = stop.aborted
        ? undefined
        : await settle(bench, kind, { jobs, isOver, ...howToSettle(source, kind, shrink) })
      // What was seen while everything was being stopped says nothing.
      told.push(
        settled === undefined || stop.aborted
          ? await tellAsItIs(bench, source, kind)
          : await tell(bench, source, settled),
      )
    }
    // The first kind of the worst verdict is the last one told.
    const sorted = told
      .toReversed()
      .toSorted((left, right) => outcomeRank(left.story.verdict) - outcomeRank(right.story.verdict))
    return { told: sorted, untold: kinds.length - chosen.length }
  } finally {
    progress.end()
    await bench.close()
  }
}

/** What is broken before what is not known, and a root cause before what may follow from it. */
function worstFirst({ report: left }: FailureKind, { report: right }: FailureKind): number {
  return outcomeRank(right.verdict) - outcomeRank(left.verdict) || rank(left) - rank(right)
}

function rank({ judgement }: CaseReport): number {
  const invariant = judgement?.finding?.invariant
  return invariant === undefined ? precedence.length : precedence.indexOf(invariant)
}

/** Of a hang each further run takes as long as the patience: `killpoint shrink` has that time. */
function howToSettle(
  { areConfirmed }: FailureSource,
  kind: FailureKind,
  shrink: boolean,
): Pick<SettleOptions, 'again' | 'shrink'> {
  if (!hung(kind)) return { shrink }
  return { shrink: false, ...(areConfirmed === true ? { again: { k: 1, n: 1 } } : {}) }
}

function hung({ report }: Pick<FailureKind, 'report'>): boolean {
  return report.run.entries.some(({ mark }) => mark.mark === 'wedged')
}

/** A failure of a campaign that was stopped: nothing is run any more. */
async function tellAsItIs(
  bench: Workbench,
  { project, environment }: FailureSource,
  { report, reports }: FailureKind,
): Promise<ToldFailure> {
  const { directory } = project
  const notes = [stoppedNote, ...alikeNotes({ reports })]
  const story = await storyOf(bench, report, { directory, environment, notes, isQuick: true })
  return { story, text: storyText(story, plainInk), first: report.token, alike: reports.length }
}

function isTold({ verdict }: CaseReport): boolean {
  return verdict !== 'HOLDS' && verdict !== 'REFUSED'
}

/** A saved case that fails: it was made smaller when it was saved. */
async function tellSaved(
  bench: Workbench,
  source: FailureSource,
  { entry, replayed }: CorpusResult,
): Promise<ToldFailure> {
  const { project, environment } = source
  const report = replayed.reports.find(isTold)
  if (report === undefined) throw new Error(`${entry.file} does not fail`)
  const { directory } = project
  const story = await storyOf(bench, report, {
    directory,
    environment,
    replay: relative(directory, entry.file),
    notes: [`in the corpus as ${entry.saved.failure}, found by ${entry.saved.found}`],
  })
  return { first: report.token, alike: 1, ...(await show(bench, source, report, story)) }
}

async function tell(
  bench: Workbench,
  source: FailureSource,
  settled: Settled,
): Promise<ToldFailure> {
  const { project, environment, profile = liveProfile, save } = source
  const { smallest, report } = settled
  const { directory, records, corpus } = project
  const { file, note } = await keep()
  const notes = [...alikeNotes(settled), ...(note === undefined ? [] : [note])]
  const story = await storyOf(bench, smallest, {
    directory,
    environment,
    reproduced: seenAgainText(settled.again),
    ...(settled.again.last === undefined ? {} : { seen: settled.again.last }),
    ...(settled.shrunk === undefined ? { notes } : shrunkParts(settled.shrunk, notes)),
  })
  return {
    first: report.token,
    alike: settled.reports.length,
    ...(file === undefined ? {} : { saved: relative(directory, file) }),
    ...(await show(bench, source, smallest, story)),
  }

  /** On record, so that a replay has something to compare with; in the corpus where that is wanted. F1. */
  async function keep(): Promise<{ readonly file?: string; readonly note?: string }> {
    if (!isBreach(smallest.verdict)) return {}
    const found = environmentLine(environment)
    const cases = []
    for (const each of new Set([report, smallest]))
      cases.push(await savedFrom(bench, each, found, profile))
    const last = cases.at(-1)
    try {
      for (const each of cases) await saveCase(records, each)
      if (!save || last === undefined) return {}
      const file = await saveCase(corpus, last)
      return { file, note: savedNote(directory, file) }
    } catch (error) {
      return { note: `not saved: ${(error as Error).message}` }
    }
  }
}

/** It as text, its timeline, and its folder where there is one to be; neither for what the harness itself went wrong in. */
async function show(
  bench: Workbench,
  { project, environment, artifacts }: FailureSource,
  report: CaseReport,
  story: FailureStory,
): Promise<Pick<ToldFailure, 'story' | 'text' | 'timeline' | 'artifact'>> {
  const told = { story, text: storyText(story, plainInk) }
  // A hang takes its time once more: for a folder, which is all that others will have of it.
  if (!isBreach(report.verdict) || (hung({ report }) && artifacts === undefined)) return told
  const evidence = await evidenceOf(bench, report)
  if (typeof evidence === 'string') return told
  const siteOf = sitesUnder(project.directory)
  const timeline = timelineOf(evidence.report, siteOf, story.guiltyOp)
  if (artifacts === undefined) return { ...told, timeline }
  const artifact = artifactName(story)
  try {
    const { text } = told
    writeArtifact(join(artifacts, artifact), { evidence, text, environment, siteOf })
    return { ...told, timeline, artifact }
  } catch (error) {
    const note = `no folder of it, or not the whole: ${(error as Error).message}`
    const noted = { ...story, notes: [...(story.notes ?? []), note] }
    return { story: noted, text: storyText(noted, plainInk), timeline }
  }
}

/** `94 more cases fail in this way, in loop, tool-batch`. */
function alikeNotes({ reports }: Pick<FailureKind, 'reports'>): readonly string[] {
  if (reports.length === 1) return []
  const scenarios = new Set(reports.map(({ group }) => group.scenario.name))
  const more = reports.length - 1
  const cases = more === 1 ? '1 more case fails' : `${more} more cases fail`
  return [`${cases} in this way, in ${[...scenarios].join(', ')}`]
}
