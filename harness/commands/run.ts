/**
 * `killpoint run`: every scenario over every system of the configuration; a part of its crash states in memory, then real
 * processes and real kills.
 */
import type { Output } from '../report/output.ts'
import { newSeed } from '../seed.ts'
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import { finish, oneByOne, partsOf, runOrder } from './campaign-command.ts'
import type { CampaignOrder, Driven } from './campaign-order.ts'
import { explorePart, partOfRun } from './explore-part.ts'
import { beginCampaign, journalOf, withJournal } from './journal.ts'
import type { CommonOptions } from './options.ts'
import { chooseBoth, type ConfiguredProject } from './project.ts'
import { assertSameCampaign, resumedBy } from './resume.ts'

export interface RunOptions extends CommonOptions {
  readonly cases?: number
  readonly workloads?: number
  readonly save?: boolean
  /** False with `--no-shrink`. */
  readonly shrink?: boolean
  /** False with `--no-explore`: real processes only. */
  readonly explore?: boolean
  /** The result of a campaign that was stopped: what it ran is not run again. */
  readonly resume?: string
}

/** Cases per workload unless the configuration or the command line says otherwise. */
export const casesDefault = 13

/** Milliseconds for making failures smaller. */
const shrinkMs = 30_000

/** Explores a part of a project's crash states and runs its campaign, says what both showed, and gives the exit code. */
export async function runCommand(
  project: ConfiguredProject,
  options: RunOptions,
  output: Output,
): Promise<number> {
  return await withJournal(options, (journal) => runWith(journal, project, options, output))
}

async function runWith(
  journal: CampaignJournal | undefined,
  project: ConfiguredProject,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const { config } = project
  const resumed = resumedBy(options)
  const order: CampaignOrder = {
    command: 'run',
    project,
    ...chooseBoth(project, options),
    seed: options.seed ?? resumed.before?.seed ?? journal?.seeds?.[0] ?? newSeed(),
    cases: options.cases ?? config.cases ?? casesDefault,
    workloads: options.workloads ?? config.workloads ?? 1,
    options,
    shrinkMs: options.shrink === false ? 0 : shrinkMs,
    save: options.save === true,
    drive: async (driven) => {
      if (options.explore !== false) await exploreFirst(driven)
      await oneByOne(driven)
    },
    ...resumed,
    ...journalOf(journal),
  }
  const explored = options.explore === false ? 'nothing' : 'a part'
  const parts = partsOf(order, explored)
  assertSameCampaign(order.before, parts)
  await beginCampaign(journal, parts, output)
  return finish(await runOrder(order, output), order, output)
}

async function exploreFirst(driven: Driven): Promise<void> {
  const { budget } = driven.order.options
  await explorePart(driven, {
    harms: ['kill', 'power-loss', 'error', 'rot'],
    budgetMs: (budget ?? Infinity) / 2,
    ...partOfRun,
  })
}
