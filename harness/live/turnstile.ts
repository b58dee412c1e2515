/**
 * Who may run: a bounded number of cases at once, and one alone where that matters.
 *
 * A process that is quiet for a while may be wedged or may just wait for a busy machine. So the case that has it stops
 * counting as running, waits until every other case has ended and none begins, and looks again with the machine to itself.
 * Cases that wait to be alone do not wait for each other: their processes are quiet by definition.
 */
export class Turnstile {
  readonly #places: number
  #inside = 0
  #alone = 0
  readonly #enter: (() => void)[] = []
  readonly #quiet: (() => void)[] = []
  #chain: Promise<unknown> = Promise.resolve()

  constructor(places: number) {
    this.#places = places
  }

  /** Runs `body` when a place is free. */
  async run<Result>(body: () => Promise<Result>): Promise<Result> {
    await this.#in()
    try {
      return await body()
    } finally {
      this.#out()
    }
  }

  /** Runs `body`, called from inside {@link run}, with no other case running. */
  alone<Result>(body: () => Promise<Result>): Promise<Result> {
    this.#alone += 1
    this.#out()
    const turn = this.#chain.then(async () => {
      while (this.#inside > 0) await new Promise<void>((resolve) => this.#quiet.push(resolve))
      try {
        return await body()
      } finally {
        this.#alone -= 1
        // Its own place again, without queueing: it had one.
        this.#inside += 1
        this.#admit()
      }
    })
    this.#chain = turn.catch(() => undefined)
    return turn
  }

  async #in(): Promise<void> {
    if (this.#inside >= this.#places || this.#alone > 0)
      await new Promise<void>((resolve) => this.#enter.push(resolve))
    else this.#inside += 1
  }

  #out(): void {
    this.#inside -= 1
    if (this.#inside === 0) for (const resolve of this.#quiet.splice(0)) resolve()
    this.#admit()
  }

  /** Hands free places to those who wait. */
  #admit(): void {
    while (this.#alone === 0 && this.#inside < this.#places) {
      const next = this.#enter.shift()
      if (next === undefined) return
      this.#inside += 1
      next()
    }
  }
}
