/**
 * `killpoint explore`: every crash state of a recorded run of every scenario, recovered and judged. What is found is seen again
 * in fresh processes, made smaller and told like any other failure.
 */
import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { CaseReport } from '../campaign/trial.ts'
import type { CampaignParts } from '../campaign/campaign-identity.ts'
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import { workloadOfSeed, type Group, type Origin } from '../campaign/group.ts'
import { Workbench } from '../campaign/workbench.ts'
import { boundsDefaults } from '../disk-model/states.ts'
import { profiles, type ProfileName } from '../disk-model/profile.ts'
import { strikesAtRead, type ExploredFinding } from '../explorer/confirm-findings.ts'
import { explore, verdictOf, type ScenarioExplored } from '../explorer/explore.ts'
import type { Harm } from '../explorer/job.ts'
import { exploredLine } from '../report/explored.ts'
import { explorationLine } from '../report/progress-line.ts'
import { ignoredDirectory } from '../report/files.ts'
import { ResultGatherer, type ResultHead } from '../report/result/gather.ts'
import { readResult, writeResult } from '../report/result/result.ts'
import { environmentLine, readEnvironment, type Environment } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import type { Scenario } from '../scenario.ts'
import { newSeed } from '../seed.ts'
import type { System } from '../system.ts'
import { parseToken } from '../token.ts'
import { exitCode, isBreach, worst, type Verdict } from '../verdict.ts'
import { budgetOf } from './campaign-command.ts'
import type { ToldFailure } from './campaign-order.ts'
import { failuresOf, type ToldFailures } from './failures.ts'
import { beginCampaign, exploredKeeper, keptTelling, withJournal } from './journal.ts'
import { quietMs, type CommonOptions } from './options.ts'
import { chooseBoth, scratchName, type Project } from './project.ts'
import { sayResult } from './result.ts'
import { stopOnSignals } from './stop.ts'
import { untilStopped } from './until-stopped.ts'
import { writeReports } from './write-reports.ts'

/** Options of the command. */
export interface ExploreCommandOptions extends CommonOptions {
  /** Crashes in a row. */
  readonly depth?: number
  /** Of the states of one depth, those that are crashed again: every so manyth. */
  readonly every?: number
  /** False with `--no-errors`: kills and power loss alone. */
  readonly errors?: boolean
  /** False with `--no-shrink`. */
  readonly shrink?: boolean
  readonly save?: boolean
}

/** What is explored. */
export interface ExplorationOrder {
  readonly project: Pick<Project, 'directory' | 'records' | 'corpus'>
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly seed: string
  readonly jobs: number
  readonly profile: ProfileName
  readonly depth: number
  readonly nestedEvery: number
  /** Of all cases one of each kind. */
  readonly perKind: boolean
  /** So many scenarios at most, chosen by what they do; absent: all. */
  readonly scenariosMax?: number
  /** Told of these. */
  readonly onChosen?: (chosen: readonly Scenario[]) => void
  /** Of these the ones that were explored before. */
  readonly isDone?: (scenario: Scenario) => boolean
  readonly harms: readonly Harm[]
  readonly environment: Environment
  /** Milliseconds: a process that shows nothing for ten times as long is put down. */
  readonly quietMs: number
  /** Milliseconds for making failures smaller, all together. */
  readonly shrinkMs: number
  readonly save: boolean
  /** Real milliseconds after which nothing new is begun; absent: until all is done. */
  readonly budgetMs?: number
  /** Kinds of failure after which no further scenario is begun. */
  readonly bail: number
  readonly stop: AbortSignal
  /** Only part `index` (from 1) of `of`. */
  readonly part?: { readonly index: number; readonly of: number }
  /** Directory in which each failure gets a folder. */
  readonly artifacts?: string
  /** Where what is explored is kept. */
  readonly journal?: CampaignJournal
  /** Told of every scenario while the maps of its bundle are still there. */
  readonly onScenario?: (result: ScenarioExplored) => void
  /** Told in place of the terminal how far it is, in one line. */
  readonly onLine?: (line: string) => void
}

/** What came of it. */
export interface ExplorationOutcome {
  readonly results: readonly ScenarioExplored[]
  readonly failures: readonly ToldFailure[]
  readonly untold: number
  /** Findings that no fresh process shows: faults of the harness. */
  readonly unconfirmed: readonly ExploredFinding[]
  readonly verdict: Verdict
}

/** Milliseconds for making failures smaller. */
const shrinkMsDefault = 30_000

/** Explores a project, says what it showed, and gives the exit code. */
export async function exploreCommand(
  project: Project,
  options: ExploreCommandOptions,
  output: Output,
): Promise<number> {
  return await withJournal(options, (journal) => exploreWith(journal, project, options, output))
}

async function exploreWith(
  journal: CampaignJournal | undefined,
  project: Project,
  options: ExploreCommandOptions,
  output: Output,
): Promise<number> {
  const environment = readEnvironment(project.directory)
  const stopping = stopOnSignals()
  const { depth = 1, every = 1, bail = Infinity } = options
  const chosen = chooseBoth(project, options)
  const order: ExplorationOrder = {
    project,
    systems: chosen.systems,
    scenarios: chosen.scenarios,
    seed: options.seed ?? journal?.seeds?.[0] ?? newSeed(),
    jobs: options.jobs,
    profile: options.profile === 'ext4' ? 'ext4' : 'posix',
    depth,
    nestedEvery: every,
    perKind: false,
    harms:
      options.errors === false ? ['kill', 'power-loss'] : ['kill', 'power-loss', 'error', 'rot'],
    environment,
    quietMs: options.quiet ?? quietMs,
    shrinkMs: options.shrink === false ? 0 : shrinkMsDefault,
    save: options.save === true,
    ...(options.budget === undefined ? {} : { budgetMs: options.budget }),
    ...(journal === undefined ? {} : { journal }),
    bail,
    stop: stopping.signal,
    ...(options.shard === undefined ? {} : { part: options.shard }),
    ...(options.artifacts === undefined ? {} : { artifacts: resolve(options.artifacts) }),
  }
  output.say(environmentLine(environment))
  output.say(headLine(order))
  output.say('')
  try {
    await beginCampaign(journal, partsOf(order), output)
    const directory = options.out ?? ignoredDirectory(join(project.directory, scratchName))
    mkdirSync(directory, { recursive: true })
    const gatherer = new ResultGatherer(headOf(order, options))
    const onScenario = (result: ScenarioExplored): void => gatherer.explored(result)
    const explored = await untilStopped(stopping.signal, () =>
      runExploration({ ...order, ...leftOf(order), onScenario }, output),
    )
    const { failures, untold, verdict } = explored ?? stoppedEarly
    const isStopped = stopping.signal.aborted
    const built = gatherer.build({ failures, untold, isStopped })
    const known = worst([built.verdict as Verdict, verdict])
    const resultFile = join(directory, 'result.json')
    writeResult(resultFile, { ...built, verdict: known, exitCode: exitCode(known) })
    const result = readResult(resultFile)
    output.json(result)
    const notes = writeReports(result, options, project.directory, output)
    sayResult(result, output, {
      notes: [...notes, `result: ${relative(process.cwd(), resultFile)}`],
    })
    return result.exitCode
  } finally {
    stopping.forget()
  }
}

/** Explores, and looks at what was found. */
export async function runExploration(
  order: ExplorationOrder,
  output: Output,
): Promise<ExplorationOutcome> {
  const { seed, scenarios, systems, profile, jobs, harms, depth, nestedEvery } = order
  const progress = output.progress()
  const budgetMs = order.budgetMs ?? Infinity
  const endMs = performance.now() + budgetMs
  const isOver = budgetOf(order.budgetMs, order.stop)
  let found = 0
  let scenariosLeft = scenarios.length * systems.length
  let since: { readonly name: string; readonly ms: number } | undefined
  const { journal, part, stop } = order
  const asked = { profile, harms, depth, nestedEvery, perKind: order.perKind, part: part ?? null }
  const results = await explore({
    seed,
    scenarios,
    systems,
    profile,
    jobs,
    harms,
    depth,
    nestedEvery,
    perKind: order.perKind,
    ...(order.scenariosMax === undefined ? {} : { scenariosMax: order.scenariosMax }),
    ...(order.onChosen === undefined ? {} : { onChosen: order.onChosen }),
    ...(order.isDone === undefined ? {} : { isDone: order.isDone }),
    quietMs: order.quietMs,
    root: order.project.directory,
    isOver: () => isOver() || found >= order.bail,
    ...(Number.isFinite(endMs) ? { leftMs: () => endMs - performance.now() } : {}),
    ...(part === undefined ? {} : { part }),
    ...(journal === undefined ? {} : { keep: exploredKeeper(journal, seed, asked, stop) }),
    onProgress: (told) => {
      const name = `${told.scenario} ${told.system}`
      const now = performance.now()
      if (since?.name !== name) since = { name, ms: now }
      const line = explorationLine({
        ...told,
        elapsedMs: now - since.ms,
        scenariosLeft: scenariosLeft - 1,
        ...(Number.isFinite(endMs) ? { leftMs: endMs - now } : {}),
      })
      if (order.onLine === undefined) progress.update(line)
      else order.onLine(line)
    },
    onScenario: (result) => {
      scenariosLeft -= 1
      found += result.findings.length
      progress.print(exploredLine(result))
      order.onScenario?.(result)
    },
  })
  progress.end()
  const findings = results.flatMap((result) => result.findings)
  const unconfirmed = findings.filter(({ isConfirmed }) => !isConfirmed)
  const tokens = findings.map(({ token }) => token)
  const { artifacts } = order
  const telling = { tokens, stop, ...(artifacts === undefined ? {} : { artifacts }) }
  const { told, untold, verdicts } = await keptTelling(journal, 'told explored', telling, () =>
    tellFindings(order, findings, output),
  )
  return {
    results,
    failures: told,
    untold,
    unconfirmed,
    verdict: worst([verdictOf(results), ...verdicts]),
  }
}

/** Tells findings as cases that ran in processes of their own; `verdicts` are those of these. */
async function tellFindings(
  order: ExplorationOrder,
  findings: readonly ExploredFinding[],
  output: Output,
): Promise<ToldFailures & { readonly verdicts: readonly Verdict[] }> {
  const { reports, lost } = await reportsOf(order, findings)
  for (const why of lost) output.say(why)
  const { told, untold } = await failuresOf(
    {
      project: order.project,
      failures: reports,
      corpus: [],
      environment: order.environment,
      live: { jobs: order.jobs, codeCache: false },
      profile: order.profile,
      shrinkMs: order.shrinkMs,
      save: order.save,
      stop: order.stop,
      ...(order.artifacts === undefined ? {} : { artifacts: order.artifacts }),
    },
    output,
  )
  const verdicts = reports.map(({ verdict }) => verdict)
  return { told, untold, verdicts: lost.length === 0 ? verdicts : [...verdicts, 'HARNESS_ERROR'] }
}

const stoppedEarly = { failures: [], untold: 0, verdict: 'INCONCLUSIVE' } as const

function headOf(
  { project, seed, profile, environment, scenarios, systems, part, budgetMs }: ExplorationOrder,
  { shard }: ExploreCommandOptions,
): ResultHead {
  const own = shard ?? part
  return {
    command: 'explore',
    directory: project.directory,
    seed,
    profile,
    ...(own === undefined ? {} : { shard: own }),
    cases: 0,
    workloads: 1,
    ...(budgetMs === undefined ? {} : { budgetMs }),
    environment,
    scenarios,
    systems,
  }
}

/** The budget without what earlier processes spent of it. */
function leftOf({
  budgetMs,
  journal,
}: Pick<ExplorationOrder, 'budgetMs' | 'journal'>): Pick<ExplorationOrder, 'budgetMs'> {
  return budgetMs === undefined ? {} : { budgetMs: budgetMs - (journal?.spentBeforeMs ?? 0) }
}

/** What makes it this exploration. */
function partsOf(order: ExplorationOrder): CampaignParts {
  const { seed, scenarios, systems, profile, environment, harms, depth, nestedEvery, part } = order
  return {
    command: 'explore',
    seeds: [seed],
    directory: order.project.directory,
    profile,
    ...(part === undefined ? {} : { shard: part }),
    scenarios,
    systems,
    cases: 0,
    workloads: 1,
    explored: `${harms.join(', ')}; depth ${depth}, every ${nestedEvery}`,
    environment,
  }
}

function headLine({
  seed,
  jobs,
  scenarios,
  systems,
  profile,
  depth,
  harms,
}: ExplorationOrder): string {
  return [
    `seed ${seed}`,
    `jobs ${jobs}`,
    `${scenarios.length} scenarios × ${systems.map(({ name }) => name).join(', ')}`,
    `profile ${profile}: ${profiles[profile].title}`,
    `depth ${depth}`,
    `grain ${boundsDefaults.tears.grain} bytes`,
    harms.join(', '),
  ].join('  ')
}

/** Each confirmed finding as a case that ran in processes of its own; `lost`: what none came of, which is the harness's fault. */
async function reportsOf(
  { scenarios, systems, profile, jobs }: ExplorationOrder,
  findings: readonly ExploredFinding[],
): Promise<{ readonly reports: readonly CaseReport[]; readonly lost: readonly string[] }> {
  const confirmed = findings.filter(({ isConfirmed, verdict }) => isConfirmed && isBreach(verdict))
  if (confirmed.length === 0) return { reports: [], lost: [] }
  const bench = new Workbench({ jobs, codeCache: false }, profile)
  const groups = new Map<string, Group>()
  const reports: CaseReport[] = []
  const lost: string[] = []
  try {
    for (const { token, verdict } of confirmed) {
      const { scenario, system, seed } = parseToken(token)
      const key = `${scenario} ${system}`
      const group = groups.get(key) ?? groupOf(scenarios, systems, scenario, system, seed)
      if (group === undefined) continue
      groups.set(key, group)
      const { schedule } = parseToken(token)
      const tried = await bench.run(group, { schedule }, origin)
      if (tried.kind === 'case') reports.push(tried.report)
      else if (!strikesAtRead(schedule))
        lost.push(`${token} is ${verdict}, and is no case when it runs again: ${tried.why}`)
    }
    return { reports, lost }
  } finally {
    await bench.close()
  }
}

const origin: Origin = { kind: 'class', name: 'explored' }

function groupOf(
  scenarios: readonly Scenario[],
  systems: readonly System[],
  scenarioName: string,
  systemName: string,
  seed: string,
): Group | undefined {
  const scenario = scenarios.find(({ name }) => name === scenarioName)
  const system = systems.find(({ name }) => name === systemName)
  if (scenario === undefined || system === undefined) return undefined
  return { scenario, system, seed, workload: workloadOfSeed(scenario, system, seed) }
}
