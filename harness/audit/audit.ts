/**
 * The audit: is each sync there for a reason, and would a test notice if it were gone?
 *
 * A sync is one line of the program. It is *needed* where an invariant breaks once it lies, in any of the lives in which it was
 * called; *untested* where states differ and no checker noticed: the workload is too weak; *redundant* where no state differs.
 */
import { workloadOfSeed } from '../campaign/group.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import { CrashBench, type CrashGroup } from '../explorer/crash-bench.ts'
import { runShards } from '../explorer/deal-shards.ts'
import type { AuditedSync, ShardProgress } from '../explorer/job.ts'
import { parseSchedule } from '../fault-parse.ts'
import type { SourceTransform } from '../live/bundle.ts'
import { sitesUnder } from '../report/sites.ts'
import type { Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { missingClaims, type System } from '../system.ts'
import { stringifyToken } from '../token.ts'
import type { Invariant, Verdict } from '../verdict.ts'

/** What is audited. */
export interface AuditOptions {
  readonly seed: string
  readonly scenarios: readonly Scenario[]
  readonly system: System
  readonly profile: ProfileName
  /** Processes at once. */
  readonly jobs: number
  /** Directory that sites are shown relative to. */
  readonly root: string
  readonly transform?: SourceTransform
  /** Real milliseconds that are left. */
  readonly leftMs?: () => number
  readonly onScenario?: (name: string, syncs: number) => void
  /** Told about once a second how far all shards of a scenario are, together. */
  readonly onProgress?: (scenario: string, progress: ShardProgress) => void
}

/** What is known of a sync that lied. */
export type SyncFate = 'needed' | 'untested' | 'redundant'

/** One line of the program that syncs. */
export interface AuditedSite {
  /** `src/file-journal/open.ts:120`, with its callers. */
  readonly site: string
  /** What one of its calls does. */
  readonly text: string
  /** Calls that were audited. */
  readonly calls: number
  readonly fate: SyncFate
  /** The first breach of one of its calls. */
  readonly breach?: {
    readonly verdict: Verdict
    readonly invariant?: Invariant
    readonly what: string
    /** Excused when it is replayed: there the disk lies; here the question is what the sync is for. */
    readonly token: string
  }
}

/** What came of it. */
export interface Audit {
  readonly sites: readonly AuditedSite[]
  /** Scenarios that could not be audited, with the reason. */
  readonly skipped: readonly { readonly scenario: string; readonly why: string }[]
}

interface Call extends AuditedSync {
  readonly site: string
  readonly token?: string
}

/** Audits. @throws TroubleError where the system cannot be started; HarnessError where a shard died */
export async function audit(options: AuditOptions): Promise<Audit> {
  const { system, scenarios, profile, transform } = options
  const planted = transform === undefined ? {} : { transform }
  const bench = await CrashBench.open(system, { profile, ...planted })
  const calls: Call[] = []
  const skipped: { scenario: string; why: string }[] = []
  try {
    for (const scenario of scenarios) {
      const found = await auditScenario(bench, options, scenario)
      if (typeof found === 'string') skipped.push({ scenario: scenario.name, why: found })
      else calls.push(...found)
      options.onScenario?.(scenario.name, typeof found === 'string' ? 0 : found.length)
    }
  } finally {
    await bench.close()
  }
  return { sites: sitesOf(calls), skipped }
}

async function auditScenario(
  bench: CrashBench,
  options: AuditOptions,
  scenario: Scenario,
): Promise<readonly Call[] | string> {
  const { seed: from, jobs, root, profile } = options
  const { system } = bench
  const seed = deriveSeed(from, 'case', scenario.name, system.name, 0)
  const group: CrashGroup = { scenario, seed, workload: workloadOfSeed(scenario, system, seed) }
  const missing = missingClaims(system, [...scenario.needs, 'power'])
  if (missing.length > 0) return `the system does not claim ${missing.join(', ')}`
  if (bench.whyNot !== undefined) return bench.whyNot
  if (bench.isForeign) return inProcesses
  const recorded = await bench.record(group)
  if (bench.livesInProcesses(recorded)) return inProcesses
  if (recorded.judgement.verdict !== 'HOLDS') return 'without a fault it does not hold'
  const { leftMs } = options
  const late = leftMs === undefined ? {} : { leftMs }
  const reports = await runShards(
    bench,
    recorded,
    { jobs, ...late },
    { isAudit: true, onProgress: (progress) => options.onProgress?.(scenario.name, progress) },
  )
  const why = reports.find(({ strange, unsupported }) => strange ?? unsupported)
  if (why !== undefined) return why.strange ?? why.unsupported ?? ''
  const siteOf = sitesUnder(root)
  return reports
    .flatMap(({ audited = [] }) => audited)
    .map((each): Call => {
      const { schedule: text } = each
      const token =
        text === undefined
          ? undefined
          : stringifyToken({
              scenario: scenario.name,
              system: system.name,
              seed,
              profile,
              schedule: parseSchedule(text),
            })
      const site = siteOf(each.frames) ?? each.text
      return { ...each, site, ...(token === undefined ? {} : { token }) }
    })
}

const inProcesses = 'its lives are processes: too dear for every sync to lie in every state'

function sitesOf(calls: readonly Call[]): readonly AuditedSite[] {
  const names = [...new Set(calls.map(({ site }) => site))].sort()
  return names.map((site) => {
    const own = calls.filter((call) => call.site === site).sort(simplest)
    const broken = own.find(({ verdict }) => verdict !== undefined)
    const [first] = own
    const fate = broken !== undefined ? 'needed' : own.some(differs) ? 'untested' : 'redundant'
    const { verdict, invariant, what = '', token = '' } = broken ?? {}
    return {
      site,
      text: (broken ?? first)?.text ?? '',
      calls: own.length,
      fate,
      ...(verdict === undefined
        ? {}
        : { breach: { verdict, ...(invariant === undefined ? {} : { invariant }), what, token } }),
    }
  })
}

function differs(call: AuditedSync): boolean {
  return call.differs
}

function simplest(left: Call, right: Call): number {
  return left.life - right.life || left.op - right.op
}
