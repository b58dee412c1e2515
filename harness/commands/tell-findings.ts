/**
 * Tells what was explored like any other failure: each finding as a case that runs in processes of its own, made smaller, with its token.
 *
 *  T1  A finding that these do not show is nobody's failure, and no pass: the explorer and processes disagree, and that is told.
 *  T2  What fresh processes confirmed is told, whatever a stop cuts down: as it was found, where it could not be looked at again.
 */
import { workloadOfSeed, type Group, type Origin } from '../campaign/group.ts'
import type { CaseReport } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import { confirmedAtOnce, type ExploredFinding } from '../explorer/confirm-findings.ts'
import { parseSchedule } from '../fault-parse.ts'
import { groupBy } from '../history.ts'
import { versionsOf } from '../report/environment.ts'
import { storyText, type FailureStory } from '../report/failure-story.ts'
import { plainInk, type Output } from '../report/output.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import { several } from '../several.ts'
import { parseToken } from '../token.ts'
import { isBreach, outcomeRank, type Verdict } from '../verdict.ts'
import type { ToldFailure } from './campaign-order.ts'
import {
  failuresOf,
  kindsMax,
  stoppedNote,
  type FailureSource,
  type ToldFailures,
} from './failures.ts'
import { untilStopped } from './until-stopped.ts'

/** What the telling of findings needs to know. */
export interface FindingsOrder extends Pick<
  FailureSource,
  'project' | 'environment' | 'shrinkMs' | 'save' | 'stop' | 'artifacts'
> {
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly profile: string
  readonly jobs: number
  readonly quietMs: number
}

/** Findings as they were told. */
export interface ToldFindings extends ToldFailures {
  /** Of the cases that ran in processes of their own. */
  readonly verdicts: readonly Verdict[]
  /** T1: by token, and what these showed. */
  readonly lost: readonly LostFinding[]
}

/** A finding that its case did not show when it ran again: it holds, or was no case. */
export interface LostFinding extends Pick<ExploredFinding, 'token'> {
  readonly shown: string
}

/** Tells findings. */
export async function tellFindings(
  order: FindingsOrder,
  findings: readonly ExploredFinding[],
  output: Output,
): Promise<ToldFindings> {
  const confirmed = findings.filter(({ isConfirmed, verdict }) => isConfirmed && isBreach(verdict))
  const { stop } = order
  const told = stop.aborted
    ? undefined
    : await untilStopped(stop, () => tellAgain(order, confirmed, output))
  return told ?? tellAsFound(order, confirmed)
}

/** Tells each by its case; nothing where a stop came before they had run. */
async function tellAgain(
  order: FindingsOrder,
  confirmed: readonly ExploredFinding[],
  output: Output,
): Promise<ToldFindings | undefined> {
  const { reports, lost, areConfirmed } = await reportsOf(order, confirmed)
  // What was seen while everything was being stopped says nothing.
  if (order.stop.aborted) return undefined
  const { told, untold } = await failuresOf(
    {
      project: order.project,
      failures: reports,
      areConfirmed,
      corpus: [],
      environment: order.environment,
      live: { jobs: order.jobs, quietMs: order.quietMs, codeCache: false },
      profile: order.profile,
      shrinkMs: order.shrinkMs,
      save: order.save,
      stop: order.stop,
      ...(order.artifacts === undefined ? {} : { artifacts: order.artifacts }),
    },
    output,
  )
  return { told, untold, lost, verdicts: reports.map(({ verdict }) => verdict) }
}

/** T2: the first of each kind, by what the explorer and its fresh processes said of it. */
function tellAsFound(
  order: Pick<FindingsOrder, 'environment'>,
  confirmed: readonly ExploredFinding[],
): ToldFindings {
  const kinds = groupBy(confirmed, ({ token, fingerprint }) =>
    JSON.stringify([parseToken(token).system, fingerprint]),
  )
  const firsts = [...kinds.values()].flatMap(([first]) => first ?? [])
  return {
    told: firsts.slice(0, kindsMax).map((finding) => asFound(order, finding)),
    untold: Math.max(0, firsts.length - kindsMax),
    lost: [],
    verdicts: confirmed.map(({ verdict }) => verdict),
  }
}

function asFound(
  { environment }: Pick<FindingsOrder, 'environment'>,
  { token, schedule, verdict, finding, guilty, count }: ExploredFinding,
): ToldFailure {
  const { scenario, system, profile } = parseToken(token)
  const story: FailureStory = {
    scenario,
    system,
    verdict,
    ...(finding === undefined ? {} : { judgement: { ...unjudged, verdict, finding } }),
    faults: parseSchedule(schedule).flatMap((faults, place) =>
      faults.map((fault) => ({ life: place + 1, fault })),
    ),
    ...(guilty === undefined ? {} : { guilty }),
    notes: [stoppedNote, ...(count === 1 ? [] : [`${count} crash states show it`])],
    versions: versionsOf(environment, profile),
    replay: token,
  }
  return { story, text: storyText(story, plainInk), first: token, alike: count }
}

const unjudged = { more: [], follows: [], judged: [], notJudged: [], excused: [], reasons: [] }

/** Each confirmed finding as a case that ran in processes of its own. */
async function reportsOf(
  { scenarios, systems, profile, jobs, quietMs }: FindingsOrder,
  confirmed: readonly ExploredFinding[],
): Promise<{
  readonly reports: readonly CaseReport[]
  readonly lost: readonly LostFinding[]
  readonly areConfirmed: boolean
}> {
  if (confirmed.length === 0) return { reports: [], lost: [], areConfirmed: false }
  const bench = new Workbench({ jobs, quietMs, codeCache: false }, profile)
  const groups = new Map<string, Group>()
  const again = async ({
    token,
  }: ExploredFinding): Promise<CaseReport | LostFinding | undefined> => {
    const { scenario, system, seed, schedule } = parseToken(token)
    const key = `${scenario} ${system}`
    const group = groups.get(key) ?? groupOf(scenarios, systems, scenario, system, seed)
    if (group === undefined) return undefined
    groups.set(key, group)
    const tried = await bench.run(group, { schedule }, origin)
    if (tried.kind === 'not-fired') return { token, shown: tried.why }
    const { report } = tried
    return isPass(report.verdict) ? { token, shown: report.verdict } : report
  }
  try {
    const found = await several(confirmed, confirmedAtOnce, again)
    return {
      reports: found.filter((each): each is CaseReport => each !== undefined && 'run' in each),
      lost: found.filter((each): each is LostFinding => each !== undefined && 'shown' in each),
      areConfirmed: found.every(
        (each, place) =>
          each !== undefined && 'run' in each && each.verdict === confirmed[place]?.verdict,
      ),
    }
  } finally {
    await bench.close()
  }
}

/** That it holds, or was refused. */
function isPass(verdict: Verdict): boolean {
  return outcomeRank(verdict) === 0
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
