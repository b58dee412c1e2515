/**
 * What `postgresJournal` was given, with every default filled in.
 */
import { type Clock, systemClock } from '../clock.ts'
import { bytesMaxDefault } from '../encode-body.ts'
import { InvalidArgumentError } from '../errors.ts'
import { type Identity, systemIdentity } from '../identity.ts'
import { type Random, systemRandom } from '../random.ts'
import type { PostgresClient } from './connection.ts'

export interface PostgresJournalOptions {
  /**
   * Makes a client with a connection of its own: `() => postgres(url, { max: 1 })`, `() => new pg.Client(url)`, or anything
   * that is a `PostgresConnection`. Called again whenever a connection was lost. Not through a pooler that gives each
   * statement another connection.
   */
  readonly client: () => PostgresClient | Promise<PostgresClient>
  /** The schema that holds the tables; made where it is missing. Default `killpoint`. */
  readonly schema?: string
  /**
   * `power` (default): refuses a server with `fsync = off` or `full_page_writes = off`. `process`: takes it; then commits
   * survive every process, the server's too, and not the machine. Neither takes `synchronous_commit = off`.
   */
  readonly durability?: 'process' | 'power'
  /** Milliseconds to try to reach the server again before an append fails as unknown. Default 30000. */
  readonly reconnectMs?: number
  /** Milliseconds without a reply after which a connection counts as lost. Default 30000. */
  readonly replyMs?: number
  /** Largest record, and largest append, in bytes of JSON. Default 64 MiB, which is also the most. */
  readonly bytesMax?: number
  readonly identity?: Identity
  readonly random?: Random
  readonly clock?: Clock
}

export interface PostgresSettings {
  readonly client: () => PostgresClient | Promise<PostgresClient>
  readonly schema: string
  readonly durability: 'process' | 'power'
  readonly reconnectMs: number
  readonly replyMs: number
  readonly bytesMax: number
  readonly identity: Identity
  readonly random: Random
  readonly clock: Clock
}

/** Fills the defaults in. @throws InvalidArgumentError */
export function settingsOf(options: PostgresJournalOptions): PostgresSettings {
  const { client, schema = 'killpoint', durability = 'power' } = options
  if (typeof client !== 'function')
    throw new InvalidArgumentError(`expected client to be a function, got ${typeof client}`, {
      hint: 'give a function that makes a client: () => postgres(url, { max: 1 })',
    })
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new InvalidArgumentError(`expected schema to be a plain name, got ${schema}`, {
      hint: 'use lower-case letters, digits and _',
    })
  if (durability !== 'power' && durability !== 'process')
    throw new InvalidArgumentError(
      `expected durability to be power or process, got ${JSON.stringify(durability)}`,
      { hint: 'leave it out for power' },
    )
  return {
    client,
    schema,
    durability,
    reconnectMs: whole('reconnectMs', options.reconnectMs ?? 30_000, 0, 3_600_000),
    replyMs: whole('replyMs', options.replyMs ?? 30_000, 1, 3_600_000),
    bytesMax: whole('bytesMax', options.bytesMax ?? bytesMaxDefault, 1, bytesMaxDefault),
    identity: options.identity ?? systemIdentity,
    random: options.random ?? systemRandom,
    clock: options.clock ?? systemClock,
  }
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new InvalidArgumentError(
    `expected ${name} to be a whole number from ${least} to ${most}, got ${String(value)}`,
    { hint: 'leave it out for its default' },
  )
}
