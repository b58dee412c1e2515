/**
 * What may be judged: three tables, and nothing else decides it.
 *
 *   invariantNeeds  which claims and which marks an invariant rests on; without them it is *not judged*, in print
 *   faultNeeds      which claims a fault presupposes; a case that injects more than the system claims has no verdict
 *   faultExcuses    which invariants a fault switches off, as far as its harm reaches
 *
 * The claims themselves, and what each promises, stand in `system.ts`.
 */
import type { FaultKind } from './fault.ts'
import type { WorkerMarkName } from './mark.ts'
import type { Claim } from './system.ts'
import type { Invariant } from './verdict.ts'

/** What an invariant rests on. */
export interface Needs {
  /** All of these, unless `anyClaim`. */
  readonly claims: readonly Claim[]
  /** True where one of the claims is enough. */
  readonly anyClaim?: boolean
  /** Marks that must occur in the case or in its control. */
  readonly marks: readonly WorkerMarkName[]
  /** True where one of the marks is enough. */
  readonly anyMark?: boolean
}

/** Which claims and marks an invariant needs. */
export const invariantNeeds: Readonly<Record<Invariant, Needs>> = {
  S1: { claims: ['process', 'journal'], marks: ['recovered', 'appending', 'ack'] },
  S2: { claims: ['process', 'journal'], marks: ['recovered', 'appending'] },
  S3: { claims: ['process'], marks: ['effect'] },
  S4: { claims: ['process'], marks: ['effect', 'observed', 'done'], anyMark: true },
  S5: { claims: ['process', 'fencing'], marks: ['resolved'] },
  S6: { claims: ['process'], marks: ['recovered', 'effect'], anyMark: true },
  S7: { claims: ['process'], marks: ['ack', 'observed', 'effect'], anyMark: true },
  S8: { claims: ['process', 'journal'], marks: ['recovered', 'appending'] },
  S9: {
    claims: ['signal', 'timer'],
    anyClaim: true,
    marks: ['consumed', 'timer'],
    anyMark: true,
  },
  S10: {
    claims: ['child', 'cancel'],
    anyClaim: true,
    marks: ['spawn', 'settle', 'cancel-acked'],
    anyMark: true,
  },
  S11: { claims: ['budget', 'deadline'], anyClaim: true, marks: ['effect'] },
  S12: { claims: ['transcript'], marks: ['model-request'] },
  S13: { claims: ['process'], marks: ['effect', 'done'] },
  L1: { claims: ['process'], marks: [] },
  L2: { claims: ['takeover', 'guarded'], anyClaim: true, marks: ['resolved'] },
  L3: { claims: ['graceful'], marks: [] },
  C1: { claims: ['process'], marks: [] },
}

/** Which claims a fault presupposes. What is missing here presupposes nothing. */
export const faultNeeds: Readonly<Partial<Record<FaultKind, readonly Claim[]>>> = {
  'power-loss': ['power'],
  zombie: ['fencing'],
  resumers: ['takeover'],
  rival: ['guarded', 'identity'],
  'pid-recycled': ['takeover', 'identity'],
  sigterm: ['graceful'],
  clock: ['clock'],
}

/** What a fault takes away from the judgement. */
export interface Excuse {
  /** Invariants that it switches off, as far as its harm reaches (`checkers/void.ts`). */
  readonly invariants: readonly Invariant[]
  /** True where a loud refusal ends the case well. */
  readonly mayRefuse: boolean
  readonly why: string
}

/** Which faults excuse what: these, and nothing else. */
export const faultExcuses: Readonly<Partial<Record<FaultKind, Excuse>>> = {
  'lying-sync': {
    invariants: ['S1', 'S7'],
    mayRefuse: true,
    why: 'the disk said that it had stored what the power loss then took',
  },
  rot: {
    invariants: [],
    mayRefuse: true,
    why: 'the media was damaged; damage to the last batch cannot be told from a torn append',
  },
}

/** Why an invariant is not judged; `undefined` where it is. */
export function whyNotJudged(
  invariant: Invariant,
  claims: readonly Claim[],
  isGiven: (mark: WorkerMarkName) => boolean,
): string | undefined {
  const needs = invariantNeeds[invariant]
  const unclaimed = needs.claims.filter((claim) => !claims.includes(claim))
  if (needs.anyClaim === true ? unclaimed.length === needs.claims.length : unclaimed.length > 0)
    return `the system does not claim ${list(unclaimed, needs.anyClaim)}`
  const unseen = needs.marks.filter((mark) => !isGiven(mark))
  if (needs.marks.length === 0) return undefined
  if (needs.anyMark === true ? unseen.length === needs.marks.length : unseen.length > 0)
    return `there is no ${list(unseen, needs.anyMark)} mark`
  return undefined
}

function list(names: readonly string[], isAny: boolean | undefined): string {
  return names.join(isAny === true ? ' or ' : ' and ')
}
