/**
 * Tokens: a whole case as one line that survives any shell. The format stands in `docs/tokens.md`.
 *
 * `parseToken(stringifyToken(c))` equals `c` for every valid case, and the other way round for every text that parses.
 */
import { isProfileName, profileNames } from './disk-model/profile.ts'
import { UsageError } from './errors.ts'
import { readSchedule } from './fault-parse.ts'
import { stringifySchedule } from './fault-text.ts'
import type { Schedule } from './fault.ts'
import { TextCursor } from './text-cursor.ts'

/** Versions of the token that this build reads; the first is the one it writes. */
export const tokenVersions: readonly number[] = [1]

/** What a token holds. */
export interface Case {
  /** Kebab-case. */
  readonly scenario: string
  /** A system's name, or its module's path as it was given. */
  readonly system: string
  /** 1 to 64 letters and digits. */
  readonly seed: string
  /** fast-check's shrink path (`0:3`), where the workload is a shrunk one. */
  readonly path?: string
  /** One of `profileNames`. */
  readonly profile: string
  readonly schedule: Schedule
}

/** The token of a case; throws {@link UsageError} `TOKEN_SYNTAX` where a field cannot stand in one. */
export function stringifyToken(value: Case): string {
  if (!value.system.isWellFormed())
    throw new UsageError('TOKEN_SYNTAX', 'the name of a system holds a lone surrogate', {
      hint: 'rename the system or its module',
    })
  const seed = value.path === undefined ? value.seed : `${value.seed}~${pathText(value.path)}`
  const schedule = stringifySchedule(value.schedule)
  const text = `kp1:${value.scenario}:${escape(value.system)}:${seed}:${value.profile}:${schedule}`
  parseToken(text)
  return text
}

/**
 * The case of a token; throws {@link UsageError} `TOKEN_VERSION` for a token of another version, and `TOKEN_SYNTAX` for
 * anything else that is not one.
 */
export function parseToken(text: string): Case {
  const cursor = new TextCursor(text.trim(), 'token', 'TOKEN_SYNTAX')
  readVersion(cursor)
  const scenario = cursor.read(kebab, 'a scenario (kebab-case)')
  cursor.expect(':')
  const system = readSystem(cursor)
  cursor.expect(':')
  const seed = cursor.read(/[A-Za-z0-9]{1,64}/y, 'a seed (1 to 64 letters and digits)')
  const path = cursor.takes('~') ? readPath(cursor) : undefined
  cursor.expect(':')
  const profile = readProfile(cursor)
  cursor.expect(':')
  const schedule = readSchedule(cursor)
  if (!cursor.ended) throw cursor.refuse('"," or "~" or the end')
  return { scenario, system, seed, ...(path === undefined ? {} : { path }), profile, schedule }
}

/** True for a text that can stand as a scenario in a token: kebab-case. */
export function isScenarioName(text: string): boolean {
  kebab.lastIndex = 0
  return kebab.exec(text)?.[0] === text
}

/** True for a text that means to be a token, of whatever version: for commands that take a token or a file. */
export function looksLikeToken(text: string): boolean {
  return /^kp\d+:/.test(text.trim())
}

const kebab = /[a-z0-9]+(?:-[a-z0-9]+)*/y

function readVersion(cursor: TextCursor): void {
  const start = cursor.at
  cursor.expect('kp')
  const version = cursor.number('a version')
  if (!tokenVersions.includes(version)) {
    const reads = tokenVersions.map((each) => `kp${each}`).join(', ')
    throw new UsageError(
      'TOKEN_VERSION',
      `the token is of version kp${version}; this build reads ${reads}`,
      {
        hint: 'use the killpoint version that printed the token',
        details: { position: start, version, reads },
      },
    )
  }
  cursor.expect(':')
}

/** Characters of a system that stand for themselves; all others are written as bytes, `=XX`. */
const plain = /[A-Za-z0-9._/@+,-]/

function escape(system: string): string {
  return Array.from(system, (character) =>
    plain.test(character) ? character : Array.from(Buffer.from(character), escapeByte).join(''),
  ).join('')
}

function escapeByte(byte: number): string {
  return `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function readSystem(cursor: TextCursor): string {
  const start = cursor.at
  const text = cursor.read(/(?:[A-Za-z0-9._/@+,-]|=[0-9A-F]{2})+/y, 'a system (a name or a path)')
  const system = unescape(text)
  // Another escape of the same name, or bytes that are no UTF-8.
  if (escape(system) !== text)
    throw cursor.refuse('a system as killpoint writes it (=XX only where it must be)', start)
  return system
}

function unescape(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function readProfile(cursor: TextCursor): string {
  const start = cursor.at
  const expected = `a disk profile (${profileNames.join(' or ')})`
  const profile = cursor.read(kebab, expected)
  if (!isProfileName(profile)) throw cursor.refuse(expected, start)
  return profile
}

function pathText(path: string): string {
  return path.replaceAll(':', '.')
}

function readPath(cursor: TextCursor): string {
  const text = cursor.read(/\d+(?:\.\d+)*/y, "fast-check's path (0.3)")
  return text.replaceAll('.', ':')
}
