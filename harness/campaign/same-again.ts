/**
 * The harness checks of itself that the same seed twice gives the same: some cases of every group run once more, from nothing
 * but their tokens, and both runs are compared.
 *
 *   A1  which cases are taken depends on the seed alone; a kill at a random time is taken wherever there is one, so that its
 *       token is shown to be exact
 *   A2  where one hooked process runs at a time, the same marks are promised; elsewhere (several at once, stopped owners,
 *       foreign code) the same verdict, and how often the marks were the same is said
 *   A3  another verdict makes the campaign inconclusive, or worse: the second run is judged like any other case
 */
import type { Schedule } from '../fault.ts'
import type { LiveCase } from '../live/case.ts'
import { random } from '../seed.ts'
import type { System } from '../system.ts'
import { digestOf, failureOf } from './identity.ts'
import type { Group } from './group.ts'
import { askedCase, type CaseReport, type Tried } from './trial.ts'

/** How runs of sampled cases compared with the first ones. */
export interface SameAgain {
  /** Cases that were run twice. */
  runs: number
  /** Of these, the ones with the same verdict, invariant and guilty kind of step. */
  sameVerdict: number
  /** Cases for which the same marks are promised. */
  promised: number
  /** Of these, the ones with the same marks. */
  promisedSame: number
  /** Cases for which they are not, and that had the same marks all the same. */
  otherSame: number
  /** Cases with another verdict: the token, and what each run came to. */
  readonly otherVerdicts: string[]
  /** Tokens of cases that were promised the same marks and made others. */
  readonly otherMarks: string[]
}

/** Nothing compared yet. */
export function emptySameAgain(): SameAgain {
  return {
    runs: 0,
    sameVerdict: 0,
    promised: 0,
    promisedSame: 0,
    otherSame: 0,
    otherVerdicts: [],
    otherMarks: [],
  }
}

/** The cases of a group that are run twice: one at random, and one that was killed at a random time. */
export function sampleOf(
  { seed }: Pick<Group, 'seed'>,
  reports: readonly CaseReport[],
): readonly CaseReport[] {
  const judged = reports.filter(({ trouble }) => trouble === undefined)
  if (judged.length === 0) return []
  const numbers = random(seed, 'sample')
  const shot = judged.filter(({ run }) => run.landed !== undefined)
  const exact = judged.filter(({ run }) => run.landed === undefined)
  return [exact, shot].flatMap((each) => (each.length === 0 ? [] : [numbers.pick(each)]))
}

/** What its token says of a case: all that its second run is told. */
export function exactSchedule({ run, asked }: Pick<CaseReport, 'run' | 'asked'>): Schedule {
  return run.landed?.schedule ?? asked.schedule
}

/** The second run of a case, as the engine is asked for it: named after the first, whichever others are sampled. */
export function againCase(first: CaseReport): LiveCase {
  const { group, asked } = first
  const prefix = askedCase(group, '', { schedule: [] }).id
  const name = `again-${asked.id.slice(prefix.length)}`
  return askedCase(group, name, { schedule: exactSchedule(first) })
}

/** Compares the second run of a case with the first. */
export function compareAgain(same: SameAgain, first: CaseReport, second: Tried): void {
  const promised = isPromised(first)
  // Of several processes at once each may come first: a fault that waits for one of them need not fire every time.
  if (second.kind === 'not-fired' && !promised) return
  same.runs += 1
  if (promised) same.promised += 1
  if (second.kind === 'not-fired') {
    same.otherVerdicts.push(`${first.token}: ${first.verdict}, then no case: ${second.why}`)
    return
  }
  const [before, after] = [failureOf(first), failureOf(second.report)]
  if (before === after) same.sameVerdict += 1
  else same.otherVerdicts.push(`${first.token}: ${before}, then ${after}`)
  const isSame = digestOf(first) === digestOf(second.report)
  if (isSame && promised) same.promisedSame += 1
  if (isSame && !promised) same.otherSame += 1
  if (!isSame && promised) same.otherMarks.push(first.token)
}

/** Whether the two runs must have made the same marks. */
function isPromised({ group, asked, run }: CaseReport): boolean {
  return isHooked(group.system) && run.landed?.precision !== 'near' && !isMet(asked)
}

function isHooked({ kind }: System): boolean {
  return kind !== 'command'
}

/**
 * Whether another process comes to the run while it goes on: an owner, a resumer, a sender. Where a message is placed at an
 * op, it falls between the same two every time, but when the run next looks for messages is a matter of real time.
 */
function isMet({ schedule, workload }: LiveCase): boolean {
  return (
    (workload.outside ?? []).length > 0 ||
    schedule.flat().some(({ kind }) => kind === 'zombie' || kind === 'resumers')
  )
}

/** One line: `29 sampled cases run twice: 29 with the same verdict, 26 of 26 with the same marks where that is promised`. */
export function sameAgainText(all: readonly SameAgain[]): string {
  const sum = (of: (each: SameAgain) => number): number =>
    all.reduce((total, each) => total + of(each), 0)
  const runs = sum((each) => each.runs)
  const promised = sum((each) => each.promised)
  const others = runs - promised
  return [
    `${runs} sampled ${runs === 1 ? 'case' : 'cases'} run twice: ${sum((each) => each.sameVerdict)} with the same verdict`,
    `${sum((each) => each.promisedSame)} of ${promised} with the same marks where that is promised`,
    ...(others === 0
      ? []
      : [
          `${sum((each) => each.otherSame)} of ${others} where it is not (other processes at the run)`,
        ]),
  ].join(', ')
}
