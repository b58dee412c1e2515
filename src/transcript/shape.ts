/**
 * Reads untyped JSON and collects every fault of its shape, so that a malformed transcript is told all that is wrong with
 * it at once.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import { TranscriptError } from './error.ts'
import type { TranscriptFormat, TranscriptProblem } from './model.ts'

export class Shape {
  readonly #faults: TranscriptProblem[] = []

  fault(path: string, expected: string, value: JsonValue | undefined): void {
    this.#faults.push({ code: 'malformed', path, expected, came: describe(value) })
  }

  object(value: JsonValue | undefined, path: string, expected = 'an object'): JsonObject {
    if (isObject(value)) return value
    this.fault(path, expected, value)
    return {}
  }

  list(value: JsonValue | undefined, path: string, expected = 'an array'): readonly JsonValue[] {
    if (isList(value)) return value
    this.fault(path, expected, value)
    return []
  }

  text(value: JsonValue | undefined, path: string, expected = 'a string'): string {
    if (typeof value === 'string') return value
    this.fault(path, expected, value)
    return ''
  }

  /** Throws {@link TranscriptError} with every fault, if there is one. */
  settle(format: TranscriptFormat): void {
    const [first, ...more] = this.#faults
    if (first === undefined) return
    const others = more.length === 0 ? '' : `, and ${more.length} more in \`problems\``
    throw new TranscriptError(
      `not a transcript of the format ${format}: expected ${first.expected} at ${first.path}, got ${first.came}${others}`,
      {
        problems: this.#faults,
        hint: 'check that the format is the right one and pass the messages as the API takes them, whole and in order',
        details: { format, path: first.path, expected: first.expected, came: first.came },
      },
    )
  }
}

/** True for a JSON object, not for an array. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `Array.isArray` that narrows readonly arrays. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** A member of what may be an object. */
export function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isObject(value) ? value[key] : undefined
}

/** A string member of what may be an object. */
export function textMember(value: JsonValue | undefined, key: string): string | undefined {
  const found = member(value, key)
  return typeof found === 'string' ? found : undefined
}

/** What came, in a few words. */
export function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (isList(value)) return value.length === 0 ? 'an empty array' : 'an array'
  if (isObject(value)) return 'an object'
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}
