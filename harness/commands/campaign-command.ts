/**
 * What `run`, `gate` and `validate` have in common: the corpus, a campaign, its failures, and one answer.
 *
 *   O1  what is said ends with the line to paste where something is broken
 *   O2  every case is written down with its token, whatever came of it
 *   O3  a stop ends all of it with what is known by then, and never as a pass
 *   O4  the corpus is run whole, whatever the budget: its time counts, and what is left is the campaign's
 *   O5  with a journal, what an earlier process finished is counted as it was and not run again, and its time is spent
 */
import { join, relative, resolve } from 'node:path'
import type { CampaignParts } from '../campaign/campaign-identity.ts'
import { Campaign, type CampaignOptions } from '../campaign/campaign.ts'
import { liveProfile, type CaseReport } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import { readCorpus, type CorpusEntry } from '../corpus/corpus.ts'
import { runCorpus, type CorpusResult } from '../replay/corpus-run.ts'
import { readEnvironment, environmentLine, type Environment } from '../report/environment.ts'
import { ignoredDirectory, ReportFiles } from '../report/files.ts'
import { sitesUnder } from '../report/sites.ts'
import type { LiveOptions } from '../live/options.ts'
import type { Output } from '../report/output.ts'
import { ResultGatherer, type ResultHead } from '../report/result/gather.ts'
import { mergeResults } from '../report/result/merge.ts'
import { readResult, type Result } from '../report/result/result.ts'
import { outcomeRank } from '../verdict.ts'
import type { CampaignOrder, CampaignOutcome, Driven, ToldFailure } from './campaign-order.ts'
import { failuresOf, type FailureSource } from './failures.ts'
import { corpusAtBegin, corpusKeeper, keptTelling, tellingOf } from './journal.ts'
import { quietMs, type CommonOptions } from './options.ts'
import { scratchName } from './project.ts'
import { sayResult, toldAnyway } from './result.ts'
import { stopOnSignals } from './stop.ts'
import { Watch } from './watch.ts'
import { writeReports } from './write-reports.ts'

/** Runs it all, says what came of it, and gives the outcome; `exitCode(outcome.result.verdict)` is the command's. */
export async function runOrder(order: CampaignOrder, output: Output): Promise<CampaignOutcome> {
  const { project, seed, options, journal } = order
  const environment = readEnvironment(project.directory)
  const entries = await corpusOf(order)
  output.say(environmentLine(environment))
  output.say(headLine(order, entries.length))
  output.say('')
  const files = new ReportFiles(outOf(order))
  for (const line of order.casesBefore ?? []) files.addCase(line)
  const stopping = stopOnSignals()
  const endMs = performance.now() + (options.budget ?? Infinity) - (order.spentMs ?? 0)
  const leftMs = (): number => endMs - performance.now()
  const gatherer = new ResultGatherer(headOf(order, environment))
  const watch = new Watch({ order, output, files, gatherer, leftMs })
  const isEnough = (): boolean => stopping.signal.aborted || watch.isEnough
  const isOver = (): boolean => isEnough() || leftMs() <= 0
  // What is kept is counted first, whatever the time.
  const isAllOver = (): boolean =>
    isOver() && (stopping.signal.aborted || journal?.hasMore !== true)
  const { before } = order
  const siteOf = sitesUnder(project.directory)
  const campaign = new Campaign({
    seed,
    scenarios: order.scenarios,
    systems: order.systems,
    cases: order.cases,
    workloads: order.workloads,
    live: liveOptions(options),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    ...(before === undefined ? {} : { isDone: doneIn(before) }),
    ...(journal === undefined ? {} : { keep: { journal, siteOf } }),
    isOver,
    stop: stopping.signal,
    onCase: (report, slot) => watch.liveCase(report, slot),
  })
  try {
    const corpus = await runSaved(
      order,
      entries,
      { isOver: isEnough, stop: stopping.signal },
      watch,
    )
    const driven: Driven = {
      campaign,
      order,
      leftMs,
      isOver: isAllOver,
      stop: stopping.signal,
      environment,
      output,
      watch,
      gatherer,
      told: [],
      untold: 0,
    }
    await (order.drive ?? oneByOne)(driven)
    watch.end()
    await campaign.close()
    const shown = campaign.result()
    const source: FailureSource = {
      project,
      failures: shown.failures,
      corpus,
      environment,
      live: liveOptions(options),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      shrinkMs: order.shrinkMs,
      save: order.save,
      stop: stopping.signal,
      ...(options.artifacts === undefined
        ? {}
        : { artifacts: resolve(project.directory, options.artifacts) }),
    }
    const found = await keptTelling(journal, 'told', tellingOf(source), () =>
      failuresOf(source, output),
    )
    const failures = worstLast([...driven.told, ...found.told])
    const own = gatherer.build({
      campaign: shown,
      failures,
      untold: found.untold + driven.untold,
      ...(watch.isEnough ? { endedAfter: watch.failed } : {}),
      isStopped: stopping.signal.aborted,
    })
    const result = order.isFurther === true ? own : withBefore(own, before)
    const texts = failures.map(({ text }) => text)
    await toldAnyway(result, output, () => files.close(result, texts))
    return {
      result,
      campaign: shown,
      failures,
      atStake: watch.atStake,
      casesFile: files.cases,
      resultFile: files.result,
    }
  } finally {
    watch.end()
    await campaign.close()
    files.abandon()
    stopping.forget()
  }
}

/**
 * A stopped campaign and the rest of it. Reports of the first part may have made a clean checkout a dirty one. What was explored in part
 * is explored anew from its beginning: the whole stands in its place.
 */
function withBefore(own: Result, before: Result | undefined): Result {
  if (before === undefined) return own
  // Of another seed is what has another prefix; what was never begun has none.
  const explored = before.explored.filter(({ scenario, system, prefix }) =>
    own.explored.every(
      (each) =>
        each.scenario !== scenario ||
        each.system !== system ||
        (prefix !== '' && each.prefix !== prefix),
    ),
  )
  return mergeResults([
    { ...before, explored },
    { ...own, environment: before.environment },
  ])
}

/** All workloads of a system, then those of the next. */
export async function oneByOne({ campaign, order }: Driven): Promise<void> {
  for (const system of order.systems) {
    await campaign.run(system, 0, order.workloads)
    await campaign.closeSystem(system)
  }
}

function headOf(order: CampaignOrder, environment: Environment): ResultHead {
  const { command, project, seed, cases, workloads, options, scenarios, systems } = order
  return {
    command,
    directory: project.directory,
    seed,
    profile: options.profile ?? liveProfile,
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    cases,
    workloads,
    ...(options.budget === undefined ? {} : { budgetMs: options.budget }),
    environment,
    scenarios,
    systems,
  }
}

/** What makes it this campaign; `explored` as the options say it. */
export function partsOf(
  { command, project, seed, cases, workloads, options, scenarios, systems }: CampaignOrder,
  explored: string,
  seeds: readonly string[] = [seed],
): CampaignParts {
  return {
    command,
    directory: project.directory,
    seeds,
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    profile: options.profile ?? liveProfile,
    scenarios,
    systems,
    cases,
    workloads,
    explored,
    environment: readEnvironment(project.directory),
  }
}

/** The directory that a command writes into. */
export function outOf({ project, options }: Pick<CampaignOrder, 'project' | 'options'>): string {
  return options.out ?? ignoredDirectory(join(project.directory, scratchName))
}

function worstLast(failures: readonly ToldFailure[]): readonly ToldFailure[] {
  return failures.toSorted(
    (left, right) => outcomeRank(left.story.verdict) - outcomeRank(right.story.verdict),
  )
}

/** Places that an earlier part of the same campaign ran. */
function doneIn({ cases }: Result): NonNullable<CampaignOptions['isDone']> {
  const done = new Set<string>()
  for (const [index, slot] of cases.slot.entries()) {
    const group = cases.groups[cases.group[index] ?? -1]
    if (slot >= 0 && group !== undefined) done.add(slotKey(group, slot))
  }
  return (scenario, system, seed, slot) => done.has(slotKey({ scenario, system, seed }, slot))
}

function slotKey(
  {
    scenario,
    system,
    seed,
  }: Pick<Result['cases']['groups'][number], 'scenario' | 'system' | 'seed'>,
  slot: number,
): string {
  return JSON.stringify([scenario, system, seed, slot])
}

async function runSaved(
  { project, systems, options, journal }: CampaignOrder,
  entries: readonly CorpusEntry[],
  { isOver, stop }: Pick<Driven, 'isOver' | 'stop'>,
  watch: Watch,
): Promise<readonly CorpusResult[]> {
  const { scenarios } = project
  const { jobs } = options
  const bench = new Workbench({ ...liveOptions(options), codeCache: false }, options.profile)
  try {
    const onCase = (result: CorpusResult): void => watch.corpusCase(result)
    const keep =
      journal === undefined ? {} : { keep: corpusKeeper(journal, project.directory, stop) }
    const order = { scenarios, systems, jobs, isOver, onCase, ...keep }
    const results = await runCorpus(bench, entries, order)
    return results.filter(({ replayed }) => !wasStopped(replayed.reports))
  } finally {
    await bench.close()
  }
}

/** O3: what was under way at a stop says nothing. */
function wasStopped(reports: readonly CaseReport[]): boolean {
  return reports.some(({ trouble }) => trouble?.kind === 'stopped')
}

/** What the engine is told by the options of a command. */
function liveOptions({
  jobs,
  scratch,
  quiet = quietMs,
}: CommonOptions): LiveOptions & { readonly jobs: number } {
  return { jobs, quietMs: quiet, ...(scratch === undefined ? {} : { scratch }) }
}

/** Says the outcome, writes the reports that were asked for, and gives the exit code. */
export function finish(
  { resultFile, casesFile }: Pick<CampaignOutcome, 'resultFile' | 'casesFile'>,
  { options, project }: Pick<CampaignOrder, 'options' | 'project'>,
  output: Output,
  more = '',
): number {
  // R1 of the schema: what is told is what a reader of the file would be told.
  const result = readResult(resultFile)
  output.json(result)
  const { notes: written, trouble } = writeReports(result, options, project.directory, output)
  sayResult(result, output, {
    casesFile,
    more,
    notes: [...written, ...(result.stopped ? [resumeLine(result, resultFile)] : [])],
  })
  if (trouble !== undefined) throw trouble
  return result.exitCode
}

/** The command that runs what a stop left out. */
function resumeLine({ seed }: Result, resultFile: string): string {
  const given = process.argv.slice(2)
  if (given.some((each) => each.startsWith('--journal')))
    return `the rest of it: npx killpoint ${given.join(' ')}`
  const resumed = given.indexOf('--resume')
  const kept = resumed < 0 ? given : given.filter((_, at) => at !== resumed && at !== resumed + 1)
  const seeded = kept.some((each) => each.startsWith('--seed') || each === '--nightly')
  return [
    'the rest of it: npx killpoint',
    ...kept,
    ...(seeded ? [] : ['--seed', seed]),
    '--resume',
    relative(process.cwd(), resultFile),
  ].join(' ')
}

/** Saved cases of the scenarios and systems that were chosen, and those whose scenario or system is gone. */
async function corpusOf(order: CampaignOrder): Promise<readonly CorpusEntry[]> {
  const { project, scenarios, systems, options } = order
  if (order.isFurther === true) return []
  const left = (
    known: readonly { name: string }[],
    chosen: readonly { name: string }[],
  ): Set<string> =>
    new Set(
      known.map(({ name }) => name).filter((name) => chosen.every((each) => each.name !== name)),
    )
  const otherScenarios = left(project.scenarios, scenarios)
  const otherSystems = left(project.systems, systems)
  const done = new Set(order.before?.corpus.map(({ token }) => token))
  const all = await corpusAtBegin(
    order.journal,
    project.directory,
    await readCorpus(project.corpus),
  )
  const entries = all.filter(
    ({ saved }) => !otherScenarios.has(saved.scenario) && !otherSystems.has(saved.system),
  )
  const { shard } = options
  return entries.filter(
    ({ saved }, place) =>
      !done.has(saved.token) && (shard === undefined || place % shard.of === shard.index - 1),
  )
}

function headLine(order: CampaignOrder, saved: number): string {
  const { seed, scenarios, systems, options, workloads, cases } = order
  const parts = [
    `seed ${seed}`,
    `jobs ${options.jobs}`,
    `${scenarios.length} scenarios × ${systems.map(({ name }) => name).join(', ')}`,
    Number.isFinite(workloads)
      ? `${workloads} workloads × ${cases} cases`
      : `${cases} cases a workload`,
    ...(options.budget === undefined ? [] : [`budget ${options.budget / 1_000} s`]),
    ...(options.shard === undefined ? [] : [`shard ${options.shard.index}/${options.shard.of}`]),
    ...(saved === 0 ? [] : [`corpus ${saved}`]),
  ]
  return parts.join('  ')
}

/** True when the time is used up, or somebody wants to stop. */
export function budgetOf(budgetMs: number | undefined, stop: AbortSignal): () => boolean {
  const endMs = performance.now() + (budgetMs ?? Infinity)
  return () => stop.aborted || performance.now() >= endMs
}
