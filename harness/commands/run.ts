/** `killpoint run`: every scenario over every system of the configuration, with real processes and real kills. */
import type { Output } from '../report/output.ts'
import { newSeed } from '../seed.ts'
import { finish, runOrder } from './campaign-command.ts'
import type { CommonOptions } from './options.ts'
import { chooseBoth, type ConfiguredProject } from './project.ts'

export interface RunOptions extends CommonOptions {
  readonly cases?: number
  readonly workloads?: number
  readonly save?: boolean
  /** False with `--no-shrink`. */
  readonly shrink?: boolean
}

/** Cases per workload unless the configuration or the command line says otherwise. */
export const casesDefault = 14

/** Milliseconds for making failures smaller. */
const shrinkMs = 30_000

/** Runs the campaign of a project, says what it showed, and gives the exit code. */
export async function runCommand(
  project: ConfiguredProject,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const { config } = project
  const outcome = await runOrder(
    {
      project,
      ...chooseBoth(project, options),
      seed: options.seed ?? newSeed(),
      cases: options.cases ?? config.cases ?? casesDefault,
      workloads: options.workloads ?? config.workloads ?? 1,
      options,
      shrinkMs: options.shrink === false ? 0 : shrinkMs,
      save: options.save === true,
    },
    output,
  )
  return finish(outcome, output)
}
