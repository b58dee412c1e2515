/**
 * What is done with the failures of a campaign: those of one kind are told once, each kind is seen again, made smaller within
 * a budget, and seen again where it is smallest.
 */
import { nameOps } from '../corpus/place.ts'
import type { SavedCase } from '../corpus/saved-case.ts'
import { groupBy } from '../history.ts'
import { isBreach } from '../verdict.ts'
import { digestOf, failureOf } from './identity.ts'
import { shrinkFailure, type ShrunkFailure } from './shrinker.ts'
import type { CaseReport } from './trial.ts'
import type { Workbench } from './workbench.ts'

/** Failures of one kind. */
export interface FailureKind {
  /** The first of them, in the order of the campaign. */
  readonly report: CaseReport
  /** All of them. */
  readonly reports: readonly CaseReport[]
}

/** A kind of failure after it was looked at. */
export interface Settled extends FailureKind {
  /** The smallest case of it; the first one where nothing smaller fails. */
  readonly smallest: CaseReport
  readonly again: SeenAgain
  /** Absent where there was nothing to shrink, or no time. */
  readonly shrunk?: ShrunkFailure
}

/** How often a failure was seen again; `exact` where the marks were the same each time, absent where nobody compared them. */
export interface SeenAgain {
  readonly k: number
  readonly n: number
  readonly exact?: boolean
  /** The last time; what its lives said still names files that are there. */
  readonly last?: CaseReport
}

export interface SettleOptions {
  readonly jobs: number
  /** Absent: it is seen again now. */
  readonly again?: SeenAgain
  /** False: failures are seen again, and left as they are. */
  readonly shrink: boolean
  /** True when the budget for this kind of failure is used up. */
  readonly isOver: () => boolean
}

/** Runs of a failure that was not seen again at once, before that is said. */
const runsInDoubt = 3

/** Failures by kind: system, verdict, invariant and guilty kind of step; in the order of the first of each. */
export function kindsOf(failures: readonly CaseReport[]): readonly FailureKind[] {
  const kinds = groupBy(failures, (report) =>
    JSON.stringify([report.group.system.name, failureOf(report)]),
  )
  return [...kinds.values()].flatMap((reports) => {
    const [report] = reports
    return report === undefined ? [] : [{ report, reports }]
  })
}

/** Looks at one kind of failure. */
export async function settle(
  bench: Workbench,
  kind: FailureKind,
  options: SettleOptions,
): Promise<Settled> {
  const { report } = kind
  const again = options.again ?? (await seeAgain(bench, report))
  if (!options.shrink || again.k === 0 || !isBreach(report.verdict))
    return { ...kind, smallest: report, again }
  const shrunk = await shrinkFailure(bench, report, options)
  return { ...kind, smallest: shrunk.report, again, shrunk }
}

/** Runs a failure once more; several times where it is not the same then. */
export async function seeAgain(bench: Workbench, report: CaseReport): Promise<SeenAgain> {
  const failure = failureOf(report)
  const digest = digestOf(report)
  const schedule = report.run.landed?.schedule ?? report.asked.schedule
  let k = 0
  let exact = true
  let n = 0
  let last: CaseReport | undefined
  while (n === 0 || (n < runsInDoubt && k < n)) {
    n += 1
    const tried = await bench.run(report.group, { schedule }, report.origin)
    if (tried.kind === 'not-fired' || failureOf(tried.report) !== failure) continue
    k += 1
    last = tried.report
    exact &&= digestOf(tried.report) === digest
  }
  return { k, n, exact: exact && k === n, ...(last === undefined ? {} : { last }) }
}

/** `seen again, by the same marks`, or how often. */
export function seenAgainText({ k, n, exact }: SeenAgain): string {
  if (k === 0) return `not seen again in ${n} runs`
  const how = exact ? 'by the same marks' : 'by another trace'
  return exact === undefined ? `${k} of ${n}` : `${k} of ${n}, ${how}`
}

/** A failure as it is saved. `found` is the line of the environment. */
export async function savedFrom(
  bench: Workbench,
  report: CaseReport,
  found: string,
  profile: string,
): Promise<SavedCase> {
  const { group, token, verdict } = report
  const { seed, path } = group
  const schedule = report.run.landed?.schedule ?? report.asked.schedule
  return {
    token,
    scenario: group.scenario.name,
    system: group.system.name,
    seed,
    ...(path === undefined ? {} : { path }),
    profile,
    workload: group.workload,
    named: await nameOps(schedule, await bench.opsOfSlot(group)),
    verdict,
    failure: failureOf(report),
    digest: digestOf(report),
    found,
  }
}
