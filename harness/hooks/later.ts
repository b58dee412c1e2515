/** Turns of the event loop, by the functions that were there before any program code. */

/** Runs `call` in the next turn, in the asynchronous context of now, behind what was put there before. */
export const nextTurn: (call: () => void) => void = setImmediate

interface Late {
  /** Ops still to pass. */
  left: number
  readonly tell: () => void
}

/** A slow sync is not slower than the program: with no op for this many turns, it completes. */
const idleTurnsMax = 16

/** Completions that are held back until so many ops have passed them. */
export class LateDeliveries {
  readonly #held = new Set<Late>()
  #passed = 0

  /** An op passes by. */
  pass(): void {
    if (this.#held.size === 0) return
    this.#passed += 1
    for (const late of this.#held) late.left -= 1
    this.#release()
  }

  /** Runs `tell` after the next `ops` ops, or once the program has issued none for some turns. */
  hold(ops: number, tell: () => void): void {
    const late: Late = { left: ops, tell }
    this.#held.add(late)
    let idleTurns = 0
    let seen = this.#passed
    const wait = (): void => {
      if (!this.#held.has(late)) return
      idleTurns = seen === this.#passed ? idleTurns + 1 : 0
      seen = this.#passed
      if (idleTurns >= idleTurnsMax) late.left = 0
      this.#release()
      nextTurn(wait)
    }
    nextTurn(wait)
  }

  #release(): void {
    for (const late of this.#held) {
      if (late.left > 0) continue
      this.#held.delete(late)
      // A turn later: the completion of the op that passed last comes first.
      nextTurn(() => nextTurn(late.tell))
    }
  }
}
