/**
 * `killpoint run`: every scenario over every system of the configuration; a part of its crash states in memory, then real
 * processes and real kills.
 */
import type { Output } from '../report/output.ts'
import { newSeed } from '../seed.ts'
import { exitCode } from '../verdict.ts'
import { finish, runOrder } from './campaign-command.ts'
import { exploreFirst } from './explore-first.ts'
import type { CommonOptions } from './options.ts'
import { chooseBoth, type ConfiguredProject } from './project.ts'

export interface RunOptions extends CommonOptions {
  readonly cases?: number
  readonly workloads?: number
  readonly save?: boolean
  /** False with `--no-shrink`. */
  readonly shrink?: boolean
  /** False with `--no-explore`: real processes only. */
  readonly explore?: boolean
}

/** Cases per workload unless the configuration or the command line says otherwise. */
export const casesDefault = 14

/** Milliseconds for making failures smaller. */
const shrinkMs = 30_000

/** Explores a part of a project's crash states and runs its campaign, says what both showed, and gives the exit code. */
export async function runCommand(
  project: ConfiguredProject,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const { config } = project
  const seed = options.seed ?? newSeed()
  const explored = explores(options)
    ? await exploreFirst(project, options, seed, output)
    : undefined
  if (explored?.isStopped === true) return exitCode('INCONCLUSIVE')
  const outcome = await runOrder(
    {
      project,
      ...chooseBoth(project, options),
      seed,
      cases: options.cases ?? config.cases ?? casesDefault,
      workloads: options.workloads ?? config.workloads ?? 1,
      options,
      shrinkMs: options.shrink === false ? 0 : shrinkMs,
      save: options.save === true,
    },
    output,
  )
  return finish(explored === undefined ? outcome : explored.with(outcome), output)
}

/** The states of a project belong to the first part of a run that was split, as its corpus does. */
function explores({ explore, shard }: RunOptions): boolean {
  return explore !== false && (shard?.index ?? 1) === 1
}
