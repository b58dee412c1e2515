/**
 * The judgement of one case: every checker, in order of precedence, and one answer.
 *
 *  D1  the case's own assumptions come first: what breaks them is a harness error or inconclusive, and nothing else is said
 *  D2  an invariant is judged where the system claims what it rests on and gives the marks; otherwise that is said
 *  D3  the first broken invariant in the precedence is the root cause; what else is broken follows from it and is named
 *  D4  a checker that throws makes the case inconclusive, unless another one found something: never a pass
 *  D5  a run that did not end, and was given fewer lives than it may take, is inconclusive
 *  D6  a loud refusal is a good end where the media was damaged, and nowhere else
 */
import { faultExcuses, whyNotJudged } from '../claims.ts'
import { stringifyFault } from '../fault-text.ts'
import { runLives } from '../history.ts'
import type { WorkerMarkName } from '../mark.ts'
import type { Invariant, Verdict } from '../verdict.ts'
import { invariantNames, precedence } from '../verdict.ts'
import { checkAssumptions } from './assumptions.ts'
import { checkCost, hasCosts } from './c1.ts'
import type { Checker, CheckContext } from './context.ts'
import { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { calmLives, checkEnds, hasEnded, livesAllowed } from './l1.ts'
import { checkTakeover } from './l2.ts'
import { checkGraceful } from './l3.ts'
import { checkAckedSurvive } from './s1.ts'
import { checkPrefix } from './s2.ts'
import { checkNotRedone } from './s3.ts'
import { checkConverges } from './s4.ts'
import { checkFenced } from './s5.ts'
import { checkDamageRefused } from './s6.ts'
import { checkNoFalseAck } from './s7.ts'
import { checkDecidedOnce } from './s8.ts'
import { checkConsumedOnce } from './s9.ts'
import { checkTree } from './s10.ts'
import { checkSpend } from './s11.ts'
import { checkTranscripts } from './s12.ts'
import { checkEffectsHappened } from './s13.ts'
import { count } from './words.ts'

/** An invariant that was not judged, and why. */
export interface NotJudged {
  readonly invariant: Invariant
  readonly reason: string
}

/** The answer about one case. */
export interface Judgement {
  readonly verdict: Verdict
  /** The root cause, where an invariant is broken. */
  readonly finding?: Finding
  /** Other findings of the same invariant. */
  readonly more: readonly Finding[]
  /** What is broken besides, one finding each: it follows from the root cause. */
  readonly follows: readonly Finding[]
  readonly judged: readonly Invariant[]
  readonly notJudged: readonly NotJudged[]
  /** What a fault took away from the judgement, one sentence each. */
  readonly excused: readonly string[]
  /** Why the case is inconclusive or a harness error, one sentence each; also what stood beside a finding. */
  readonly reasons: readonly string[]
}

/** The checkers, by invariant. */
export const checkers: Readonly<Record<Invariant, Checker>> = {
  S1: checkAckedSurvive,
  S2: checkPrefix,
  S3: checkNotRedone,
  S4: checkConverges,
  S5: checkFenced,
  S6: checkDamageRefused,
  S7: checkNoFalseAck,
  S8: checkDecidedOnce,
  S9: checkConsumedOnce,
  S10: checkTree,
  S11: checkSpend,
  S12: checkTranscripts,
  S13: checkEffectsHappened,
  L1: checkEnds,
  L2: checkTakeover,
  L3: checkGraceful,
  C1: checkCost,
}

/**
 * Judges a case. `only`: the scenario's invariants; all where it is left out. `using`: other checkers, for tests.
 *
 * @throws UsageError for a workload that cannot be run
 */
export function check(
  context: CheckContext,
  only: readonly Invariant[] = invariantNames,
  using: Readonly<Record<Invariant, Checker>> = checkers,
): Judgement {
  const view = tryView(context)
  if (typeof view === 'string') return empty('HARNESS_ERROR', [view])
  const { broken, vacuous } = checkAssumptions(view)
  if (broken.length > 0) return empty('HARNESS_ERROR', broken)
  if (vacuous.length > 0) return empty('INCONCLUSIVE', vacuous)
  const { judged, notJudged } = selectInvariants(view, only)
  const { findings, thrown } = run(view, judged, using)
  const reasons = [...thrown, ...openEnds(view, findings)]
  const [finding, ...others] = findings
  const rest = { judged, notJudged, excused: excuses(view), reasons }
  if (finding === undefined)
    return { verdict: verdictWithout(view, reasons), more: [], follows: [], ...rest }
  const isSame = ({ invariant }: Finding): boolean => invariant === finding.invariant
  const more = others.filter(isSame)
  const follows = others.filter(
    (other, place) =>
      !isSame(other) &&
      others.findIndex(({ invariant }) => invariant === other.invariant) === place,
  )
  return { verdict: finding.verdict, finding, more, follows, ...rest }
}

/** A fault mark that is no fault is the harness's own mistake; a workload that cannot be run is the caller's. */
function tryView(context: CheckContext): CaseView | string {
  try {
    return new CaseView(context)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'FAULT_SYNTAX')
      return `a fault mark holds no fault: ${error.message}`
    throw error
  }
}

function selectInvariants(
  view: CaseView,
  only: readonly Invariant[],
): { readonly judged: readonly Invariant[]; readonly notJudged: readonly NotJudged[] } {
  const { system, costs } = view.context
  const isGiven = (mark: WorkerMarkName): boolean => view.gives(mark)
  const judged: Invariant[] = []
  const notJudged: NotJudged[] = []
  for (const invariant of precedence) {
    if (!only.includes(invariant)) continue
    const reason =
      invariant === 'C1' && !hasCosts(costs)
        ? 'no costs were measured at two lengths, a decade apart'
        : whyNotJudged(invariant, system.claims, isGiven)
    if (reason === undefined) judged.push(invariant)
    else notJudged.push({ invariant, reason })
  }
  return { judged, notJudged }
}

function run(
  view: CaseView,
  judged: readonly Invariant[],
  using: Readonly<Record<Invariant, Checker>>,
): { readonly findings: readonly Finding[]; readonly thrown: readonly string[] } {
  const findings: Finding[] = []
  const thrown: string[] = []
  for (const invariant of judged)
    try {
      const found = excuse(view, invariant) ? [] : using[invariant](view)
      findings.push(...found.toSorted((left, right) => left.index - right.index))
    } catch (error) {
      thrown.push(
        `the checker of ${invariant} failed: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  return { findings, thrown }
}

function excuses({ fired, context }: CaseView): readonly string[] {
  if (context.isAudit === true) return []
  return fired.flatMap(({ fault }) => {
    const excused = faultExcuses[fault.kind]
    if (excused === undefined) return []
    const { invariants, why } = excused
    const reach =
      invariants.length === 0
        ? 'a refusal is allowed'
        : `${invariants.join(' and ')} hold only outside of its harm`
    return [`${stringifyFault(fault)}: ${reach}: ${why}`]
  })
}

/** After a loud refusal of damaged media there is nothing to go on with. */
function excuse(view: CaseView, invariant: Invariant): boolean {
  return (invariant === 'L1' || invariant === 'L2') && hasRefused(view)
}

function hasRefused(view: CaseView): boolean {
  if (view.context.isAudit === true || hasEnded(view)) return false
  const damage = view.fired.find(({ fault }) => faultExcuses[fault.kind]?.mayRefuse === true)
  if (damage === undefined) return false
  const last = calmLives(view).at(-1) ?? runLives(view.history).at(-1)
  if (last === undefined || last.startedIndex < damage.index) return false
  const refusals = view.history.of('refused')
  const isLoud = refusals.some(({ life, at }) => life === last.life && at === 'open')
  return isLoud || (last.exit !== undefined && last.exit.code !== null && last.exit.code !== 0)
}

function openEnds(view: CaseView, findings: readonly Finding[]): readonly string[] {
  const doubtful = view.history
    .of('wedged')
    .filter(({ confirmed }) => !confirmed)
    .map(({ life }) => `life ${life} seemed to hang, and did not when it ran alone`)
  const isTold = findings.some(({ invariant }) => invariant === 'L1' || invariant === 'L2')
  if (isTold || hasEnded(view) || hasRefused(view) || view.isOthersRun) return doubtful
  const lives = calmLives(view).length
  const allowed = livesAllowed(view)
  // With all its lives, what it did not reach in them is a finding of L1 or L2, or was never given the time.
  const why =
    lives < allowed
      ? `the run did not end, and was given ${count(lives, 'fault-free life').replace('lifes', 'lives')} of ${allowed}`
      : 'the run did not end, and nothing says why'
  return [...doubtful, why]
}

function verdictWithout(view: CaseView, reasons: readonly string[]): Verdict {
  if (reasons.length > 0) return 'INCONCLUSIVE'
  return hasRefused(view) ? 'REFUSED' : 'HOLDS'
}

function empty(verdict: 'HARNESS_ERROR' | 'INCONCLUSIVE', reasons: readonly string[]): Judgement {
  return { verdict, more: [], follows: [], judged: [], notJudged: [], excused: [], reasons }
}
