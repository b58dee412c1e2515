/**
 * `killpoint gate`: what a pipeline runs. The corpus first, then as many workloads as a budget allows, in an order that the
 * seed decides; the seed is the commit, so that two runs of one commit do the same, and the next commit tries something else.
 */
import type { Output } from '../report/output.ts'
import { gitCommit } from '../report/environment.ts'
import { finish, runOrder } from './campaign-command.ts'
import type { RunOptions } from './run.ts'
import { casesDefault } from './run.ts'
import { chooseBoth, type ConfiguredProject } from './project.ts'

/** Milliseconds. */
export const gateBudgetMs = 60_000

/** Milliseconds for making failures smaller: a red gate is looked at by somebody who waits. */
const shrinkMs = 30_000

/** The seed where there is no commit to take it from. */
const seedWithoutCommit = 'gate'

/** Runs the gate of a project, says what it showed, and gives the exit code. */
export async function gateCommand(
  project: ConfiguredProject,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const { config, directory } = project
  const outcome = await runOrder(
    {
      project,
      ...chooseBoth(project, options),
      seed: options.seed ?? gitCommit(directory) ?? seedWithoutCommit,
      cases: options.cases ?? config.cases ?? casesDefault,
      workloads: options.workloads ?? Infinity,
      options: { ...options, budget: options.budget ?? gateBudgetMs },
      shrinkMs: options.shrink === false ? 0 : shrinkMs,
      save: options.save === true,
    },
    output,
  )
  return finish(outcome, output)
}
