/**
 * The part of an exploration that every run begins with: one in so many of the crash states, storage errors and damages of each
 * scenario. Which ones depends on the seed and on nothing else; what is left out is said, with the command that does it all.
 */
import { readEnvironment } from '../report/environment.ts'
import { exploredSummary, exploredTable } from '../report/explored.ts'
import type { Output } from '../report/output.ts'
import { isBreach, worst, type Verdict } from '../verdict.ts'
import type { CampaignOutcome } from './campaign-order.ts'
import { explorationJson, runExploration, type ExplorationOrder } from './explore.ts'
import { bailDefault } from './options.ts'
import { chooseBoth, type ConfiguredProject } from './project.ts'
import type { RunOptions } from './run.ts'
import { stopOnSignals } from './stop.ts'

/** Of so many cases one is done: with the kills that follow, a run ends within a minute on two cores. */
const oneIn = 16

/** Milliseconds for making failures smaller. */
const shrinkMs = 30_000

/** What was explored, to be told with what comes after it. */
export interface ExploredFirst {
  /** Somebody wanted to stop. */
  readonly isStopped: boolean
  /** The outcome of a campaign with this before it. */
  readonly with: (outcome: CampaignOutcome) => CampaignOutcome
}

/** Explores, and says what was and what was not. */
export async function exploreFirst(
  project: ConfiguredProject,
  options: RunOptions,
  seed: string,
  output: Output,
): Promise<ExploredFirst> {
  const stopping = stopOnSignals()
  const order: ExplorationOrder = {
    project,
    ...chooseBoth(project, options),
    seed,
    jobs: options.jobs,
    profile: options.profile === 'ext4' ? 'ext4' : 'posix',
    depth: 1,
    nestedEvery: 1,
    oneIn,
    harms: ['kill', 'power-loss', 'error', 'rot'],
    environment: readEnvironment(project.directory),
    shrinkMs: options.shrink === false ? 0 : shrinkMs,
    save: options.save === true,
    ...(options.budget === undefined ? {} : { budgetMs: options.budget / 2 }),
    bail: options.bail ?? bailDefault,
    stop: stopping.signal,
  }
  try {
    const explored = await runExploration(order, output)
    const { results, failures, untold, unconfirmed } = explored
    const known = results.filter(({ counts }) => counts.checked > 0)
    if (known.length > 0) {
      output.say(exploredTable(known))
      output.say(exploredSummary(known))
      output.say(
        `explored one in ${oneIn} of the cases, drawn by the seed; all of them: killpoint explore --seed ${seed}`,
      )
      output.say('')
    }
    for (const { token, what, confirmed } of unconfirmed)
      output.say(
        `! the harness is at fault: ${what} in memory, ${confirmed} in processes: ${token}`,
      )
    const verdict = verdictOf(results)
    const failed = results.flatMap(({ findings }) =>
      findings.filter((each) => each.isConfirmed && isBreach(each.verdict)),
    ).length
    const json = explorationJson(order, explored)
    return {
      isStopped: stopping.signal.aborted,
      with: (outcome) => ({
        ...outcome,
        explored: { failed, json },
        failures: [...failures, ...outcome.failures],
        untold: outcome.untold + untold,
        verdict: worst([verdict, outcome.verdict]),
      }),
    }
  } finally {
    stopping.forget()
  }
}

/** A system whose states cannot be explored is left to the kills: that is said, and takes nothing away. */
function verdictOf(results: readonly { readonly verdict: Verdict }[]): Verdict {
  return worst(results.map(({ verdict }) => verdict))
}
