/**
 * Runs a case again and compares: exactly the same, the same verdict by another trace, or not reproduced.
 *
 *   E1  exact: every mark of every life is the same, in the same order, with the same contents
 *   E2  what there is to compare with is a record of the case; without one, the runs are compared with the first of them
 *   E3  a saved case is placed before it runs: each of its ops is looked up again, and one that is gone makes it stale
 */
import type { Placed } from '../corpus/place.ts'
import { placeSchedule } from '../corpus/place.ts'
import type { SavedCase } from '../corpus/saved-case.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { Schedule } from '../fault.ts'
import { digestOf, failureOf } from '../campaign/identity.ts'
import type { Group, Origin } from '../campaign/group.ts'
import type { CaseReport, Tried } from '../campaign/trial.ts'
import type { Workbench } from '../campaign/workbench.ts'
import { modelOf } from '../model.ts'
import { worst, type Verdict } from '../verdict.ts'

/** What is replayed. */
export interface ReplayOrder {
  readonly group: Group
  readonly schedule: Schedule
  /** The file that it came from: its ops are looked up again. */
  readonly saved?: SavedCase
  /** What it showed before. */
  readonly expected?: Expected
  /** How often it is run. */
  readonly times: number
  /** Runs at once; default 1. */
  readonly jobs?: number
  /** True when no further run is to be started; the first always is. */
  readonly isOver?: () => boolean
}

/** What a case showed. */
export interface Expected {
  readonly verdict: Verdict
  readonly failure: string
  readonly digest: string
}

/** What came of a replay. */
export interface Replayed {
  /** As it was run. */
  readonly schedule: Schedule
  readonly outcome: Outcome
  /** The runs that were cases. */
  readonly reports: readonly CaseReport[]
  /** The worst of them; inconclusive where none was a case. */
  readonly verdict: Verdict
}

/** Whether it was seen again. `k` of `n` runs showed what was expected. */
export type Outcome =
  /** It has no place in this program any more. */
  | { readonly kind: 'stale'; readonly why: string }
  /** In no run its faults fired. */
  | { readonly kind: 'not-fired'; readonly why: string }
  /** There is no record: `same` of `n` runs made the same marks as the first. */
  | { readonly kind: 'unrecorded'; readonly same: number; readonly n: number }
  | { readonly kind: 'exact'; readonly k: number; readonly n: number }
  | { readonly kind: 'same-verdict'; readonly k: number; readonly n: number }
  | { readonly kind: 'not-reproduced'; readonly k: number; readonly n: number }

/**
 * Replays a case.
 *
 * @throws TroubleError where the system cannot be started at all; UsageError for a workload that cannot be run
 */
export async function replay(bench: Workbench, order: ReplayOrder): Promise<Replayed> {
  const { group, saved, expected, times } = order
  modelOf(group.workload)
  const placed = await place(bench, order)
  if (placed.kind === 'stale')
    return { ...nothing(order.schedule), outcome: { kind: 'stale', why: placed.why } }
  const { schedule } = placed
  const origin: Origin = { kind: 'corpus', file: saved === undefined ? 'token' : saved.token }
  const tried: Tried[] = []
  const runOne = async (): Promise<void> => {
    tried.push(await bench.run(group, { schedule }, origin))
  }
  await runOne()
  await repeat(runOne, { ...order, times: times - 1 })
  const reports = tried.flatMap((each) => (each.kind === 'case' ? [each.report] : []))
  const [first] = tried
  if (reports.length === 0 && first?.kind === 'not-fired')
    return { ...nothing(schedule), outcome: { kind: 'not-fired', why: first.why } }
  const outcome =
    expected === undefined
      ? unrecorded(reports, tried.length)
      : compare(reports, expected, tried.length)
  return { schedule, outcome, reports, verdict: worst(reports.map(({ verdict }) => verdict)) }
}

/** Does it so many times, some of them at once, until it is over. */
async function repeat(
  once: () => Promise<void>,
  { times, jobs = 1, isOver }: Pick<ReplayOrder, 'times' | 'jobs' | 'isOver'>,
): Promise<void> {
  let left = times
  const lane = async (): Promise<void> => {
    while (left > 0 && isOver?.() !== true) {
      left -= 1
      await once()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, times) }, lane))
}

async function place(bench: Workbench, { group, schedule, saved }: ReplayOrder): Promise<Placed> {
  if (saved === undefined) return { kind: 'placed', schedule }
  const control = await bench.control(group)
  // A control that fails has no ops to look up; the case shows the same.
  if (control.control === undefined) return { kind: 'placed', schedule }
  return await placeSchedule(saved.named, await bench.opsOfSlot(group))
}

function nothing(schedule: Schedule): Omit<Replayed, 'outcome'> {
  return { schedule, reports: [], verdict: 'INCONCLUSIVE' }
}

function unrecorded(reports: readonly CaseReport[], n: number): Outcome {
  const digests = reports.map(digestOf)
  return { kind: 'unrecorded', same: digests.filter((each) => each === digests[0]).length, n }
}

function compare(reports: readonly CaseReport[], expected: Expected, n: number): Outcome {
  const alike = reports.filter((report) => failureOf(report) === expected.failure)
  const k = alike.length
  if (k === 0) return { kind: 'not-reproduced', k, n }
  const isExact = alike.every((report) => digestOf(report) === expected.digest)
  if (isExact && k === n) return { kind: 'exact', k, n }
  return { kind: 'same-verdict', k, n }
}

/** The outcome as a sentence for a person. */
export function outcomeText({ outcome, reports, schedule }: Replayed, expected?: Expected): string {
  switch (outcome.kind) {
    case 'stale':
      return `stale: ${outcome.why}`
    case 'not-fired':
      return `no case: ${stringifySchedule(schedule)} was not reached: ${outcome.why}`
    case 'unrecorded':
      return outcome.n === 1
        ? 'nothing to compare with: no run on record; --times 2 compares two runs'
        : `the same marks in ${outcome.same} of ${outcome.n} runs; no run on record to compare with`
    case 'exact':
      return `exact: ${expected?.failure ?? ''} again, by the same marks${outcome.n === 1 ? '' : `, in ${outcome.k} of ${outcome.n}`}`
    case 'same-verdict':
      return `same verdict by another trace: ${expected?.failure ?? ''} in ${outcome.k} of ${outcome.n}`
    case 'not-reproduced':
      return `not reproduced: ${expected?.failure ?? ''} in ${outcome.k} of ${outcome.n}; found ${found(reports)}`
  }
}

function found(reports: readonly CaseReport[]): string {
  return [...new Set(reports.map(failureOf))].join(', ') || 'no case'
}
