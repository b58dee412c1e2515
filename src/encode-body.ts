/**
 * Bodies as text: what every backend does with an append before it touches its store.
 */
import { RecordTooLargeError } from './errors.ts'
import type { RecordBody } from './journal.ts'
import { assertJson } from './json.ts'

export interface EncodedBody {
  readonly json: string
  /** Of the text in UTF-8. */
  readonly bytes: number
}

/** Largest record where the caller of a backend states no other, in bytes of JSON: 64 MiB. */
export const bytesMaxDefault: number = 64 << 20

/**
 * The JSON of each body, which will come back exactly. Nothing has been written when it throws.
 *
 * @throws NotJsonError, RecordTooLargeError
 */
export function encodeBodies(
  bodies: readonly RecordBody[],
  bytesMax: number,
): readonly EncodedBody[] {
  return bodies.map((body, index) => encodeBody(body, `bodies[${index}]`, bytesMax))
}

function encodeBody(body: RecordBody, what: string, bytesMax: number): EncodedBody {
  assertJson(body, what)
  const json = stringify(body, what, bytesMax)
  const bytes = Buffer.byteLength(json)
  if (bytes > bytesMax) throw recordTooLarge(what, bytes, bytesMax)
  return { json, bytes }
}

function stringify(body: RecordBody, what: string, bytesMax: number): string {
  try {
    return JSON.stringify(body)
  } catch (error) {
    // Longer than any string can be.
    if (error instanceof RangeError) throw recordTooLarge(what, Infinity, bytesMax)
    throw error
  }
}

/** The error for `bytes` where `bytesMax` is the limit; infinite where no string could hold them. */
export function recordTooLarge(what: string, bytes: number, bytesMax: number): RecordTooLargeError {
  const came = Number.isFinite(bytes)
    ? `${bytes} bytes of JSON`
    : 'more JSON than a string can hold'
  return new RecordTooLargeError(`${what} has ${came}, and ${bytesMax} is the most`, {
    hint: 'store large data elsewhere and append a reference to it, or raise bytesMax',
    details: { what, bytesMax },
  })
}
