/** Where a step happens: the state before it, and a scratch state that becomes each of its outcomes in turn. */
import { end } from './disk.ts'
import { programFor, type Model, type Program } from './program.ts'
import { order, type Moved } from './symmetry.ts'
import { Flag, get, Of, set, setFlag, type Row } from './state.ts'

/**
 * Takes one outcome: the state after it (scratch: copy it to keep it), what happened, the slot of the life that did it in the
 * state before (-1: nobody), and where the lives were in the state before.
 */
export type Emit = (next: Row, text: string, slot: number, moved: Moved) => void

export class Scene {
  readonly model: Model
  readonly next: Row
  from: Row
  slot = 0
  readonly #emit: Emit

  constructor(model: Model, next: Row, emit: Emit) {
    this.model = model
    this.next = next
    this.from = next
    this.#emit = emit
  }

  get program(): Program {
    return programFor(this.model, this.slot)
  }

  /** Index of the step that is being taken. */
  get at(): number {
    return get(this.from, this.slot, Of.pc)
  }

  /** How many steps of this name came before. */
  get nth(): number {
    return this.program.nth[this.at] ?? 0
  }

  /** The scratch state as it is before the step. */
  begin(): Row {
    this.next.set(this.from)
    return this.next
  }

  /** This outcome goes on with the step at `index`, by default the next one. */
  goOn(text: string, index: number = this.at + 1): void {
    if (index < this.program.steps.length) set(this.next, this.slot, Of.pc, index)
    else end(this.next, this.slot)
    this.#hand(text, this.slot)
  }

  /** This outcome ends the life: it died, or it was refused, fenced or poisoned. */
  giveUp(text: string): void {
    end(this.next, this.slot)
    this.#hand(text, this.slot)
  }

  /** This outcome is nobody's step. */
  happen(text: string): void {
    this.#hand(text, -1)
  }

  /** Index of the first step of that name from here on, or behind the end. */
  following(step: string): number {
    const index = this.program.steps.findIndex((name, at) => at > this.at && name === step)
    return index < 0 ? this.program.steps.length : index
  }

  #hand(text: string, slot: number): void {
    if (this.model.bounds.watchesRecovery) this.#disturbOthers(slot)
    this.#emit(this.next, text, slot, order(this.next, this.model))
  }

  #disturbOthers(slot: number): void {
    for (let other = 0; other < this.model.bounds.lives; other += 1) {
      const pc = get(this.next, other, Of.pc)
      if (other !== slot && pc > this.model.listing && pc <= this.model.resolving) {
        setFlag(this.next, other, Flag.disturbed)
      }
    }
  }
}
