/**
 * What `run`, `gate` and `validate` have in common: the corpus, a campaign, its failures, and one answer.
 *
 *   O1  what is said ends with the line to paste where something is broken
 *   O2  every case is written down with its token, whatever came of it
 *   O3  a stop ends all of it with what is known by then, and never as a pass
 */
import { join } from 'node:path'
import { isFailure, runCampaign } from '../campaign/campaign.ts'
import type { CaseReport } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import { readCorpus, type CorpusEntry } from '../corpus/corpus.ts'
import { runCorpus, type CorpusResult } from '../replay/corpus-run.ts'
import { caseLine } from '../report/case-line.ts'
import { readEnvironment, environmentLine } from '../report/environment.ts'
import { ignoredDirectory, ReportFiles } from '../report/files.ts'
import type { LiveOptions } from '../live/options.ts'
import type { Output } from '../report/output.ts'
import type { Progress } from '../report/progress.ts'
import type { Claim } from '../system.ts'
import { exitCode, worst } from '../verdict.ts'
import type { CampaignOrder, CampaignOutcome } from './campaign-order.ts'
import { claimsAtStake } from './claim-outcomes.ts'
import { failuresOf } from './failures.ts'
import { bailDefault, quietMs, type CommonOptions } from './options.ts'
import { scratchName } from './project.ts'
import { resultJson, sayResult } from './result.ts'
import { stopOnSignals } from './stop.ts'

/** Runs it all, says what came of it, and gives the outcome; `exitCode(outcome.verdict)` is the command's. */
export async function runOrder(order: CampaignOrder, output: Output): Promise<CampaignOutcome> {
  const { project, scenarios, systems, seed, options } = order
  const environment = readEnvironment(project.directory)
  const entries = await corpusOf(order)
  output.say(environmentLine(environment))
  output.say(headLine(order, entries.length))
  output.say('')
  const files = new ReportFiles(
    options.out ?? ignoredDirectory(join(project.directory, scratchName)),
  )
  const stopping = stopOnSignals()
  const watch = new Watch(order, output, files)
  const isTimeOver = budgetOf(options.budget, stopping.signal)
  const isOver = (): boolean => isTimeOver() || watch.isEnough
  try {
    const corpus = await runSaved(order, entries, isOver, watch)
    const campaign = await runCampaign({
      seed,
      scenarios,
      systems,
      cases: order.cases,
      workloads: order.workloads,
      live: liveOptions(options),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      ...(options.shard === undefined ? {} : { shard: options.shard }),
      isOver,
      stop: stopping.signal,
      onCase: (report) => watch.liveCase(report),
    })
    watch.end()
    const { told: failures, untold } = await failuresOf(
      {
        project,
        failures: campaign.failures,
        corpus,
        environment,
        live: liveOptions(options),
        ...(options.profile === undefined ? {} : { profile: options.profile }),
        shrinkMs: order.shrinkMs,
        save: order.save,
        stop: stopping.signal,
      },
      output,
    )
    const verdict = worst([
      ...corpus.flatMap(({ replayed }) => replayed.reports.map((report) => report.verdict)),
      campaign.verdict,
    ])
    const casesFile = files.cases
    const { atStake } = watch
    const outcome = {
      seed,
      environment,
      campaign,
      corpus,
      failures,
      untold,
      verdict,
      atStake,
      ...(watch.isEnough ? { endedAfter: watch.failed } : {}),
      casesFile,
    }
    await files.close(
      resultJson(outcome),
      failures.map(({ text }) => text),
    )
    return outcome
  } finally {
    watch.end()
    files.abandon()
    stopping.forget()
  }
}

async function runSaved(
  { project, systems, options }: CampaignOrder,
  entries: readonly CorpusEntry[],
  isOver: () => boolean,
  watch: Watch,
): Promise<readonly CorpusResult[]> {
  const { scenarios } = project
  const { jobs } = options
  const bench = new Workbench({ ...liveOptions(options), codeCache: false }, options.profile)
  try {
    const onCase = (result: CorpusResult): void => watch.corpusCase(result)
    const order = { scenarios, systems, jobs, isOver, onCase }
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

/** Says the outcome and gives the exit code. */
export function finish(outcome: CampaignOutcome, output: Output): number {
  output.json(resultJson(outcome))
  sayResult(outcome, output)
  return exitCode(outcome.verdict)
}

/** Saved cases of the scenarios and systems that were chosen, and those whose scenario or system is gone. */
async function corpusOf(order: CampaignOrder): Promise<readonly CorpusEntry[]> {
  const { project, scenarios, systems, options } = order
  if (options.shard !== undefined && options.shard.index > 1) return []
  const left = (
    known: readonly { name: string }[],
    chosen: readonly { name: string }[],
  ): Set<string> =>
    new Set(
      known.map(({ name }) => name).filter((name) => chosen.every((each) => each.name !== name)),
    )
  const otherScenarios = left(project.scenarios, scenarios)
  const otherSystems = left(project.systems, systems)
  const entries = await readCorpus(project.corpus)
  return entries.filter(
    ({ saved }) => !otherScenarios.has(saved.scenario) && !otherSystems.has(saved.system),
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

const wedgeWeight = 9

/** Tells how far it is. */
class Watch {
  readonly atStake = new Map<Claim, number>()
  readonly #output: Output
  readonly #files: ReportFiles
  readonly #progress: Progress
  readonly #expected: string
  readonly #bail: number
  #done = 0
  #failed = 0
  #wedged = 0

  constructor(order: CampaignOrder, output: Output, files: ReportFiles) {
    const { scenarios, systems, workloads, cases, options } = order
    const all = scenarios.length * systems.length * workloads * cases
    this.#expected = Number.isFinite(all) ? `/~${Math.ceil(all / (options.shard?.of ?? 1))}` : ''
    this.#bail = options.bail ?? bailDefault
    this.#output = output
    this.#files = files
    this.#progress = output.progress()
  }

  /** Failing cases so far. */
  get failed(): number {
    return this.#failed
  }

  /** Enough has failed. A wedge takes as long to be sure of as a dozen other cases. */
  get isEnough(): boolean {
    return this.#failed + wedgeWeight * this.#wedged >= this.#bail
  }

  corpusCase({ entry, replayed }: CorpusResult): void {
    for (const report of replayed.reports) this.#files.addCase(caseLine(report))
    const { outcome, verdict } = replayed
    if (outcome.kind === 'stale')
      this.#progress.print(`${this.#output.ink.doubt('?')} ${entry.file} is stale: ${outcome.why}`)
    else if (isFailure({ verdict }))
      this.#progress.print(`${this.#output.ink.bad('✗')} ${verdict}  ${entry.file}`)
  }

  liveCase(report: CaseReport): void {
    this.#files.addCase(caseLine(report))
    this.#done += 1
    for (const claim of isFailure(report) ? [] : claimsAtStake(report))
      this.atStake.set(claim, (this.atStake.get(claim) ?? 0) + 1)
    if (isFailure(report)) {
      this.#failed += 1
      if (report.verdict === 'WEDGED') this.#wedged += 1
      this.#progress.print(`${this.#output.ink.bad('✗')} ${report.verdict}  ${report.token}`)
    }
    const { scenario, system } = report.group
    this.#progress.update(
      `${this.#done}${this.#expected} cases  ${this.#failed} failed  ${scenario.name} × ${system.name}`,
    )
  }

  end(): void {
    this.#progress.end()
  }
}
