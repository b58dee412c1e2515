/**
 * Effects that ran again: the step level of S3, and what S6 and S7 make of it.
 *
 *  R1  an effect of a committed step, under an owner who had to know
 *  R2  a `keyed` step twice under one owner; a `once` step twice at all (a step here is one declared attempt)
 *  R3  a `keyed` step under another key: the receiver cannot see that it is the same
 *
 * An owner that is superseded when the effect begins (`ownership.ts`, W4) may have been stopped right before it: that is left
 * to S5, except for a second effect under the same owner, for another key, and for a `once` step that the newer owner ran although
 * its image held all that the old one had appended.
 */
import type { History, Located } from '../history.ts'
import type { Model, Unit } from '../model.ts'
import type { Claim } from '../system.ts'
import type { Commit, Commits } from './commits.ts'
import { isSame, type Ownership } from './ownership.ts'
import type { Window } from './void.ts'

/** What is looked at of a case. */
export interface RedoneView {
  readonly history: History
  readonly model: Model
  readonly ownership: Ownership
  readonly commits: Commits
  readonly windows: readonly Window[]
  readonly inFlightMax: number
  readonly claims: (claim: Claim) => boolean
  readonly isVoidEffect: (effect: Located<'effect'>) => boolean
}

/** An effect that ran again, and what it contradicts. */
export interface Redone {
  readonly effect: Located<'effect'>
  /** The latest effect of the same step before it. */
  readonly first: Located<'effect'>
  readonly rule: 'committed' | 'attempt' | 'same-life' | 'once' | 'other-key'
  /** For `committed`. */
  readonly commit?: Commit
}

/** All effects that ran again, in ledger order; the first rule that an effect breaks. */
export function redoneEffects(view: RedoneView): readonly Redone[] {
  const finder = new Finder(view)
  return view.history.of('effect').flatMap((effect) => finder.look(effect) ?? [])
}

class Finder {
  readonly #view: RedoneView
  readonly #earlier = new Map<string, Located<'effect'>[]>()

  constructor(view: RedoneView) {
    this.#view = view
  }

  look(effect: Located<'effect'>): Redone | undefined {
    const unit = this.#view.model.units.get(effect.step)
    if (unit === undefined || this.#view.isVoidEffect(effect)) return undefined
    const earlier = this.#earlier.get(effect.step) ?? []
    const redone = earlier.length > 0 ? this.#judge(unit, effect, earlier) : undefined
    this.#earlier.set(effect.step, [...earlier, effect])
    return redone
  }

  #judge(
    unit: Unit,
    effect: Located<'effect'>,
    earlier: readonly Located<'effect'>[],
  ): Redone | undefined {
    const last = earlier.at(-1)
    if (last === undefined) return undefined
    const isSuperseded = this.#view.ownership.supersededBy(effect, effect.index) !== undefined
    if (!isSuperseded) {
      const commit = this.#commitKnown(effect)
      if (commit !== undefined) return { effect, first: last, rule: 'committed', commit }
      const later = this.#laterAttempt(effect, earlier)
      if (later !== undefined) return { effect, first: later, rule: 'attempt' }
    }
    return this.#twice(unit, effect, earlier)
  }

  #commitKnown(effect: Located<'effect'>): Commit | undefined {
    return this.#view.commits
      .get(effect.step)
      ?.find(
        (commit) =>
          this.#view.ownership.knows(effect, effect.index, commit) && !isOwnFailure(effect, commit),
      )
  }

  /** Where a system keeps the count of attempts, the start of a later one commits the failure of this one. */
  #laterAttempt(
    effect: Located<'effect'>,
    earlier: readonly Located<'effect'>[],
  ): Located<'effect'> | undefined {
    if (!this.#view.claims('retry')) return undefined
    return earlier.find(
      (each) =>
        each.attempt > effect.attempt && this.#view.ownership.knows(effect, effect.index, each),
    )
  }

  #twice(
    unit: Unit,
    effect: Located<'effect'>,
    earlier: readonly Located<'effect'>[],
  ): Redone | undefined {
    if (unit.effect === 'none' || unit.effect === undefined) return undefined
    const same = earlier.filter(({ attempt }) => attempt === effect.attempt)
    const inLife = same.find((each) => isSame(each, effect))
    if (inLife !== undefined) return { effect, first: inLife, rule: 'same-life' }
    if (unit.effect === 'once' && this.#view.claims('once')) {
      const before = same.find((each) => this.#mustBeOnly(each, effect))
      return before === undefined ? undefined : { effect, first: before, rule: 'once' }
    }
    const other = earlier.find(({ key }) => key !== effect.key)
    if (other === undefined || !this.#view.claims('keyed')) return undefined
    return { effect, first: other, rule: 'other-key' }
  }

  /** Of two effects of a `once` step: whether whoever ran one of them had to know of the other. */
  #mustBeOnly(first: Located<'effect'>, second: Located<'effect'>): boolean {
    const { ownership } = this.#view
    return [first, second].every((effect) => {
      const newer = ownership.supersededBy(effect, effect.index)
      if (newer === undefined) return true
      const other = effect === first ? second : first
      return isSame(newer, other) && ownership.isInImage(effect, newer)
    })
  }
}

/** A run that fails or is cancelled may have steps in flight; what they still do is S10's. */
function isOwnFailure(effect: Located<'effect'>, commit: Commit): boolean {
  return commit.how === 'done' && commit.by !== 'done' && isSame(effect, commit)
}
