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
  // First what is cheap: the text of a huge body would fill the memory before anybody saw its length.
  const least = leastBytes(body, bytesMax)
  if (least > bytesMax) throw recordTooLarge(what, `${least} bytes of JSON or more`, bytesMax)
  const json = stringify(body, what, bytesMax)
  const bytes = Buffer.byteLength(json)
  if (bytes > bytesMax) throw recordTooLarge(what, `${bytes} bytes of JSON`, bytesMax)
  return { json, bytes }
}

/** A lower bound of the length of the JSON text; it stops counting at `enough`. */
function leastBytes(value: RecordBody, enough: number): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 1
  let bytes = 1
  if (isArray(value)) {
    for (const member of value) {
      bytes += leastBytes(member, enough) + 1
      if (bytes > enough) break
    }
    return bytes
  }
  for (const key of Object.keys(value)) {
    bytes += leastBytes(value[key] as RecordBody, enough) + key.length + 4
    if (bytes > enough) break
  }
  return bytes
}

// `Array.isArray` does not narrow readonly arrays out of a union.
function isArray(value: RecordBody): value is readonly RecordBody[] {
  return Array.isArray(value)
}

function stringify(body: RecordBody, what: string, bytesMax: number): string {
  try {
    return JSON.stringify(body)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw recordTooLarge(what, 'more JSON than a string can hold', bytesMax)
  }
}

/** The error for what has `came`, where `bytesMax` is the limit. */
export function recordTooLarge(what: string, came: string, bytesMax: number): RecordTooLargeError {
  return new RecordTooLargeError(`${what} has ${came}, and ${bytesMax} is the most`, {
    hint: 'store large data elsewhere and append a reference to it, or raise bytesMax',
    details: { what, bytesMax },
  })
}
