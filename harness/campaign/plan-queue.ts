/**
 * The plans of a group in the order in which they are taken: as they come, but where a fault class was drawn and did not fire,
 * its next plan comes first. So a class that often misses is not crowded out by those that never do.
 */
import type { PlannedCase } from './group.ts'

export class PlanQueue {
  readonly #plans: Iterator<PlannedCase>
  readonly #held: PlannedCase[] = []
  readonly #missed: string[] = []
  readonly #lookAheadMax: number

  /** `lookAheadMax`: plans that may be held back while one of a class that missed is looked for. */
  constructor(plans: Iterator<PlannedCase>, lookAheadMax = 32) {
    this.#plans = plans
    this.#lookAheadMax = lookAheadMax
  }

  /** A plan of this class came to nothing. */
  missed({ origin }: PlannedCase): void {
    if (origin.kind === 'class') this.#missed.push(origin.name)
  }

  /** The next plan; `undefined` where there is none left. */
  next(): PlannedCase | undefined {
    const wanted = this.#missed.shift()
    if (wanted === undefined) return this.#held.shift() ?? this.#pull()
    const held = this.#held.findIndex((plan) => isOf(plan, wanted))
    if (held >= 0) return this.#held.splice(held, 1)[0]
    while (this.#held.length < this.#lookAheadMax) {
      const plan = this.#pull()
      if (plan === undefined) break
      if (isOf(plan, wanted)) return plan
      this.#held.push(plan)
    }
    return this.#held.shift()
  }

  #pull(): PlannedCase | undefined {
    const { value, done } = this.#plans.next()
    return done === true ? undefined : value
  }
}

function isOf({ origin }: PlannedCase, name: string): boolean {
  return origin.kind === 'class' && origin.name === name
}
