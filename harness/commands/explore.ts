/**
 * `killpoint explore`: every crash state of a recorded run of every scenario, recovered and judged (`exploration.ts`).
 */
import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { CampaignParts } from '../campaign/campaign-identity.ts'
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import { boundsDefaults } from '../disk-model/states.ts'
import { profiles } from '../disk-model/profile.ts'
import type { ScenarioExplored } from '../explorer/explore.ts'
import { ignoredDirectory } from '../report/files.ts'
import { ResultGatherer, type ResultHead } from '../report/result/gather.ts'
import { readResult, writeResult, type Result } from '../report/result/result.ts'
import { environmentLine, readEnvironment } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import { writing } from '../report/write-trouble.ts'
import { newSeed } from '../seed.ts'
import { exitCode, worst, type Verdict } from '../verdict.ts'
import { runExploration, type ExplorationOrder } from './exploration.ts'
import { beginCampaign, withJournal } from './journal.ts'
import { quietMs, type CommonOptions } from './options.ts'
import { chooseBoth, scratchName, type Project } from './project.ts'
import { sayResult, toldAnyway } from './result.ts'
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
    writing(directory, () => mkdirSync(directory, { recursive: true }))
    const gatherer = new ResultGatherer(headOf(order, options))
    const begun: ScenarioExplored[] = []
    const onScenario = (result: ScenarioExplored): void => {
      begun.push(result)
      gatherer.explored(result)
    }
    const explored = await untilStopped(stopping.signal, () =>
      runExploration(
        {
          ...order,
          ...leftOf(order),
          onScenario,
          onLost: (result) => gatherer.explored(result),
        },
        output,
      ),
    )
    const { failures, untold, verdict } = explored ?? stoppedEarly
    const isStopped = stopping.signal.aborted
    const built = gatherer.build({ failures, untold, isStopped })
    const known = worst([built.verdict as Verdict, verdict])
    const resultFile = join(directory, 'result.json')
    const shown: Result = { ...built, verdict: known, exitCode: exitCode(known) }
    await toldAnyway(shown, output, () => writeResult(resultFile, shown))
    const result = readResult(resultFile)
    output.json(result)
    const { notes, trouble } = writeReports(result, options, project.directory, output)
    const left = notBegun(order, begun)
    sayResult(result, output, {
      notes: [
        ...(left.length === 0 ? [] : [`not begun, its time was over: ${left.join(', ')}`]),
        ...notes,
        `result: ${relative(process.cwd(), resultFile)}`,
      ],
      isPart: left.length > 0 || begun.some(({ pointsLeft }) => pointsLeft > 0),
    })
    if (trouble !== undefined) throw trouble
    return result.exitCode
  } finally {
    stopping.forget()
  }
}

/** What was chosen, and nobody looked at. */
function notBegun(
  { scenarios, systems }: Pick<ExplorationOrder, 'scenarios' | 'systems'>,
  begun: readonly ScenarioExplored[],
): readonly string[] {
  const known = new Set(begun.map(({ scenario, system }) => `${scenario} × ${system}`))
  return systems
    .flatMap((system) => scenarios.map(({ name }) => `${name} × ${system.name}`))
    .filter((each) => !known.has(each))
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
