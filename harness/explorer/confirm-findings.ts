/**
 * What becomes of the findings of shards: the simplest of each kind, over all shards, are shown once more by fresh processes, and told with
 * the line that is guilty.
 */
import type { Finding } from '../checkers/finding.ts'
import type { Schedule } from '../fault.ts'
import { parseSchedule } from '../fault-parse.ts'
import { stringifySchedule } from '../fault-text.ts'
import { sitesUnder } from '../report/sites.ts'
import { several } from '../several.ts'
import { stringifyToken } from '../token.ts'
import { isBreach, worst, type Verdict } from '../verdict.ts'
import type { CrashBench, CrashGroup, RecordedCase } from './crash-bench.ts'
import type { ScenarioExplored } from './explore.ts'
import { simplestFirst } from './findings.ts'
import type { ShardFinding, ShardReport } from './job.ts'

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
  /** Another run of it may be another case, without anybody's fault: it strikes at a read, or a child tells something beside its parent. */
  readonly mayDiffer: boolean
}

/** What a control shows that breaks without any fault. One that does not end is no finding: it may never have begun. */
export function findingOf({
  judgement: { verdict, finding },
  schedule,
}: Pick<RecordedCase, 'judgement' | 'schedule'>): ShardFinding | undefined {
  if (finding === undefined || !isBreach(verdict) || verdict === 'WEDGED') return undefined
  const { invariant, what, details } = finding
  const fingerprint = `${verdict} ${invariant} without a fault`
  const told = { verdict, invariant, what, details, fingerprint, count: 1 }
  return { ...told, schedule: stringifySchedule(schedule), op: 0, missing: 0 }
}

/** Findings of one fingerprint that are confirmed and reported. */
const reportedMax = 2
/** The same of those that may hang: to be sure of a hang takes as long as its patience. */
const wedgedMax = 1
/** Findings that are confirmed at once: one that hangs leaves its core to others. */
export const confirmedAtOnce = 4

/** Whether one of its faults is at a read. */
function strikesAtRead(schedule: Schedule): boolean {
  return schedule.some((faults) => faults.some(({ kind }) => kind === 'read-error'))
}

/**
 * What findings come to. One that fresh processes do not show is a fault of the harness, and never a finding. But for an error at a read:
 * reads are numbered, a program that polls reads oftener where it is slower, and the n-th read of a process may be another one than that of
 * a life in memory. And but for a child: what it told before an op of its parent in one run it may tell behind it in the next. Nothing is known
 * then, and that is no pass either.
 */
export function verdictOfFindings(findings: readonly ExploredFinding[]): Verdict {
  return worst(
    findings.map((finding) => (finding.isConfirmed ? finding.verdict : verdictOfNoCase(finding))),
  )
}

/** A scenario of whose findings some were `lost` when they ran again: by token, and what was shown in their place. */
export function withLost<Told extends Pick<ScenarioExplored, 'findings' | 'verdict'>>(
  explored: Told,
  lost: readonly { readonly token: string; readonly shown: string }[],
): Told {
  const shownBy = new Map(lost.map(({ token, shown }) => [token, shown]))
  if (!explored.findings.some(({ token }) => shownBy.has(token))) return explored
  const findings = explored.findings.map((each): ExploredFinding => {
    const confirmed = shownBy.get(each.token)
    return confirmed === undefined ? each : { ...each, isConfirmed: false, confirmed }
  })
  return { ...explored, findings, verdict: verdictOfFindings(findings) }
}

/** What it says of the harness that a case that was found is none when it runs again. */
export function verdictOfNoCase({ mayDiffer }: Pick<ExploredFinding, 'mayDiffer'>): Verdict {
  return mayDiffer ? 'INCONCLUSIVE' : 'HARNESS_ERROR'
}

/** How findings are confirmed. */
export interface ConfirmOptions {
  /** Directory that sites are shown relative to. */
  readonly root?: string | undefined
  /** True once everything is to end: a finding is then told as it is, which is no verdict. */
  readonly isStopped?: (() => boolean) | undefined
}

/** What processes showed of a finding where everything was stopped before they could. */
export const notLookedAt = 'not looked at again'

/** Runs the case of a finding in fresh processes. */
export async function confirm(
  bench: CrashBench,
  { scenario, seed }: CrashGroup,
  { order, control, trace }: RecordedCase,
  finding: ShardFinding,
  { root = process.cwd(), isStopped = () => false }: ConfirmOptions = {},
): Promise<ExploredFinding> {
  const schedule = parseSchedule(finding.schedule)
  const { name: system } = bench.system
  const token = { scenario: scenario.name, system, seed, profile: order.profile, schedule }
  const guilty = guiltText(finding, root)
  const said = {
    ...finding,
    token: stringifyToken(token),
    mayDiffer: strikesAtRead(schedule) || (trace?.childMarks ?? []).length > 0,
    ...(guilty === undefined ? {} : { guilty }),
  }
  const untold = { ...said, mayDiffer: true, isConfirmed: false, confirmed: notLookedAt }
  if (isStopped()) return untold
  const judged = await bench.judge(order, schedule, { control })
  // What was seen while everything was being stopped says nothing.
  if (isStopped()) return untold
  if ('why' in judged) return { ...said, isConfirmed: false, confirmed: judged.why }
  const { verdict, finding: again } = judged
  const isConfirmed = verdict === finding.verdict && again?.invariant === finding.invariant
  const confirmed = `${verdict} ${again?.invariant ?? ''}`.trim()
  return { ...said, isConfirmed, confirmed, ...(again === undefined ? {} : { finding: again }) }
}

/** Runs the cases of all of them, several at a time. */
export async function confirmAll(
  bench: CrashBench,
  group: CrashGroup,
  recorded: RecordedCase,
  found: readonly ShardFinding[],
  options?: ConfirmOptions,
): Promise<readonly ExploredFinding[]> {
  return await several(found, confirmedAtOnce, (each) =>
    confirm(bench, group, recorded, each, options),
  )
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
export function reported(
  reports: readonly Pick<ShardReport, 'findings'>[],
): readonly ShardFinding[] {
  const all = reports.flatMap(({ findings }) => findings)
  const names = [...new Set(all.map(({ fingerprint }) => fingerprint))].sort()
  const groups = names.map((name) => {
    const same = all.filter(({ fingerprint }) => fingerprint === name).sort(simplestFirst)
    const count = reports.reduce(
      (sum, { findings }) =>
        sum + (findings.find(({ fingerprint }) => fingerprint === name)?.count ?? 0),
      0,
    )
    const max = same[0]?.verdict === 'WEDGED' ? wedgedMax : reportedMax
    return same.slice(0, max).map((finding) => ({ ...finding, count }))
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
