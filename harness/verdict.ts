/**
 * Verdicts: every answer that the harness can give about a case, and which one counts when there are several.
 *
 * Three values, worst wins: an invariant is *broken*, the case is *inconclusive*, or it *holds*. Unknown is never a pass. A
 * fault of the harness itself stands above all, because nothing that it says then can be trusted.
 */

/** Numbers of the invariants, in the order of the table. */
export const invariantNames = [
  'S1',
  'S2',
  'S3',
  'S4',
  'S5',
  'S6',
  'S7',
  'S8',
  'S9',
  'S10',
  'S11',
  'S12',
  'S13',
  'L1',
  'L2',
  'L3',
  'C1',
] as const

/** Number of an invariant. */
export type Invariant = (typeof invariantNames)[number]

/** What is said of a broken invariant. */
export type Breach =
  | 'LOST_COMMIT'
  | 'PHANTOM'
  | 'REDONE'
  | 'DIVERGED'
  | 'ZOMBIE_WRITE'
  | 'CORRUPT_ACCEPTED'
  | 'FALSE_ACK'
  | 'BROKEN_TREE'
  | 'OVERSPENT'
  | 'BROKEN_TRANSCRIPT'
  | 'LOST_EFFECT'
  | 'WEDGED'
  | 'COST'

/**
 * Every verdict. `REFUSED`: the media was damaged and the system said so, loudly; that is how it should be. `SKIPPED`: the
 * system does not claim what the scenario needs.
 */
export type Verdict = Breach | 'HOLDS' | 'REFUSED' | 'SKIPPED' | 'INCONCLUSIVE' | 'HARNESS_ERROR'

/** One line of the table of invariants. */
export interface InvariantMeaning {
  /** The invariant as a fact that holds; ends the first line of a failure. */
  readonly title: string
  /** What may be said when it is broken; the first unless a checker says otherwise. */
  readonly verdicts: readonly [Breach, ...Breach[]]
}

/** The table of invariants. `docs/invariants.md` tells it in prose. */
export const invariants: Readonly<Record<Invariant, InvariantMeaning>> = {
  S1: { title: 'an acked record survives', verdicts: ['LOST_COMMIT'] },
  S2: { title: 'what survives is a prefix of what was appended', verdicts: ['PHANTOM'] },
  S3: { title: 'no effect of a committed step runs again', verdicts: ['REDONE'] },
  S4: { title: 'a step has one key, one argument and one result', verdicts: ['DIVERGED'] },
  S5: { title: 'an owner that was replaced changes nothing', verdicts: ['ZOMBIE_WRITE'] },
  S6: { title: 'damage is repaired or refused, never read', verdicts: ['CORRUPT_ACCEPTED'] },
  S7: { title: 'after a storage error nothing is falsely acked', verdicts: ['FALSE_ACK'] },
  S8: { title: 'recovery decides once', verdicts: ['DIVERGED'] },
  S9: { title: 'signals and timers are consumed once, in time', verdicts: ['REDONE'] },
  S10: { title: 'the tree of children stays a tree', verdicts: ['BROKEN_TREE'] },
  S11: { title: 'spend stays within budget and deadline', verdicts: ['OVERSPENT'] },
  S12: { title: 'every tool call is answered once', verdicts: ['BROKEN_TRANSCRIPT'] },
  S13: { title: 'every required step has its effect, in order', verdicts: ['LOST_EFFECT'] },
  L1: { title: 'once faults stop, the run ends', verdicts: ['WEDGED'] },
  L2: {
    title: 'an orphaned run is taken over, a live one is not',
    verdicts: ['WEDGED', 'ZOMBIE_WRITE'],
  },
  L3: { title: 'SIGTERM stops in order', verdicts: ['WEDGED'] },
  C1: { title: 'the cost of a commit does not grow with the journal', verdicts: ['COST'] },
}

/** Which broken invariant is the root cause when several are: the first of these. */
export const precedence: readonly Invariant[] = [
  'S6',
  'S7',
  'S1',
  'S2',
  'S5',
  'S3',
  'S13',
  'S4',
  'S8',
  'S9',
  'S10',
  'S11',
  'S12',
  'L1',
  'L2',
  'L3',
  'C1',
]

/** Exit codes of every command. */
export const exitCodes = { holds: 0, broken: 1, inconclusive: 2, usage: 3, harness: 4 } as const

/** The exit code for a verdict. */
export function exitCode(verdict: Verdict): number {
  return exitCodes[outcomeOf(verdict)]
}

/** The verdict of several cases together: the first of the worst. `HOLDS` for none, so count the cases yourself. */
export function worst(verdicts: Iterable<Verdict>): Verdict {
  let found: Verdict = 'HOLDS'
  for (const verdict of verdicts) if (severity(verdict) > severity(found)) found = verdict
  return found
}

/** True where the verdict says that an invariant is broken. */
export function isBreach(verdict: Verdict): verdict is Breach {
  return outcomeOf(verdict) === 'broken'
}

/** How bad a verdict is: 0 holds, 1 inconclusive, 2 the harness failed, 3 broken. What stands last in a report is the worst. */
export function outcomeRank(verdict: Verdict): number {
  return { holds: 0, inconclusive: 1, harness: 2, broken: 3 }[outcomeOf(verdict)]
}

function outcomeOf(verdict: Verdict): Exclude<keyof typeof exitCodes, 'usage'> {
  switch (verdict) {
    case 'HOLDS':
    case 'REFUSED':
    case 'SKIPPED':
      return 'holds'
    case 'INCONCLUSIVE':
      return 'inconclusive'
    case 'HARNESS_ERROR':
      return 'harness'
    default:
      return 'broken'
  }
}

function severity(verdict: Verdict): number {
  return { holds: 0, inconclusive: 1, broken: 2, harness: 3 }[outcomeOf(verdict)]
}
