/**
 * Which plan comes next: of those at hand the one whose kind was taken least. Uniform draws over ops hit what a run does often
 * again and again, and miss for long what it does once.
 *
 * The kind of a plan is that of its faults: what is done, at which kind of op (`corpus/op-kinds.ts`), before it, after it or inside.
 * Of a life that nobody has seen yet its number stands for the op. A moment that no op decides is of no kind.
 */
import { kindsOfOps } from '../corpus/op-kinds.ts'
import { stringifyFault } from '../fault-text.ts'
import type { Fault } from '../fault.ts'
import type { CasePlan, Control } from '../scenario.ts'

/** Kinds that a group has taken so far. */
export class PlanKinds {
  readonly #ops: readonly string[]
  readonly #taken = new Map<string, number>()

  constructor({ ops }: Pick<Control, 'ops'>) {
    this.#ops = kindsOfOps(ops)
  }

  /** A plan is taken. */
  take(plan: CasePlan): void {
    for (const kind of this.kindsOf(plan)) this.#taken.set(kind, (this.#taken.get(kind) ?? 0) + 1)
  }

  /** The plans, rarest kind first as far as `ahead` of them can be seen; the order of their own among equals. */
  *rarestFirst(plans: Iterable<CasePlan>, ahead: number): Generator<CasePlan> {
    const source = plans[Symbol.iterator]()
    const held: CasePlan[] = []
    for (;;) {
      while (held.length < ahead) {
        const { value, done } = source.next()
        if (done === true) break
        held.push(value)
      }
      const rarest = this.#rarestOf(held)
      if (rarest === undefined) return
      yield* held.splice(rarest, 1)
    }
  }

  /** The kind of each fault of a plan. */
  kindsOf({ schedule }: CasePlan): readonly string[] {
    return schedule.flatMap((faults, life) => faults.map((fault) => this.#kindOf(fault, life)))
  }

  #kindOf(fault: Fault, life: number): string {
    if (!('at' in fault) || fault.kind === 'message' || fault.kind === 'read-error')
      return stringifyFault(fault)
    const { stream, op, phase } = fault.at
    const kind = life === 0 && stream === '1' ? this.#ops[op - 1] : undefined
    return `${fault.kind} ${phase.kind} ${kind ?? `op ${op} of a later life`}`
  }

  #rarestOf(plans: readonly CasePlan[]): number | undefined {
    let [rarest, least]: [number | undefined, number] = [undefined, Infinity]
    for (const [place, plan] of plans.entries()) {
      const often = this.#howOften(plan)
      if (often < least) [rarest, least] = [place, often]
      if (least === 0) break
    }
    return rarest
  }

  #howOften(plan: CasePlan): number {
    const kinds = this.kindsOf(plan)
    const taken = kinds.reduce((sum, kind) => sum + (this.#taken.get(kind) ?? 0), 0)
    return kinds.length === 0 ? 0 : taken / kinds.length
  }
}
