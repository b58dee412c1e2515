/**
 * Money, as the ledger meters it.
 *
 * An effect costs what the `spend` mark after it says, and the declared cost of its step where a kill came between the two.
 * How much a system may have *charged* is more: a reservation in doubt stays charged, and a durable reservation whose mark
 * a kill swallowed was made all the same.
 */
import type { Located } from '../history.ts'
import { runLives } from '../history.ts'
import type { Unit } from '../model.ts'
import { isChildWithin, rootChild } from '../model.ts'
import type { CaseView } from './context.ts'

/** One attempt and what it cost. */
export interface Metered {
  readonly effect: Located<'effect'>
  readonly amount: number
}

/** What every attempt cost, in ledger order; what a void window holds costs nothing. */
export function meter(view: CaseView): readonly Metered[] {
  const spends = view.history.of('spend')
  const taken = new Set<number>()
  return view.history.of('effect').flatMap((effect) => {
    const unit = view.model.units.get(effect.step)
    if (unit === undefined || view.isVoidEffect(effect)) return []
    const spend = spends.find(
      ({ step, life, index }) =>
        step === effect.step && life === effect.life && index > effect.index && !taken.has(index),
    )
    if (spend !== undefined) taken.add(spend.index)
    return [{ effect, amount: spend?.amount ?? unit.cost }]
  })
}

/** The budgets of a workload: the run's and those of its children, with the units that each pays for. */
export function budgets(
  view: CaseView,
): readonly { readonly child: string; readonly limit: number }[] {
  const { budget } = view.context.workload
  const own = budget === undefined ? [] : [{ child: rootChild, limit: budget }]
  const children = [...view.model.children.values()].flatMap(({ id, budget: limit }) =>
    limit === undefined ? [] : [{ child: id, limit }],
  )
  return [...own, ...children]
}

/** True where a unit is paid for by the budget of `child`. */
export function isPaidBy(view: CaseView, unit: Unit, child: string): boolean {
  return child === rootChild || isChildWithin(view.model, unit.child, child)
}

/**
 * True where some budget can have refused a step: everything that a system may have charged, and the next step, are more
 * than the limit. A child's whole budget is charged to its parent while it runs.
 */
export function budgetMayBeSpent(view: CaseView, before: number): boolean {
  const lives = runLives(view.history).filter(({ startedIndex }) => startedIndex < before)
  return budgets(view).some(({ child, limit }) => {
    const units = [...view.model.units.values()].filter((unit) => isPaidBy(view, unit, child))
    const dearest = Math.max(0, ...units.map(({ cost }) => cost))
    const held = [...view.model.children.values()]
      .filter(
        ({ parent, budget }) => budget !== undefined && isChildWithin(view.model, parent, child),
      )
      .reduce((sum, { budget = 0 }) => sum + budget, 0)
    const charged = chargedTo(view, child, before)
    // Each life that ended may have left as many reservations without a mark as it had steps in flight.
    const hidden = (lives.length - 1) * view.inFlightMax * dearest
    return charged + hidden + held + view.inFlightMax * dearest > limit
  })
}

/** Every attempt that began, by its effect or its reservation, at its full cost. */
function chargedTo(view: CaseView, child: string, before: number): number {
  const began = new Map<string, { effects: number; reserves: number }>()
  for (const name of ['effect', 'reserve'] as const)
    for (const { step, index } of view.history.of(name)) {
      if (index > before) continue
      const counts = began.get(step) ?? { effects: 0, reserves: 0 }
      if (name === 'effect') counts.effects += 1
      else counts.reserves += 1
      began.set(step, counts)
    }
  let sum = 0
  for (const [step, { effects, reserves }] of began) {
    const unit = view.model.units.get(step)
    if (unit !== undefined && isPaidBy(view, unit, child))
      sum += unit.cost * Math.max(effects, reserves)
  }
  return sum
}
