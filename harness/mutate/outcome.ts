/** What came of one mutant, and of all of them together. */
import type { Breach } from '../verdict.ts'
import type { Catch } from './hunt.ts'
import type { Mutant } from './mutant.ts'

/** What came of a mutant. `ms` is real time, to be printed and never judged. */
export type MutantOutcome =
  | { readonly kind: 'caught'; readonly by: Catch; readonly ms: number }
  /** Something is wrong with the run, but not what is wrong with the mutant. */
  | {
      readonly kind: 'caught-otherwise'
      readonly by: Catch
      readonly cases: number
      readonly ms: number
    }
  | {
      readonly kind: 'survived'
      readonly cases: number
      readonly ms: number
      readonly notes: readonly string[]
    }
  /** It could not be planted, its worker does not start, or it fails with no fault at all: it says nothing about the gate. */
  | { readonly kind: 'broken'; readonly why: string; readonly ms: number }
  | { readonly kind: 'skipped'; readonly why: string }

/** What SIGKILL alone made of a mutant that takes more. */
export interface KillsOutcome {
  readonly cases: number
  /** Absent: it survived all of them. */
  readonly found?: Catch
}

export interface MutantReport {
  readonly mutant: Mutant
  readonly outcome: MutantOutcome
  readonly kills?: KillsOutcome
}

/** `survived 200 kills`; empty where none were tried. */
export function killsText(kills: KillsOutcome | undefined): string {
  if (kills === undefined) return ''
  const { found, cases } = kills
  return found === undefined ? `survived ${cases} kills` : `${found.verdict} after ${found.cases}`
}

/** How many mutants came to what. */
export interface Score {
  readonly caught: number
  readonly escaped: number
  readonly broken: number
  readonly skipped: number
}

/** Counts outcomes. */
export function scoreOf(reports: readonly MutantReport[]): Score {
  const count = (...kinds: readonly MutantOutcome['kind'][]): number =>
    reports.filter(({ outcome }) => kinds.includes(outcome.kind)).length
  return {
    caught: count('caught'),
    escaped: count('survived', 'caught-otherwise'),
    broken: count('broken'),
    skipped: count('skipped'),
  }
}

/** True where every mutant that was hunted was caught by a verdict of its own, and at least one was hunted. */
export function isPass(score: Score): boolean {
  return score.caught > 0 && score.escaped === 0 && score.broken === 0
}

/** One word for what came of a mutant. */
export function wordOf(
  outcome: MutantOutcome,
): 'caught' | 'SURVIVED' | 'WRONG VERDICT' | 'BROKEN' | 'skipped' {
  switch (outcome.kind) {
    case 'caught':
      return 'caught'
    case 'caught-otherwise':
      return 'WRONG VERDICT'
    case 'survived':
      return 'SURVIVED'
    case 'broken':
      return 'BROKEN'
    case 'skipped':
      return 'skipped'
  }
}

/** The verdict that a mutant was given, where it was given one. */
export function verdictOf(outcome: MutantOutcome): Breach | undefined {
  return 'by' in outcome ? outcome.by.verdict : undefined
}
