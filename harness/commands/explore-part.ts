/** The explorer inside of a campaign: what it finds is told with what the kills find. Nothing is explored twice on a resume. */
import type { Scenario } from '../scenario.ts'
import type { Harm } from '../explorer/job.ts'
import type { Driven } from './campaign-order.ts'
import { runExploration } from './exploration.ts'
import { quietMs } from './options.ts'
import { untilStopped } from './until-stopped.ts'

/** How much of it. */
export interface PartOptions {
  readonly harms: readonly Harm[]
  /** Milliseconds; `Infinity` for as long as it takes. */
  readonly budgetMs: number
  /** Of all cases one of each kind. */
  readonly perKind: boolean
  /** So many scenarios at most: each costs a second before its first case. */
  readonly scenariosMax: number
}

/** What `run` and `validate` explore: with the kills that follow, they end within a minute on two cores. */
export const partOfRun: Pick<PartOptions, 'perKind' | 'scenariosMax'> = {
  perKind: true,
  scenariosMax: 2,
}

/** Explores the scenarios of a campaign. */
export async function explorePart(
  driven: Driven,
  { harms, budgetMs, perKind, scenariosMax }: PartOptions,
): Promise<void> {
  const { order, stop, environment, watch, output } = driven
  const { options, project, systems, scenarios } = order
  const done = new Set(
    (order.before?.explored ?? [])
      .filter(({ pointsLeft }) => pointsLeft === 0)
      .map(({ scenario }) => scenario),
  )
  const isDone = ({ name }: Scenario): boolean => done.has(name)
  if (scenarios.every(isDone)) return
  let left = Math.min(scenarios.length, scenariosMax) * systems.length
  watch.exploring(left)
  const onChosen = (chosen: readonly Scenario[]): void => {
    if (chosen.length < scenarios.length)
      output.say(
        `exploring ${chosen.length} of ${scenarios.length} scenarios, which between them do every kind of op on the disk: ${chosen.map(({ name }) => name).join(', ')}; all of them: killpoint explore --seed ${order.seed}\n`,
      )
  }
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
        perKind,
        scenariosMax,
        onChosen,
        isDone,
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
          watch.explored(result, perKind)
          watch.exploring(left)
        },
        onLost: (result) => driven.gatherer.explored(result, perKind),
      },
      { ...output, progress: () => watch.quiet },
    ),
  )
  if (found === undefined) return
  driven.told.push(...found.failures)
  driven.untold += found.untold
}
