/**
 * Tells what was explored like any other failure: each finding as a case that runs in processes of its own, made smaller, with its token.
 */
import { workloadOfSeed, type Group, type Origin } from '../campaign/group.ts'
import type { CaseReport } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import {
  confirmedAtOnce,
  verdictOfNoCase,
  type ExploredFinding,
} from '../explorer/confirm-findings.ts'
import type { Output } from '../report/output.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import { several } from '../several.ts'
import { parseToken } from '../token.ts'
import { isBreach, type Verdict } from '../verdict.ts'
import { failuresOf, type FailureSource, type ToldFailures } from './failures.ts'

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

/** Tells findings as cases that ran in processes of their own; `verdicts` are those of these. */
export async function tellFindings(
  order: FindingsOrder,
  findings: readonly ExploredFinding[],
  output: Output,
): Promise<ToldFailures & { readonly verdicts: readonly Verdict[] }> {
  const { reports, lost, areConfirmed } = await reportsOf(order, findings)
  for (const { why } of lost) output.say(why)
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
  return { told, untold, verdicts: [...reports, ...lost].map(({ verdict }) => verdict) }
}

/** A finding of which no case came when it ran again. */
interface Lost {
  readonly why: string
  readonly verdict: Verdict
}

/** Each confirmed finding as a case that ran in processes of its own. */
async function reportsOf(
  { scenarios, systems, profile, jobs, quietMs }: FindingsOrder,
  findings: readonly ExploredFinding[],
): Promise<{
  readonly reports: readonly CaseReport[]
  readonly lost: readonly Lost[]
  readonly areConfirmed: boolean
}> {
  const confirmed = findings.filter(({ isConfirmed, verdict }) => isConfirmed && isBreach(verdict))
  if (confirmed.length === 0) return { reports: [], lost: [], areConfirmed: false }
  const bench = new Workbench({ jobs, quietMs, codeCache: false }, profile)
  const groups = new Map<string, Group>()
  const again = async (finding: ExploredFinding): Promise<CaseReport | Lost | undefined> => {
    const { token, verdict } = finding
    const { scenario, system, seed, schedule } = parseToken(token)
    const key = `${scenario} ${system}`
    const group = groups.get(key) ?? groupOf(scenarios, systems, scenario, system, seed)
    if (group === undefined) return undefined
    groups.set(key, group)
    const tried = await bench.run(group, { schedule }, origin)
    if (tried.kind === 'case') return tried.report
    const why = `${token} is ${verdict}, and is no case when it runs again: ${tried.why}`
    return { why, verdict: verdictOfNoCase(finding) }
  }
  try {
    const found = await several(confirmed, confirmedAtOnce, again)
    return {
      reports: found.filter((each): each is CaseReport => each !== undefined && 'run' in each),
      lost: found.filter((each): each is Lost => each !== undefined && 'why' in each),
      areConfirmed: found.every((each, place) => each?.verdict === confirmed[place]?.verdict),
    }
  } finally {
    await bench.close()
  }
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
