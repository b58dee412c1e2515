/**
 * What `sqliteJournal` was given, with every default filled in.
 */
import { type Clock, systemClock } from '../clock.ts'
import { bytesMaxDefault } from '../encode-body.ts'
import { InvalidArgumentError } from '../errors.ts'
import { type Identity, systemIdentity } from '../identity.ts'
import { type Random, systemRandom } from '../random.ts'
import { assertHandle, type SqliteHandle } from './handle.ts'

export interface SqliteJournalOptions {
  /**
   * A function that opens the database (the way to go: each open run then has a connection of its own), or one handle for
   * all, which then must not be inside a transaction of somebody else's when a run appends.
   */
  readonly database: SqliteHandle | (() => SqliteHandle)
  /** Default `wal`. */
  readonly journalMode?: 'wal' | 'delete'
  /**
   * `power` (default): every commit is synced, `synchronous = FULL` in WAL mode and `EXTRA` in DELETE mode. `process`: the
   * operating system may keep commits in memory, `synchronous = NORMAL`; they survive the process and not the machine.
   */
  readonly durability?: 'process' | 'power'
  /** Milliseconds to wait for somebody else's write lock before an append fails. Default 5000. */
  readonly busyTimeoutMs?: number
  /** Largest record, and largest append, in bytes of JSON. Default 64 MiB, which is also the most. */
  readonly bytesMax?: number
  readonly identity?: Identity
  readonly random?: Random
  readonly clock?: Clock
}

export interface SqliteSettings {
  readonly database: SqliteHandle | (() => SqliteHandle)
  readonly journalMode: 'wal' | 'delete'
  readonly durability: 'process' | 'power'
  readonly synchronous: 'NORMAL' | 'FULL' | 'EXTRA'
  /** What `PRAGMA synchronous` must give back, at least. */
  readonly synchronousLeast: number
  readonly busyTimeoutMs: number
  readonly bytesMax: number
  readonly identity: Identity
  readonly random: Random
  readonly clock: Clock
}

const levels = { NORMAL: 1, FULL: 2, EXTRA: 3 } as const

/** Fills the defaults in. @throws InvalidArgumentError */
export function settingsOf(options: SqliteJournalOptions): SqliteSettings {
  const { database } = options
  if (typeof database !== 'function') assertHandle(database)
  const journalMode = oneOf('journalMode', ['wal', 'delete'] as const, options.journalMode)
  const durability = oneOf('durability', ['power', 'process'] as const, options.durability)
  // A commit of DELETE mode is the removal of a file, and only EXTRA syncs the directory after it.
  const power = journalMode === 'wal' ? 'FULL' : 'EXTRA'
  const synchronous = durability === 'power' ? power : 'NORMAL'
  return {
    database,
    journalMode,
    durability,
    synchronous,
    synchronousLeast: levels[synchronous],
    busyTimeoutMs: whole('busyTimeoutMs', options.busyTimeoutMs ?? 5000, 0, 3_600_000),
    bytesMax: whole('bytesMax', options.bytesMax ?? bytesMaxDefault, 1, bytesMaxDefault),
    identity: options.identity ?? systemIdentity,
    random: options.random ?? systemRandom,
    clock: options.clock ?? systemClock,
  }
}

function oneOf<Word extends string>(
  name: string,
  words: readonly [Word, ...Word[]],
  value: Word | undefined,
): Word {
  const word = value ?? words[0]
  if (words.includes(word)) return word
  throw new InvalidArgumentError(
    `expected ${name} to be one of ${words.join(', ')}, got ${JSON.stringify(value)}`,
    { hint: `leave it out for ${words[0]}` },
  )
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new InvalidArgumentError(
    `expected ${name} to be a whole number from ${least} to ${most}, got ${String(value)}`,
    { hint: 'leave it out for its default' },
  )
}
