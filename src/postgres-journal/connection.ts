/**
 * The port to PostgreSQL: one connection, one statement at a time, and the two clients that are taken as they are.
 */
import { InvalidArgumentError } from '../errors.ts'

/** A parameter of a statement. */
export type PostgresValue = string | number | null

/** A row, as plain members. */
export type PostgresRow = Readonly<Record<string, unknown>>

/** One connection of our own. Anything that can do this will do. */
export interface PostgresConnection {
  /** Runs one statement with `$1`, `$2` … by itself, outside of any transaction, and gives its rows. */
  readonly query: (
    text: string,
    parameters: readonly PostgresValue[],
  ) => Promise<readonly PostgresRow[]>
  /** Ends it; statements under way are given up. */
  readonly close: () => Promise<void>
}

/** What is used of porsager's `postgres`; `max: 1` is enough. */
export interface PostgresJsClient {
  readonly unsafe: (
    text: string,
    parameters: never[],
    options: { readonly prepare: boolean },
  ) => PromiseLike<readonly PostgresRow[]>
  readonly end: (options: { readonly timeout: number }) => Promise<unknown>
}

/** What is used of a `Client` of `pg` that is not connected yet. */
export interface PgClient {
  readonly connect: () => Promise<unknown>
  readonly query: (
    text: string,
    parameters: never[],
  ) => Promise<{ readonly rows: readonly PostgresRow[] }>
  readonly end: () => Promise<unknown>
  readonly on: (name: 'error', listener: (error: Error) => void) => unknown
}

export type PostgresClient = PostgresJsClient | PgClient | PostgresConnection

/** A connection over whatever client it is. @throws InvalidArgumentError; whatever `pg` throws where it cannot connect */
export async function connectionOver(client: PostgresClient): Promise<PostgresConnection> {
  if (isPostgresJs(client)) return overPostgresJs(client)
  if (isPg(client)) return await overPg(client)
  if (isConnection(client)) return client
  throw new InvalidArgumentError('expected a PostgreSQL client, found something else', {
    hint: 'give a function that makes one: () => postgres(url, { max: 1 }) or () => new pg.Client(url)',
  })
}

function isPostgresJs(client: PostgresClient): client is PostgresJsClient {
  return typeof (client as Partial<PostgresJsClient> | null)?.unsafe === 'function'
}

function isPg(client: PostgresClient): client is PgClient {
  const { connect, query } = (client ?? {}) as Partial<PgClient>
  return typeof connect === 'function' && typeof query === 'function'
}

function isConnection(client: PostgresClient): client is PostgresConnection {
  const { query, close } = (client ?? {}) as Partial<PostgresConnection>
  return typeof query === 'function' && typeof close === 'function'
}

function overPostgresJs(sql: PostgresJsClient): PostgresConnection {
  return {
    query: async (text, parameters) =>
      await sql.unsafe(text, [...parameters] as never[], { prepare: true }),
    close: async () => {
      await sql.end({ timeout: 0 })
    },
  }
}

async function overPg(client: PgClient): Promise<PostgresConnection> {
  // A connection that breaks while nothing is under way is told here; the next statement says it again.
  client.on('error', () => undefined)
  await client.connect()
  // It wants one statement at a time.
  let before: Promise<unknown> = Promise.resolve()
  return {
    query: (text, parameters) => {
      const rows = before.then(() => client.query(text, [...parameters] as never[]))
      before = rows.catch(() => undefined)
      return rows.then((result) => result.rows)
    },
    close: async () => {
      await client.end()
    },
  }
}
