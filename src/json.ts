/**
 * JSON that comes back exactly as it went in.
 *
 * `JSON.stringify` drops `undefined` and functions, turns `NaN` into `null`, `-0` into `0`, a `Date` into a string and a
 * class instance into a bare object, and writes lone surrogates that not every reader takes. A journal that does this
 * returns another value after a restart than before it, so all of it is refused at the call, with the path of the member.
 */
import { NotJsonError } from './errors.ts'

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

export type JsonObject = { readonly [key: string]: JsonValue }

/** Nesting beyond this is refused: `JSON.parse` and every reader recurse. */
export const jsonDepthMax = 500

/** The same of a value that is to be part of a record, some levels down: what was taken can always be recorded. */
export const valueDepthMax: number = jsonDepthMax - 10

/** Throws {@link NotJsonError} unless `value` survives `JSON.parse(JSON.stringify(value))` unchanged. */
export function assertJson(value: unknown, what = 'value'): asserts value is JsonValue {
  check(value, what, { depthMax: jsonDepthMax, above: new Set() })
}

/** As {@link assertJson}, of what a caller gives to be recorded. */
export function assertValue(value: unknown, what: string): asserts value is JsonValue {
  check(value, what, { depthMax: valueDepthMax, above: new Set() })
}

/** A value of its own: what the giver does with his later changes nothing of it. For what {@link assertValue} took. */
export function copyJson<Value extends JsonValue>(value: Value): Value
export function copyJson(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value
  if (isArray(value)) return value.map((member) => copyJson(member))
  const copy: Record<string, JsonValue> = {}
  for (const key of Object.keys(value)) copy[key] = copyJson(value[key] as JsonValue)
  return copy
}

/** True where two JSON values are equal; the order of object members does not matter. */
export function jsonEqual(left: JsonValue, right: JsonValue): boolean {
  return canonicalJson(left) === canonicalJson(right)
}

/** One text per value: members sorted by code unit, no white space. For hashes and comparisons, not for storage. */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`)
  return `{${members.join(',')}}`
}

// `Array.isArray` does not narrow readonly arrays out of a union.
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

interface Walk {
  readonly depthMax: number
  /** What the value is in. */
  readonly above: Set<object>
}

function check(value: unknown, path: string, walk: Walk): void {
  switch (typeof value) {
    case 'boolean':
      return
    case 'string':
      if (!value.isWellFormed()) throw refuse(path, 'a string with a lone surrogate')
      return
    case 'number':
      if (!Number.isFinite(value)) throw refuse(path, String(value))
      if (Object.is(value, -0)) throw refuse(path, '-0, which comes back as 0')
      return
    case 'object':
      if (value === null) return
      checkObject(value, path, walk)
      return
    default:
      throw refuse(path, typeof value)
  }
}

function checkObject(value: object, path: string, walk: Walk): void {
  const { above, depthMax } = walk
  if (above.has(value)) throw refuse(path, 'a cycle')
  if (above.size >= depthMax) throw refuse(path, `nesting deeper than ${depthMax} levels`)
  if ('toJSON' in value && typeof value.toJSON === 'function')
    throw refuse(path, 'an object with a toJSON method')
  above.add(value)
  if (Array.isArray(value)) checkArray(value, path, walk)
  else checkMembers(value, path, walk)
  above.delete(value)
}

function checkArray(value: readonly unknown[], path: string, walk: Walk): void {
  for (let index = 0; index < value.length; index++) {
    if (!(index in value)) throw refuse(`${path}[${index}]`, 'a hole in an array')
    check(value[index], `${path}[${index}]`, walk)
  }
  if (Object.keys(value).length !== value.length)
    throw refuse(path, 'an array with named members, which JSON drops')
}

function checkMembers(value: object, path: string, walk: Walk): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw refuse(path, `an instance of ${value.constructor?.name ?? 'a class'}`)
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw refuse(path, 'an object with symbol members')
  for (const key of Object.keys(value)) {
    const member = `${path}.${key}`
    if (!key.isWellFormed()) throw refuse(member, 'a key with a lone surrogate')
    // JSON.parse makes an own member of it, a later spread or assignment may not.
    if (key === '__proto__') throw refuse(member, 'a member named __proto__')
    check((value as Record<string, unknown>)[key], member, walk)
  }
}

function refuse(path: string, came: string): NotJsonError {
  return new NotJsonError(`expected a JSON value at ${path}, got ${came}`, {
    hint: 'store plain objects, arrays, strings, finite numbers, booleans and null; leave members out instead of setting them to undefined',
    details: { path, came },
  })
}
