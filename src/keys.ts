/**
 * Keys: the stable name of a unit of work within its run.
 *
 * A key is the path of names from the root driver down, joined by `/`: `research/read#2`. Every name is chosen by the
 * caller and unique among siblings that are under way at the same time; the ordinal (`#2`) only separates equal names
 * that follow each other. A bare ordinal over all siblings would give concurrent strands each other's results, because
 * their order of arrival differs from life to life.
 */
import { createHash } from 'node:crypto'
import { InvalidArgumentError } from './errors.ts'
import { canonicalJson, type JsonValue } from './json.ts'

/** Longest name of a unit, in UTF-16 code units. */
export const nameLengthMax = 200

/**
 * One path segment from a caller's name and how many siblings of that name came before it in this scope. No two names give
 * the same segment.
 *
 * @throws InvalidArgumentError
 */
export function keySegment(name: string, earlier: number): string {
  if (typeof name !== 'string' || name === '' || name.length > nameLengthMax)
    throw new InvalidArgumentError(
      `expected a name of 1 to ${nameLengthMax} characters, got ${describe(name)}`,
      { hint: 'name every step, child and wait after what it does' },
    )
  if (!name.isWellFormed())
    throw new InvalidArgumentError('expected a name of whole characters, got a lone surrogate', {
      hint: 'cut texts at whole characters before they become names',
    })
  const escaped = name.replaceAll(/[%/#~\u0000-\u001f\u007f]/gu, escape)
  return earlier === 0 ? escaped : `${escaped}#${earlier + 1}`
}

/** The key of a segment below a scope; the root scope's path is empty. */
export function joinKey(path: string, segment: string): string {
  return path === '' ? segment : `${path}/${segment}`
}

/** The path of the scope that holds a key; empty for the root's. */
export function parentPath(key: string): string {
  const slash = key.lastIndexOf('/')
  return slash === -1 ? '' : key.slice(0, slash)
}

/** True where `key` is `path` or lies below it. */
export function isWithin(key: string, path: string): boolean {
  return path === '' || key === path || key.startsWith(`${path}/`)
}

/** A short hash of arguments, stored beside a key: the same key with other arguments is another program. */
export function argumentHash(value: JsonValue | undefined): string {
  return value === undefined ? hashOfNothing : hashOf(canonicalJson(value))
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

// Most units have no arguments.
const hashOfNothing = hashOf('undefined')

// `encodeURIComponent` leaves `~` alone.
function escape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function describe(name: unknown): string {
  return typeof name === 'string' ? `${name.length} characters` : typeof name
}
