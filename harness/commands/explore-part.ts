/** The explorer inside of a campaign: what it finds is told with what the kills find. Nothing is explored twice on a resume. */
import type { Scenario } from '../scenario.ts'
import { random } from '../seed.ts'
import type { Harm } from '../explorer/job.ts'
import type { Driven } from './campaign-order.ts'
import { runExploration } from './explore.ts'
import { quietMs } from './options.ts'
import { untilStopped } from './until-stopped.ts'

/** How much of it. */
export interface PartOptions {
  readonly harms: readonly Harm[]
  /** Milliseconds; `Infinity` for as long as it takes. */
  readonly budgetMs: number
  /** One in so many of all cases, drawn by the seed. */
  readonly oneIn: number
  /** So many scenarios at most, drawn by the seed: each costs a second before its first case. */
  readonly scenariosMax: number
}

/** Explores the scenarios of a campaign. */
export async function explorePart(
  driven: Driven,
  { harms, budgetMs, oneIn, scenariosMax }: PartOptions,
): Promise<void> {
  const { order, stop, environment, watch, output } = driven
  const { options, project, systems } = order
  const done = new Set(
    (order.before?.explored ?? [])
      .filter(({ pointsLeft }) => pointsLeft === 0)
      .map(({ scenario }) => scenario),
  )
  const drawn = drawScenarios(order.scenarios, scenariosMax, order.seed)
  if (drawn.length < order.scenarios.length)
    output.say(
      `exploring ${drawn.length} of ${order.scenarios.length} scenarios, drawn by the seed: ${drawn.map(({ name }) => name).join(', ')}; all of them: killpoint explore --seed ${order.seed}\n`,
    )
  const scenarios = drawn.filter(({ name }) => !done.has(name))
  if (scenarios.length === 0) return
  let left = scenarios.length * systems.length
  watch.exploring(left)
  const found = await untilStopped(stop, () =>
    runExploration(
      {
        project,
        scenarios,
        systems,
        seed: order.seed,
        jobs: options.jobs,
        profile: options.profile === 'ext4' ? 'ext4' : 'posix',
        depth: 1,
        nestedEvery: 1,
        oneIn,
        harms,
        environment,
        quietMs: options.quiet ?? quietMs,
        shrinkMs: order.shrinkMs / 2,
        save: order.save,
        ...(Number.isFinite(budgetMs) ? { budgetMs } : {}),
        bail: options.bail ?? Infinity,
        ...(order.journal === undefined ? {} : { journal: order.journal }),
        stop,
        ...(options.shard === undefined ? {} : { part: options.shard }),
        ...(options.artifacts === undefined ? {} : { artifacts: options.artifacts }),
        onLine: (line) => watch.line(line),
        onScenario: (result) => {
          left -= 1
          watch.explored(result, oneIn)
          watch.exploring(left)
        },
      },
      { ...output, progress: () => watch.quiet },
    ),
  )
  if (found === undefined) return
  driven.told.push(...found.failures)
  driven.untold += found.untold
}

/** In their own order. */
function drawScenarios(
  scenarios: readonly Scenario[],
  count: number,
  seed: string,
): readonly Scenario[] {
  if (scenarios.length <= count) return scenarios
  const numbers = random(seed, 'sample', 'explored scenarios')
  const places = scenarios
    .map((_, place) => ({ place, rank: numbers.real() }))
    .toSorted((left, right) => left.rank - right.rank)
    .slice(0, count)
  const chosen = new Set(places.map(({ place }) => place))
  return scenarios.filter((_, place) => chosen.has(place))
}
