/**
 * Reads a text from the left and says exactly where and why it could not go on.
 */
import { UsageError } from './errors.ts'
import type { UsageCode } from './errors.ts'

/** A text and how far it was read. */
export class TextCursor {
  readonly text: string
  at: number
  readonly #what: string
  readonly #code: UsageCode

  /** `what` names the text in messages; `code` is the error's. */
  constructor(text: string, what: string, code: UsageCode) {
    this.text = text
    this.at = 0
    this.#what = what
    this.#code = code
  }

  /** True where nothing is left. */
  get ended(): boolean {
    return this.at >= this.text.length
  }

  /** True where `literal` comes next; reads nothing. */
  sees(literal: string): boolean {
    return this.text.startsWith(literal, this.at)
  }

  /** Reads `literal` where it comes next. */
  takes(literal: string): boolean {
    if (!this.sees(literal)) return false
    this.at += literal.length
    return true
  }

  /** Reads `literal`; throws {@link UsageError} where something else comes. */
  expect(literal: string): void {
    if (!this.takes(literal)) throw this.refuse(JSON.stringify(literal))
  }

  /** Reads what a sticky pattern matches here; throws {@link UsageError} where it does not match. */
  read(pattern: RegExp, expected: string): string {
    const found = this.tryRead(pattern)
    if (found === undefined) throw this.refuse(expected)
    return found
  }

  /** Reads what a sticky pattern matches here, if it does. */
  tryRead(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }

  /** Reads a decimal number without leading zeros, of at least `least` and at most `most`. */
  number(expected: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): number {
    const start = this.at
    const value = Number(this.read(/0(?!\d)|[1-9]\d*/y, expected))
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value
    this.at = start
    const upTo = most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''
    throw this.refuse(least > 0 ? `${expected} from ${least}${upTo}` : expected)
  }

  /** Reads one of these words; throws {@link UsageError} where none of them comes. */
  word<Word extends string>(words: readonly Word[]): Word {
    const word = words.find((each) => this.takes(each))
    if (word === undefined) throw this.refuse(words.map((each) => JSON.stringify(each)).join(', '))
    return word
  }

  /** The error for what stands at `at`. */
  refuse(expected: string, at: number = this.at): UsageError {
    const found = at >= this.text.length ? 'the end' : JSON.stringify(this.text.charAt(at))
    return new UsageError(
      this.#code,
      `${this.#what}: expected ${expected}, found ${found} at character ${at + 1}\n${pointer(this.text, at)}`,
      { details: { position: at, expected, found } },
    )
  }
}

/** The text around a position with a caret under it; long texts are cut to what a terminal shows. */
function pointer(text: string, at: number): string {
  const from = Math.max(0, at - 60)
  const shown = text.slice(from, from + 100)
  return `  ${shown}\n  ${' '.repeat(at - from)}^`
}
