/**
 * `killpoint explore`: every crash state of a recorded run of every scenario, recovered and judged. What is found is seen again
 * in fresh processes, made smaller and told like any other failure.
 */
import type { CaseReport } from '../campaign/trial.ts'
import { workloadOfSeed, type Group, type Origin } from '../campaign/group.ts'
import { Workbench } from '../campaign/workbench.ts'
import { boundsDefaults } from '../disk-model/states.ts'
import { profiles, type ProfileName } from '../disk-model/profile.ts'
import {
  explore,
  verdictOf,
  type ExploredFinding,
  type ScenarioExplored,
} from '../explorer/explore.ts'
import type { Harm } from '../explorer/job.ts'
import {
  countsJson,
  exploredLine,
  exploredSummary,
  exploredTable,
  notLookedAt,
} from '../report/explored.ts'
import { environmentLine, readEnvironment, type Environment } from '../report/environment.ts'
import { storyText } from '../report/failure-story.ts'
import type { Output } from '../report/output.ts'
import type { Scenario } from '../scenario.ts'
import { newSeed } from '../seed.ts'
import type { System } from '../system.ts'
import { parseToken } from '../token.ts'
import { exitCode, isBreach, worst, type Verdict } from '../verdict.ts'
import { budgetOf } from './campaign-command.ts'
import type { ToldFailure } from './campaign-order.ts'
import { failuresOf } from './failures.ts'
import { shardOf, type CommonOptions } from './options.ts'
import { chooseBoth, type Project } from './project.ts'
import { stopOnSignals } from './stop.ts'

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
  /** One in so many of all cases, drawn by the seed. */
  readonly oneIn: number
  readonly harms: readonly Harm[]
  readonly environment: Environment
  /** Milliseconds for making failures smaller, all together. */
  readonly shrinkMs: number
  readonly save: boolean
  /** Real milliseconds after which nothing new is begun; absent: until all is done. */
  readonly budgetMs?: number
  /** Kinds of failure after which no further scenario is begun. */
  readonly bail: number
  readonly stop: AbortSignal
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
  const environment = readEnvironment(project.directory)
  const stopping = stopOnSignals()
  const { depth = 1, every = 1, bail = Infinity } = options
  const chosen = chooseBoth(project, options)
  const order: ExplorationOrder = {
    project,
    systems: chosen.systems,
    scenarios: shardOf(chosen.scenarios, options.shard),
    seed: options.seed ?? newSeed(),
    jobs: options.jobs,
    profile: options.profile === 'ext4' ? 'ext4' : 'posix',
    depth,
    nestedEvery: every,
    oneIn: 1,
    harms:
      options.errors === false ? ['kill', 'power-loss'] : ['kill', 'power-loss', 'error', 'rot'],
    environment,
    shrinkMs: options.shrink === false ? 0 : shrinkMsDefault,
    save: options.save === true,
    ...(options.budget === undefined ? {} : { budgetMs: options.budget }),
    bail,
    stop: stopping.signal,
  }
  output.say(environmentLine(environment))
  output.say(headLine(order))
  output.say('')
  try {
    const outcome = await runExploration(order, output)
    output.json(explorationJson(order, outcome))
    sayExploration(outcome, output)
    return exitCode(outcome.verdict)
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
  const results = await explore({
    seed,
    scenarios,
    systems,
    profile,
    jobs,
    harms,
    depth,
    nestedEvery,
    oneIn: order.oneIn,
    root: order.project.directory,
    isOver: () => isOver() || found >= order.bail,
    ...(Number.isFinite(endMs) ? { leftMs: () => endMs - performance.now() } : {}),
    onScenario: (result) => {
      found += result.findings.length
      progress.print(exploredLine(result))
    },
  })
  progress.end()
  const findings = results.flatMap((result) => result.findings)
  const unconfirmed = findings.filter(({ isConfirmed }) => !isConfirmed)
  const reports = await reportsOf(order, findings)
  const { told, untold } = await failuresOf(
    {
      project: order.project,
      failures: reports,
      corpus: [],
      environment: order.environment,
      live: { jobs, codeCache: false },
      profile,
      shrinkMs: order.shrinkMs,
      save: order.save,
      stop: order.stop,
    },
    output,
  )
  return {
    results,
    failures: told,
    untold,
    unconfirmed,
    verdict: worst([verdictOf(results), ...reports.map(({ verdict }) => verdict)]),
  }
}

/** Says what was explored; the failures stand last. */
export function sayExploration(outcome: ExplorationOutcome, output: Output): void {
  const { results, failures, untold, unconfirmed, verdict } = outcome
  const { say, ink } = output
  say(exploredTable(results))
  say('')
  for (const { scenario, system, skipped, controlFault } of results) {
    if (skipped !== undefined) say(`skipped ${scenario} × ${system}: ${skipped}`)
    if (controlFault !== undefined) say(`${scenario} × ${system} without a fault: ${controlFault}`)
  }
  for (const line of notLookedAt(results, boundsDefaults)) say(`sampled: ${line}`)
  say(exploredSummary(results))
  for (const { token, verdict: found, what, confirmed } of unconfirmed)
    say(
      ink.doubt(
        `! the harness is at fault: ${found} (${what}) in memory, ${confirmed} in processes: ${token}`,
      ),
    )
  if (failures.length === 0) {
    const good = verdict === 'HOLDS'
    say(good ? ink.good('✓ all of it holds') : ink.doubt(`? ${verdict.toLowerCase()}`))
    return
  }
  say(`${failures.length} kinds of failure${untold === 0 ? '' : `, and ${untold} more`}`)
  for (const { story } of failures) {
    say('')
    say(storyText(story, ink))
  }
}

/** The outcome as JSON. */
export function explorationJson(
  { seed, profile, depth, environment }: ExplorationOrder,
  { results, failures, unconfirmed, verdict }: ExplorationOutcome,
): unknown {
  return {
    version: 1,
    seed,
    profile,
    depth,
    bounds: boundsDefaults,
    environment,
    verdict,
    exitCode: exitCode(verdict),
    scenarios: results.map(({ counts, findings, ...result }) => ({
      ...result,
      counts: countsJson(counts),
      findings: findings.map(({ token, verdict: found, invariant, what, count, isConfirmed }) => ({
        token,
        verdict: found,
        invariant,
        what,
        states: count,
        isConfirmed,
      })),
    })),
    failures: failures.map(({ story, text, first, alike, saved }) => ({
      scenario: story.scenario,
      system: story.system,
      verdict: story.verdict,
      invariant: story.judgement?.finding?.invariant,
      guilty: story.guilty,
      token: story.replay,
      first,
      alike,
      saved,
      text,
    })),
    unconfirmed: unconfirmed.map(({ token, confirmed }) => ({ token, confirmed })),
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

/** Each confirmed finding as a case that ran in processes of its own. */
async function reportsOf(
  { scenarios, systems, profile, jobs }: ExplorationOrder,
  findings: readonly ExploredFinding[],
): Promise<readonly CaseReport[]> {
  const confirmed = findings.filter(({ isConfirmed, verdict }) => isConfirmed && isBreach(verdict))
  if (confirmed.length === 0) return []
  const bench = new Workbench({ jobs, codeCache: false }, profile)
  const groups = new Map<string, Group>()
  const reports: CaseReport[] = []
  try {
    for (const { token } of confirmed) {
      const { scenario, system, seed } = parseToken(token)
      const key = `${scenario} ${system}`
      const group = groups.get(key) ?? groupOf(scenarios, systems, scenario, system, seed)
      if (group === undefined) continue
      groups.set(key, group)
      const { schedule } = parseToken(token)
      const tried = await bench.run(group, { schedule }, origin)
      if (tried.kind === 'case') reports.push(tried.report)
    }
    return reports
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
