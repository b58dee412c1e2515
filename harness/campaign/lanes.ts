/**
 * The places of a group and the plans of each. Place p of n takes plan p, and where its fault did not fire plan p + n, p + 2n …, one
 * of the same fault class first. So what is run at a place depends on nothing that happens at another: places can be dealt to
 * machines, left out because they were run before, and run in any order.
 */
import type { PlannedCase } from './group.ts'
import { PlanQueue } from './plan-queue.ts'

/** One place of a group. */
export interface Lane {
  /** From 0. */
  readonly slot: number
  readonly plans: PlanQueue
  /** Plans taken so far. */
  taken: number
}

/** A plan that is tried at a place. */
export interface Drawn {
  readonly lane: Lane
  readonly plan: PlannedCase
}

/** Draws for one place, before it is given up. */
const drawsMax = 8

/**
 * Plans of a place that are looked through for one of the class that missed. More than the weights of a scenario's classes together: a place
 * sees every so manyth plan only, and the rarest class must be found among them, or it has never fired at all.
 */
const lookAheadMax = 32

/** The places of a group of `all` that are in `slots`. */
export function lanesOf(
  plans: Iterable<PlannedCase>,
  all: number,
  slots: readonly number[],
): readonly Lane[] {
  const list = new PlanList(plans)
  return slots.map((slot) => ({
    slot,
    plans: new PlanQueue(list.every(all, slot), lookAheadMax),
    taken: 0,
  }))
}

/** The next plan of each place that has one. */
export function drawn(lanes: readonly Lane[]): readonly Drawn[] {
  return lanes.flatMap((lane) => {
    if (lane.taken >= drawsMax) return []
    const plan = lane.plans.next()
    lane.taken += 1
    return plan === undefined ? [] : [{ lane, plan }]
  })
}

/** A name for what is tried at a place, unique in its group. */
export function laneName({ slot, taken }: Lane): string {
  return taken === 1 ? String(slot) : `${slot}.${taken}`
}

/** Plans by number, made when they are asked for. */
class PlanList {
  readonly #source: Iterator<PlannedCase>
  readonly #made: PlannedCase[] = []
  #isOver = false

  constructor(plans: Iterable<PlannedCase>) {
    this.#source = plans[Symbol.iterator]()
  }

  *every(step: number, from: number): Generator<PlannedCase> {
    for (let number = from; ; number += step) {
      const plan = this.#at(number)
      if (plan === undefined) return
      yield plan
    }
  }

  #at(number: number): PlannedCase | undefined {
    while (this.#made.length <= number && !this.#isOver) {
      const { value, done } = this.#source.next()
      if (done === true) this.#isOver = true
      else this.#made.push(value)
    }
    return this.#made[number]
  }
}
