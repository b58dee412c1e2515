/** What a campaign says of each claim of a system. */
import type { CaseReport } from '../campaign/trial.ts'
import { faultNeeds, invariantNeeds } from '../claims.ts'
import { claimBroken } from '../conformance/run-laws.ts'
import type { FaultKind } from '../fault.ts'
import { modelOf } from '../model.ts'
import { claimNames, type Claim, type System } from '../system.ts'
import type { ToldLaw } from '../report/laws.ts'
import { parseToken } from '../token.ts'
import { isBreach } from '../verdict.ts'
import type { CampaignOutcome } from './campaign-order.ts'

/** One claim, and what became of it. */
export interface ClaimOutcome {
  readonly claim: Claim
  readonly outcome:
    | { readonly kind: 'held'; readonly cases: number }
    /** The same of power loss: crash states that were recovered. */
    | { readonly kind: 'held-states'; readonly states: number }
    /** `again` is the command that shows it. */
    | { readonly kind: 'broken'; readonly verdict: string; readonly again: string }
    | { readonly kind: 'not-claimed' }
    /** Claimed, and no case of this campaign could have broken it. */
    | { readonly kind: 'not-shown'; readonly why: string }
}

/** The outcome of every claim there is, in the order of the table. */
export function claimOutcomes(
  system: System,
  outcome: CampaignOutcome,
  laws: readonly ToldLaw[] = [],
): readonly ClaimOutcome[] {
  const { campaign, failures, atStake } = outcome
  const { explored } = outcome.result
  const broken = campaign.failures.filter(({ verdict }) => isBreach(verdict))
  return claimNames.map((claim) => ({ claim, outcome: outcomeOf(claim) }))

  function outcomeOf(claim: Claim): ClaimOutcome['outcome'] {
    if (!system.claims.includes(claim)) return { kind: 'not-claimed' }
    const report = broken.find((each) => claimsBroken(each).includes(claim))
    if (report !== undefined) {
      // A failure that was made smaller is the better one to look at.
      const told = failures.find(({ first }) => first === report.token)
      const replay = told?.story.replay ?? report.token
      return { kind: 'broken', verdict: report.verdict, again: `npx killpoint replay ${replay}` }
    }
    const lost = claim === 'power' ? failures.find(({ first }) => losesPower(first)) : undefined
    if (lost !== undefined) {
      const { verdict, replay } = lost.story
      return { kind: 'broken', verdict, again: `npx killpoint replay ${replay}` }
    }
    const law = laws.find(
      (each) =>
        each.outcome.kind === 'broken' &&
        claimBroken(each, String(each.outcome['verdict'])) === claim,
    )
    if (law !== undefined)
      return { kind: 'broken', verdict: String(law.outcome['verdict']), again: law.again ?? '' }
    if (claim === 'power') {
      const states = explored.reduce((sum, { counts }) => sum + (counts['checked'] ?? 0), 0)
      if (states > 0) return { kind: 'held-states', states }
      const [skipped] = explored.flatMap((each) => each.skipped ?? [])
      return { kind: 'not-shown', why: skipped ?? whyNotShown(claim) }
    }
    const cases = atStake.get(claim) ?? 0
    return cases > 0 ? { kind: 'held', cases } : { kind: 'not-shown', why: whyNotShown(claim) }
  }
}

function losesPower(token: string): boolean {
  return parseToken(token)
    .schedule.flat()
    .some(({ kind }) => kind === 'power-loss')
}

/**
 * The claims that a failing case breaks: those that its faults presuppose, or else what its invariant rests on; where that is
 * no more than that records survive, what its scenario is about.
 */
function claimsBroken({ group, asked, judgement }: CaseReport): readonly Claim[] {
  const finding = judgement?.finding
  if (finding === undefined) return []
  const presupposed = asked.schedule
    .flat()
    .flatMap(({ kind }) => faultNeeds[kind] ?? [])
    .filter((claim) => claim !== 'clock' && claim !== 'identity')
  if (presupposed.length > 0) return presupposed
  const about: readonly Claim[] = group.scenario.needs.filter((claim) => claim !== 'wire')
  const { claims: rests, anyClaim } = invariantNeeds[finding.invariant]
  if (anyClaim === true) {
    const both = rests.filter((claim) => about.includes(claim))
    return both.length > 0 ? both : rests
  }
  return rests.some((claim) => claim !== 'process') ? rests : [...rests, ...about]
}

/** Claims that a judge rests on and that only such a case can break. */
const onlyWith: Readonly<Partial<Record<Claim, (report: CaseReport) => boolean>>> = {
  fencing: (report) => hasFault(report, 'zombie') || hasFault(report, 'resumers'),
  guarded: (report) => hasFault(report, 'resumers') || hasFault(report, 'rival'),
  graceful: (report) => hasFault(report, 'sigterm'),
  budget: ({ group }) => group.workload.budget !== undefined,
  deadline: ({ group }) => group.workload.deadlineMs !== undefined,
}

function hasFault({ asked }: CaseReport, kind: FaultKind): boolean {
  return asked.schedule.flat().some((fault) => fault.kind === kind)
}

/** The claims that a case could have broken: what its scenario, its faults, its workload and its judges rest on. */
export function claimsAtStake(report: CaseReport): ReadonlySet<Claim> {
  const { group, origin, judgement } = report
  const { scenario, workload } = group
  const judged = (judgement?.judged ?? []).flatMap((each) => invariantNeeds[each].claims)
  const units = [...modelOf(workload).units.values()]
  const faults = scenario.faults.find(({ name }) => origin.kind === 'class' && name === origin.name)
  return new Set<Claim>([
    ...scenario.needs,
    ...(faults?.needs ?? []),
    ...judged.filter((claim) => onlyWith[claim]?.(report) ?? true),
    ...units.flatMap(({ effect }) => (effect === 'keyed' || effect === 'once' ? [effect] : [])),
    ...(units.some(({ fails }) => fails > 0) ? (['retry'] as const) : []),
    ...(workload.inFlightMax > 1 ? (['parallel'] as const) : []),
  ])
}

function whyNotShown(claim: Claim): string {
  switch (claim) {
    case 'power':
      return 'a kill leaves the page cache: the explorer shows it'
    case 'clock':
    case 'identity':
    case 'serial':
    case 'wire':
      return 'what the harness counts on; nothing is judged by it'
    default:
      return 'no case that holds could have broken it'
  }
}
