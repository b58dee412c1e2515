/**
 * What may still begin after a stop was asked for: the race between looking and doing.
 *
 * A worker looks whether it was cancelled or terminated, and then begins a step; between the two the cancel may be
 * acknowledged. So each step in flight may slip through once, and no more: of two steps that the workload orders, the second
 * looked after the first had ended. (More steps than the workload is wide hold such a pair.)
 */
import type { Located } from '../history.ts'
import { isBefore } from '../model.ts'
import type { CaseView } from './context.ts'

/** The first effect after `index`, of those given, that cannot have slipped through. */
export function firstTooLate(
  view: CaseView,
  effects: readonly Located<'effect'>[],
  index: number,
): Located<'effect'> | undefined {
  const slipped: Located<'effect'>[] = []
  for (const effect of effects) {
    if (effect.index <= index || view.isVoidEffect(effect)) continue
    if (slipped.some((before) => comesAfter(view, before, effect))) return effect
    slipped.push(effect)
  }
  return undefined
}

function comesAfter(view: CaseView, before: Located<'effect'>, effect: Located<'effect'>): boolean {
  if (before.step === effect.step) return true
  const first = view.model.units.get(before.step)
  const second = view.model.units.get(effect.step)
  return first !== undefined && second !== undefined && isBefore(first, second)
}
