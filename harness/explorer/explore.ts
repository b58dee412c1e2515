/**
 * The explorer: crash states of recorded runs, recovered and judged, for every scenario of every system.
 *
 *  P1  The control of a case is one real process. What is explored is what it did; a control that does not hold is reported
 *      and nothing else is said of its scenario.
 *  P2  States are dealt to shards in processes of their own; what comes out does not depend on how many there are.
 *  P3  A finding is reported when fresh processes show the same verdict for the same schedule. One that they do not show is a
 *      fault of the harness, and is reported as that.
 *  P4  What cannot be explored is said, with the reason.
 */
import { availableParallelism } from 'node:os'
import { workloadOfSeed } from '../campaign/group.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import type { SourceTransform } from '../live/bundle.ts'
import { sitesUnder } from '../report/sites.ts'
import type { TraceColumns } from '../report/result/result.ts'
import { traceOfOps } from '../report/result/told-trace.ts'
import { quoted, visible } from '../report/visible.ts'
import { RecoverySample, type RecoveryPoint } from '../recovery.ts'
import type { Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { several } from '../several.ts'
import { missingClaims, type System } from '../system.ts'
import { stringifyToken } from '../token.ts'
import { worst, type Verdict } from '../verdict.ts'
import type { Workload } from '../workload.ts'
import { chooseScenarios, explorable } from './choose-scenarios.ts'
import { CrashBench, type CrashGroup, type RecordedCase } from './crash-bench.ts'
import {
  confirm,
  confirmAll,
  findingOf,
  reported,
  verdictOfFindings,
  type ExploredFinding,
} from './confirm-findings.ts'
import { runShards, type DealOptions } from './deal-shards.ts'
import { mergePoints, type PointOutcome } from './point-map.ts'
import {
  addCounts,
  noCounts,
  type ShardCounts,
  type ShardProgress,
  type ShardReport,
} from './job.ts'

/** What is explored, and how far. */
export interface ExploreOptions extends DealOptions {
  readonly seed: string
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly profile?: ProfileName
  /** Replaces sources as they are bundled: planted bugs. */
  readonly transform?: SourceTransform
  /** In place of the drawn one, for every scenario; tokens then do not replay. */
  readonly workload?: Workload
  readonly scratch?: string
  /** Milliseconds: a life in a process is put down that shows nothing for ten times as long. */
  readonly quietMs?: number
  /** Directory that sites are shown relative to. */
  readonly root?: string
  /** So many scenarios at most, chosen by what they do (`choose-scenarios.ts`); default all. */
  readonly scenariosMax?: number
  /** Told of these. */
  readonly onChosen?: (chosen: readonly Scenario[]) => void
  /** Of these the ones that were explored before. */
  readonly isDone?: (scenario: Scenario) => boolean
  /** True when no further scenario is to be explored. */
  readonly isOver?: () => boolean
  /** True once everything is to end at once: what is under way may fail then, and is told as far as it is known. */
  readonly isStopped?: () => boolean
  readonly onScenario?: (result: ScenarioExplored) => void
  /** Told about once a second how far all shards of a scenario are, together. */
  readonly onProgress?: (progress: ShardProgress & Named) => void
  /** Keeps what was explored, scenario by scenario, and gives what an earlier process kept. */
  readonly keep?: ExploredKeeper
}

/** Where explorations are kept. */
export interface ExploredKeeper {
  /** Told of the program of each system before anything of it is explored. @throws UsageError `CAMPAIGN_MISMATCH` */
  readonly open: (bench: Pick<CrashBench, 'system' | 'sources'>) => Promise<void>
  /** True for a scenario that would not be explored. */
  readonly has: (named: Named) => boolean
  /** What was kept of a scenario, or what `run` gives, once it is committed. */
  readonly once: (named: Named, run: () => Promise<ScenarioExplored>) => Promise<ScenarioExplored>
}

type Named = Pick<ScenarioExplored, 'scenario' | 'system'>

/** What was explored of one scenario over one system. */
export interface ScenarioExplored {
  readonly scenario: string
  readonly system: string
  readonly ops: number
  readonly points: number
  /** Points that the budget left out, in some shard. */
  readonly pointsLeft: number
  readonly counts: ShardCounts
  readonly findings: readonly ExploredFinding[]
  /** What came of the crashes of the first life, by place. */
  readonly map?: readonly PointOutcome[]
  /** What it cost lives in memory to come back: a sample. */
  readonly recoveries?: readonly RecoveryPoint[]
  /** Of the control's first life. */
  readonly trace?: TraceColumns
  /** Start of the tokens of its cases, up to the schedule. */
  readonly prefix?: string
  /** Distinct states of the first life, and how many of them were to be recovered, where that is a draw. */
  readonly drawn?: { readonly chosen: number; readonly distinct: number }
  /** Why nothing was explored. */
  readonly skipped?: string
  /** Why the control does not hold. */
  readonly controlFault?: string
  readonly verdict: Verdict
}

/**
 * Explores.
 *
 * @throws TroubleError where a system cannot be started at all; HarnessError where a shard died
 */
export async function explore(options: ExploreOptions): Promise<readonly ScenarioExplored[]> {
  const results: ScenarioExplored[] = []
  const { isOver, keep } = options
  for (const system of options.systems) {
    const isKept = options.scenarios.some((each) => keep?.has(namedOf(each, system)) === true)
    if (isOver?.() === true && !isKept) break
    const bench = await CrashBench.open(system, options)
    // While one scenario is explored, the control of the next is recorded.
    const ahead = new Map<Scenario, Promise<RecordedCase>>()
    const isKnown = (each: Scenario): boolean => keep?.has(namedOf(each, system)) === true
    try {
      await keep?.open(bench)
      const { scenarios, recorded } = await choose(bench, options)
      for (const [place, scenario] of scenarios.entries()) {
        if (isOver?.() === true && !isKnown(scenario)) break
        const next = scenarios[place + 1]
        if (next !== undefined && !recorded.has(next) && !isKnown(next))
          recordAhead(bench, options, next, ahead)
        const run = async (): Promise<ScenarioExplored> =>
          await exploreScenario(
            bench,
            options,
            scenario,
            recorded.get(scenario) ?? (await ahead.get(scenario)),
          )
        const result =
          keep === undefined ? await run() : await keep.once(namedOf(scenario, system), run)
        options.onScenario?.(result)
        results.push(result)
      }
    } finally {
      await Promise.allSettled(ahead.values())
      await bench.close()
    }
  }
  return results
}

function recordAhead(
  bench: CrashBench,
  options: ExploreOptions,
  scenario: Scenario,
  ahead: Map<Scenario, Promise<RecordedCase>>,
): void {
  const group = groupOf(bench, options, scenario)
  // The first control of a foreign program says under what the others are to be seen.
  if (bench.isForeign || whyNot(bench, group) !== undefined) return
  const recorded = bench.record(group)
  // Who explores it is told; where nobody does, it does not matter.
  recorded.catch(() => undefined)
  ahead.set(scenario, recorded)
}

/** The scenarios that are explored, and what was recorded of them for the choice. */
async function choose(
  bench: CrashBench,
  options: ExploreOptions,
): Promise<{
  readonly scenarios: readonly Scenario[]
  readonly recorded: ReadonlyMap<Scenario, RecordedCase>
}> {
  const { scenarios, scenariosMax = Infinity, jobs = availableParallelism(), seed } = options
  const recorded = new Map<Scenario, RecordedCase>()
  const able = scenarios.filter(
    (scenario) => whyNot(bench, groupOf(bench, options, scenario)) === undefined,
  )
  // Where a life costs a process below the process, the choice would cost more than what is chosen.
  if (able.length > scenariosMax && !bench.isForeign) {
    await several(able, jobs, async (scenario) => {
      recorded.set(scenario, await bench.record(groupOf(bench, options, scenario)))
    })
  }
  // What starts processes is not lived in memory.
  const all = able
    .filter((scenario) => (recorded.get(scenario)?.trace?.forks ?? []).length === 0)
    .map((scenario) => {
      const { workload } = groupOf(bench, options, scenario)
      return explorable(scenario, workload, recorded.get(scenario)?.trace)
    })
  const chosen = able.length > scenariosMax ? chooseScenarios(all, scenariosMax, seed) : scenarios
  options.onChosen?.(chosen)
  const left = chosen.filter((scenario) => options.isDone?.(scenario) !== true)
  return { scenarios: left, recorded }
}

function groupOf(
  { system }: CrashBench,
  options: Pick<ExploreOptions, 'seed' | 'workload'>,
  scenario: Scenario,
): CrashGroup {
  const seed = deriveSeed(options.seed, 'case', scenario.name, system.name, 0)
  return { scenario, seed, workload: options.workload ?? workloadOfSeed(scenario, system, seed) }
}

function namedOf({ name }: Scenario, { name: system }: System): Named {
  return { scenario: name, system }
}

/** The answer about all of it; nothing that was checked is inconclusive. */
export function verdictOf(results: readonly ScenarioExplored[]): Verdict {
  const checked = results.reduce((sum, { counts }) => sum + counts.checked, 0)
  return worst([
    ...results.map(({ verdict }) => verdict),
    ...(checked === 0 ? (['INCONCLUSIVE'] as const) : []),
  ])
}

/** Explores one scenario over the system of a bench. `known`: its recorded control. */
export async function exploreScenario(
  bench: CrashBench,
  options: ExploreOptions,
  scenario: Scenario,
  known?: RecordedCase,
): Promise<ScenarioExplored> {
  const { system } = bench
  const named = { ...nothing, scenario: scenario.name, system: system.name }
  const group = groupOf(bench, options, scenario)
  const reason = whyNot(bench, group)
  if (reason !== undefined) return { ...named, skipped: reason, verdict: 'SKIPPED' }
  const recorded = known ?? (await bench.record(group))
  const { verdict, finding, reasons } = recorded.judgement
  const broken = findingOf(recorded)
  if (broken !== undefined) {
    const findings = [await confirm(bench, group, recorded, broken, options)]
    const prefix = tokenPrefix(group, system, recorded.order.profile)
    const counts = { ...noCounts, checked: 1 }
    return { ...named, counts, findings, prefix, verdict: verdictOfFindings(findings) }
  }
  if (verdict !== 'HOLDS') {
    const why = finding?.what ?? reasons.join('; ')
    const words = recorded.stderr.split('\n').filter((line) => line.trim() !== '')
    const controlFault = [visible(why), ...quoted(words)].join('\n')
    return { ...named, controlFault, verdict: 'HARNESS_ERROR' }
  }
  if (recorded.unseen !== undefined)
    return { ...named, skipped: `unseen: ${recorded.unseen}`, verdict: 'SKIPPED' }
  const prefix = tokenPrefix(group, system, recorded.order.profile)
  const sampled = { scenario: scenario.name, system: system.name, prefix }
  let progress: ShardProgress | undefined
  const onProgress = (told: ShardProgress): void => {
    progress = told
    options.onProgress?.({ ...told, ...namedOf(scenario, system) })
  }
  let reports: readonly ShardReport[]
  try {
    reports = await runShards(bench, recorded, options, { sampled, onProgress })
  } catch (error) {
    if (options.isStopped?.() !== true) throw error
    const found = reported([{ findings: progress?.found ?? [] }])
    const findings = await confirmAll(bench, group, recorded, found, options)
    const counts = { ...noCounts, checked: progress?.checked ?? 0 }
    // How far the shards were nobody knows.
    const points = (recorded.trace?.ops.length ?? 0) + 1
    const far = { ops: points - 1, points, pointsLeft: points }
    return { ...named, ...far, counts, findings, prefix, verdict: 'INCONCLUSIVE' }
  }
  const unsupported = reports.find((report) => report.unsupported !== undefined)?.unsupported
  if (unsupported !== undefined) return { ...named, skipped: unsupported, verdict: 'SKIPPED' }
  const strange = reports.find((report) => report.strange !== undefined)?.strange
  if (strange !== undefined && !system.claims.includes('serial'))
    return {
      ...named,
      skipped: 'no two lives of it are the same (claim serial)',
      verdict: 'SKIPPED',
    }
  if (strange !== undefined) return { ...named, controlFault: strange, verdict: 'HARNESS_ERROR' }
  const findings = await confirmAll(bench, group, recorded, reported(reports), options)
  return {
    ...named,
    ops: reports[0]?.ops ?? 0,
    points: reports[0]?.points ?? 0,
    pointsLeft: Math.max(...reports.map(({ pointsLeft }) => pointsLeft)),
    counts: addCounts(reports.map(({ counts }) => counts)),
    ...(reports[0]?.drawn === undefined ? {} : { drawn: reports[0].drawn }),
    findings,
    map: mergePoints(reports.map(({ map = [] }) => map)),
    ...(recorded.trace === undefined
      ? {}
      : {
          trace: traceOfOps(
            { scenario: scenario.name, system: system.name, seed: group.seed },
            recorded.trace.ops,
            sitesUnder(options.root ?? process.cwd()),
          ),
        }),
    prefix,
    recoveries: joinedSample(reports),
    verdict: verdictOfFindings(findings),
  }
}

function joinedSample(reports: readonly ShardReport[]): readonly RecoveryPoint[] {
  const sample = new RecoverySample()
  for (const point of reports.flatMap(({ recoveries = [] }) => recoveries)) sample.add(point)
  return sample.list()
}

function tokenPrefix({ scenario, seed }: CrashGroup, system: System, profile: ProfileName): string {
  const token = { scenario: scenario.name, system: system.name, seed, profile, schedule: [] }
  const text = stringifyToken(token)
  return text.slice(0, text.lastIndexOf(':') + 1)
}

const nothing: Omit<ScenarioExplored, 'scenario' | 'system' | 'verdict'> = {
  ops: 0,
  points: 0,
  pointsLeft: 0,
  counts: noCounts,
  findings: [],
}

function whyNot(bench: CrashBench, { scenario, workload }: CrashGroup): string | undefined {
  const missing = missingClaims(bench.system, scenario.needs)
  if (missing.length > 0) return `it does not claim ${missing.join(', ')}`
  return bench.whyNot ?? whyNotFromOutside(bench, workload)
}

/**
 * Other processes act in the gaps between lives. What a kill leaves there, the live engine shows, with the act in the middle of a
 * life: its tokens would be other cases.
 */
function whyNotFromOutside(
  { isForeign, system }: CrashBench,
  { outside = [] }: Workload,
): string | undefined {
  if (outside.length === 0) return undefined
  if (isForeign) return 'another process acts on its run'
  return system.claims.includes('power')
    ? undefined
    : 'another process acts on its run, and it does not claim power'
}
