/**
 * Explores scenarios over systems and looks at what was found: what `explore` does, and `run` and `validate` as a part of theirs.
 */
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import { withLost } from '../explorer/confirm-findings.ts'
import { explore, verdictOf, type ScenarioExplored } from '../explorer/explore.ts'
import type { Harm } from '../explorer/job.ts'
import { exploredLine } from '../report/explored.ts'
import { explorationLine } from '../report/progress-line.ts'
import type { Environment } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import { worst, type Verdict } from '../verdict.ts'
import { budgetOf } from './campaign-command.ts'
import type { ToldFailure } from './campaign-order.ts'
import { exploredKeeper, keptTelling } from './journal.ts'
import type { Project } from './project.ts'
import { tellFindings } from './tell-findings.ts'
import { untilStopped } from './until-stopped.ts'

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
  /** Told of one again where processes did not show what was found in it. */
  readonly onLost?: (result: ScenarioExplored) => void
  /** Told in place of the terminal how far it is, in one line. */
  readonly onLine?: (line: string) => void
}

/** What came of it. */
export interface ExplorationOutcome {
  readonly results: readonly ScenarioExplored[]
  readonly failures: readonly ToldFailure[]
  readonly untold: number
  readonly verdict: Verdict
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
  const explored: ScenarioExplored[] = []
  // What a stop cuts down takes nothing away of what was explored before it.
  await untilStopped(stop, () =>
    explore({
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
      isStopped: () => stop.aborted,
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
        explored.push(result)
        progress.print(exploredLine(result))
        order.onScenario?.(result)
      },
    }),
  )
  progress.end()
  const findings = explored.flatMap((result) => result.findings)
  const tokens = findings.map(({ token }) => token)
  const { artifacts } = order
  const telling = { tokens, stop, ...(artifacts === undefined ? {} : { artifacts }) }
  const { told, untold, verdicts, lost } = await keptTelling(
    journal,
    'told explored',
    telling,
    () => tellFindings(order, findings, output),
  )
  const results = explored.map((result) => withLost(result, lost))
  for (const [place, result] of results.entries())
    if (result !== explored[place]) order.onLost?.(result)
  return {
    results,
    failures: told,
    untold,
    verdict: worst([verdictOf(results), ...verdicts]),
  }
}
