/**
 * The plain model of one run: which bodies are decided for ever, and which appends may still go either way.
 */
import type { JsonValue } from '../../src/json.ts'

export class RunHistory {
  /** Acknowledged, or recovered by an open that resolved. */
  decided: readonly JsonValue[]
  /** Appended, in order, and neither acknowledged nor decided. */
  maybe: readonly (readonly JsonValue[])[]

  constructor(decided: readonly JsonValue[] = [], maybe: readonly (readonly JsonValue[])[] = []) {
    this.decided = decided
    this.maybe = maybe
  }

  clone(): RunHistory {
    return new RunHistory(this.decided, this.maybe)
  }

  appending(bodies: readonly JsonValue[]): void {
    this.maybe = [...this.maybe, bodies]
  }

  /** The oldest append under way was acknowledged. */
  acknowledged(): void {
    const [first, ...rest] = this.maybe
    this.decided = [...this.decided, ...(first ?? [])]
    this.maybe = rest
  }

  /** An open resolved with these bodies: it decides. Says what is wrong, or nothing. */
  recovered(bodies: readonly JsonValue[]): string | undefined {
    const problem = this.problemOf(bodies)
    if (problem !== undefined) return problem
    this.decided = bodies
    this.maybe = []
    return undefined
  }

  /** What is wrong with an image: it must be all that is decided, then whole appends in order. */
  problemOf(bodies: readonly JsonValue[]): string | undefined {
    let expected = this.decided
    if (same(bodies, expected)) return undefined
    for (const append of this.maybe) {
      expected = [...expected, ...append]
      if (same(bodies, expected)) return undefined
    }
    const shown = (value: unknown): string => JSON.stringify(value).slice(0, 300)
    return `found ${shown(bodies)}, expected ${shown(this.decided)} and perhaps ${shown(this.maybe)}`
  }

  key(): string {
    return JSON.stringify([this.decided, this.maybe])
  }
}

function same(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  return left.length === right.length && JSON.stringify(left) === JSON.stringify(right)
}
