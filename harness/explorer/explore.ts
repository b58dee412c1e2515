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
import type { Finding } from '../checkers/finding.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import { boundsDefaults, type StateBounds } from '../disk-model/states.ts'
import { parseSchedule } from '../fault-parse.ts'
import type { SourceTransform } from '../live/bundle.ts'
import { sitesUnder } from '../report/sites.ts'
import type { TraceColumns } from '../report/result/result.ts'
import { traceOfOps } from '../report/result/told-trace.ts'
import { RecoverySample, type RecoveryPoint } from '../recovery.ts'
import type { Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { missingClaims, type System } from '../system.ts'
import { stringifyToken } from '../token.ts'
import { worst, type Verdict } from '../verdict.ts'
import type { Workload } from '../workload.ts'
import { chooseScenarios, explorable } from './choose-scenarios.ts'
import { CrashBench, type CrashGroup, type RecordedCase } from './crash-bench.ts'
import { simplestFirst } from './findings.ts'
import { mergePoints, type PointOutcome } from './point-map.ts'
import {
  addCounts,
  noCounts,
  type Harm,
  type ShardCounts,
  type ShardFinding,
  type ShardOrder,
  type ShardProgress,
  type ShardReport,
} from './job.ts'

/** What is explored, and how far. */
export interface ExploreOptions {
  readonly seed: string
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly profile?: ProfileName
  /** Processes at once; default one per core. */
  readonly jobs?: number
  /** Default kills and power losses. */
  readonly harms?: readonly Harm[]
  readonly bounds?: Partial<Omit<StateBounds, 'seed'>>
  /** Of an executable, whose every life is a process: distinct states of each scenario that are recovered. Default 200. */
  readonly processStatesMax?: number
  /** Crashes in a row; default 1. */
  readonly depth?: number
  /** One in so many of all cases, drawn by the seed; default all. */
  readonly oneIn?: number
  /** Of all cases one of each kind (`case-kinds.ts`); default all. */
  readonly perKind?: boolean
  /** Of the states of one depth, those that are crashed again; default every one. */
  readonly nestedEvery?: number
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
  /** Real milliseconds that are left: shards stop then, and say how many points are left. */
  readonly leftMs?: () => number
  /** Only part `index` (from 1) of `of`: the states are dealt to the parts by their hash, whatever the number of jobs. */
  readonly part?: { readonly index: number; readonly of: number }
  /** An exploration of a scenario ends with the first finding of one of these. */
  readonly stopAt?: readonly Verdict[]
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

/** A finding, and what fresh processes say of it. */
export interface ExploredFinding extends ShardFinding {
  readonly token: string
  /** Whether they showed the same verdict and invariant. */
  readonly isConfirmed: boolean
  /** What they showed. */
  readonly confirmed: string
  /** The same, as their judgement has it. */
  readonly finding?: Finding
  /** One sentence on the guilty op. */
  readonly guilty?: string
}

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

/** Findings of one fingerprint that are confirmed and reported. */
const reportedMax = 2

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
    try {
      await keep?.open(bench)
      const { scenarios, recorded } = await choose(bench, options)
      for (const scenario of scenarios) {
        const named = namedOf(scenario, system)
        if (isOver?.() === true && keep?.has(named) !== true) break
        const run = (): Promise<ScenarioExplored> =>
          exploreScenario(bench, options, scenario, recorded.get(scenario))
        const result = keep === undefined ? await run() : await keep.once(named, run)
        options.onScenario?.(result)
        results.push(result)
      }
    } finally {
      bench.close()
    }
  }
  return results
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
    const waiting = able.values()
    const worker = async (): Promise<void> => {
      for (const scenario of waiting)
        recorded.set(scenario, await bench.record(groupOf(bench, options, scenario)))
    }
    await Promise.all(Array.from({ length: jobs }, worker))
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
  if (verdict !== 'HOLDS') {
    // As in the live engine: without a fault there is nothing to judge the system by.
    const why = `${finding?.what ?? reasons.join('; ')}\n${recorded.stderr}`.trim()
    return { ...named, controlFault: why, verdict: 'HARNESS_ERROR' }
  }
  if (recorded.unseen !== undefined)
    return { ...named, skipped: `unseen: ${recorded.unseen}`, verdict: 'SKIPPED' }
  const prefix = tokenPrefix(group, system, recorded.order.profile)
  const sampled = { scenario: scenario.name, system: system.name, prefix }
  const { onProgress } = options
  const reports = await runShards(bench, recorded, options, {
    sampled,
    ...(onProgress === undefined
      ? {}
      : { onProgress: (told) => onProgress({ ...told, ...namedOf(scenario, system) }) }),
  })
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
  const findings: ExploredFinding[] = []
  for (const each of reported(reports))
    findings.push(await confirm(bench, group, recorded, each, options.root))
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
    verdict: worst(
      findings.map((each) => (each.isConfirmed ? each.verdict : ('HARNESS_ERROR' as const))),
    ),
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
  if (outside.some(({ after }) => after !== undefined))
    return 'its run waits for what another process sends'
  if (isForeign) return 'another process acts on its run'
  return system.claims.includes('power')
    ? undefined
    : 'another process acts on its run, and it does not claim power'
}

/** Deals the states of a recorded case to as many processes as there are jobs. */
export async function runShards(
  bench: CrashBench,
  recorded: RecordedCase,
  options: Pick<
    ExploreOptions,
    | 'jobs'
    | 'harms'
    | 'bounds'
    | 'depth'
    | 'nestedEvery'
    | 'oneIn'
    | 'perKind'
    | 'leftMs'
    | 'stopAt'
    | 'part'
    | 'processStatesMax'
  >,
  {
    onProgress,
    ...more
  }: Pick<ShardOrder, 'isAudit' | 'sampled'> & {
    readonly onProgress?: (progress: ShardProgress) => void
  } = {},
): Promise<readonly ShardReport[]> {
  const { jobs = availableParallelism(), harms = ['kill', 'power-loss'], bounds } = options
  const { depth = 1, nestedEvery = 1, part = { index: 1, of: 1 } } = options
  const { order } = recorded
  const hasActs = (order.workload.outside ?? []).length > 0
  // Of such a script a kill is the live engine's, at a mark: its ops have other numbers there.
  const isBelow = bench.isForeign && bench.system.program.kind === 'script'
  const claimed = harms.filter((harm) =>
    harm === 'power-loss' ? order.system.claims.includes('power') : !hasActs && !isBelow,
  )
  const asked = {
    order,
    shards: part.of * jobs,
    bounds: { ...boundsDefaults, ...bounds, seed: order.seed },
    harms: claimed,
    depth,
    nestedEvery,
    ...(options.leftMs === undefined ? {} : { budgetMs: options.leftMs() }),
    ...(options.oneIn === undefined ? {} : { oneIn: options.oneIn }),
    ...(options.perKind === undefined ? {} : { perKind: options.perKind }),
    ...(options.stopAt === undefined ? {} : { stopAt: options.stopAt }),
    ...more,
  }
  const numbers = Array.from({ length: jobs }, (_, job) => part.index - 1 + part.of * job)
  const known = new Map<number, ShardProgress>()
  const tell = (shard: number, progress: ShardProgress): void => {
    known.set(shard, progress)
    onProgress?.(together([...known.values()], progress))
  }
  if (bench.isForeign) {
    const { processStatesMax: statesMax } = options
    const told = { onProgress: tell, ...(statesMax === undefined ? {} : { statesMax }) }
    return await bench.runForeign(asked, numbers, recorded, told)
  }
  return await Promise.all(
    numbers.map((shard) =>
      bench.runShard({ ...asked, shard }, (progress) => tell(shard, progress)),
    ),
  )
}

/** All shards go through the same, each judging its share: where the last of them is, and what all of them did. */
function together(shards: readonly ShardProgress[], some: ShardProgress): ShardProgress {
  const share = ({ done, of }: ShardProgress): number => done / (of || 1)
  const last = shards.reduce((left, right) => (share(left) < share(right) ? left : right), some)
  const checked = shards.reduce((sum, each) => sum + each.checked, 0)
  const findings = shards.reduce((sum, each) => sum + each.findings, 0)
  return { ...last, checked, findings }
}

async function confirm(
  bench: CrashBench,
  { scenario, seed }: CrashGroup,
  { order, control }: RecordedCase,
  finding: ShardFinding,
  root = process.cwd(),
): Promise<ExploredFinding> {
  const schedule = parseSchedule(finding.schedule)
  const judged = await bench.judge(order, schedule, { control })
  const { name: system } = bench.system
  const token = { scenario: scenario.name, system, seed, profile: order.profile, schedule }
  const guilty = guiltText(finding, root)
  const said = {
    ...finding,
    token: stringifyToken(token),
    ...(guilty === undefined ? {} : { guilty }),
  }
  if ('why' in judged) return { ...said, isConfirmed: false, confirmed: judged.why }
  const { verdict, finding: again } = judged
  const isConfirmed = verdict === finding.verdict && again?.invariant === finding.invariant
  const confirmed = `${verdict} ${again?.invariant ?? ''}`.trim()
  return { ...said, isConfirmed, confirmed, ...(again === undefined ? {} : { finding: again }) }
}

/** Sites have to be resolved while the bundle that they are of is there. */
function guiltText({ guilt }: ShardFinding, root: string): string | undefined {
  if (guilt === undefined) return undefined
  const { op, life, text, frames, reliedOn } = guilt
  const site = sitesUnder(root)(frames)
  const where = site === undefined ? '' : ` at ${site}`
  const relied = reliedOn === undefined ? '' : ` before op ${reliedOn} relied on it`
  return `op ${op} of life ${life} was never made durable: ${text}${where} has no completed sync${relied}`
}

/** The simplest findings of each fingerprint, over all shards. Those that name an op stand for those of their kind that do not. */
function reported(reports: readonly ShardReport[]): readonly ShardFinding[] {
  const all = reports.flatMap(({ findings }) => findings)
  const names = [...new Set(all.map(({ fingerprint }) => fingerprint))].sort()
  const groups = names.map((name) => {
    const same = all.filter(({ fingerprint }) => fingerprint === name).sort(simplestFirst)
    const count = reports.reduce(
      (sum, { findings }) =>
        sum + (findings.find(({ fingerprint }) => fingerprint === name)?.count ?? 0),
      0,
    )
    return same.slice(0, reportedMax).map((finding) => ({ ...finding, count }))
  })
  const isNamed = ({ verdict, invariant }: ShardFinding): boolean =>
    groups.some(
      ([first]) =>
        first?.guilt !== undefined && first.verdict === verdict && first.invariant === invariant,
    )
  return groups
    .flatMap((group) =>
      group[0]?.guilt === undefined && group[0] && isNamed(group[0]) ? [] : group,
    )
    .sort(simplestFirst)
}
