/**
 * The connection of one backend, shared by all its open runs, and what to do when it breaks.
 *
 *  1. A statement ends in one of three ways: rows, an answer that it failed, or `ConnectionLostError`: unknown. It is never
 *     sent again here; only who sent it knows whether that is safe.
 *  2. A connection that was lost once is given up, with all that is under way on it. The next statement finds a new one, for
 *     `reconnectMs` and no longer.
 *  3. Each connection holds a shared advisory lock under this session's key. The server lets go of it when the connection
 *     ends, so others see from any host whether the session lives. Nothing but courtesy rests on that.
 */
import { crc32 } from '../checksum.ts'
import { deferred } from '../deferred.ts'
import { StorageError } from '../errors.ts'
import {
  connectionOver,
  type PostgresConnection,
  type PostgresRow,
  type PostgresValue,
} from './connection.ts'
import { ConnectionLostError, isAnswer, isFinalRefusal, writeError } from './postgres-errors.ts'
import type { PostgresSettings } from './settings.ts'

/** First half of the advisory lock's key: `kpls`. */
const lockClass = 0x6b706c73

interface Live {
  readonly connection: PostgresConnection
  /** Of the server's process: a client that connects again by itself shows another one. */
  readonly pid: number
  readonly place: string
  /** Rejects when the connection is given up. */
  readonly lost: ReturnType<typeof deferred<never>>
}

export class Session {
  readonly #settings: PostgresSettings
  /** Second half of the lock's key: 31 bits that no other session has, most likely. */
  readonly key: number
  #live: Promise<Live> | undefined
  #users = 0

  constructor(settings: PostgresSettings) {
    this.#settings = settings
    this.key = crc32(Buffer.from(settings.random.nonce()), 0) >>> 1
  }

  /** Keeps the connection while `body` runs. */
  async using<Result>(body: () => Promise<Result>): Promise<Result> {
    this.enter()
    try {
      return await body()
    } finally {
      await this.leave()
    }
  }

  enter(): void {
    this.#users++
  }

  /** The last one closes the connection, so that no socket keeps a process alive. Throws nothing. */
  async leave(): Promise<void> {
    this.#users--
    if (this.#users > 0 || this.#live === undefined) return
    const live = this.#live
    this.#live = undefined
    await live.then(({ connection }) => connection.close()).catch(() => undefined)
  }

  /** One statement. @throws an answer of the server, ConnectionLostError, StorageError where no server can be reached */
  async query(text: string, ...parameters: PostgresValue[]): Promise<readonly PostgresRow[]> {
    return await this.#on(await this.#connected(), text, parameters)
  }

  /** One statement that may be sent again whatever became of it, once the connection is there again. */
  async repeatable(text: string, ...parameters: PostgresValue[]): Promise<readonly PostgresRow[]> {
    const endMs = performance.now() + this.#settings.reconnectMs
    for (;;) {
      try {
        return await this.query(text, ...parameters)
      } catch (error) {
        if (!(error instanceof ConnectionLostError) || performance.now() > endMs) throw error
      }
    }
  }

  /** The server's process behind the connection of now. */
  async pid(): Promise<number> {
    return (await this.#connected()).pid
  }

  /** Which server and schema, for messages. */
  async place(): Promise<string> {
    return (await this.#connected()).place
  }

  /** Gives the connection up: it is not the one that was set up. */
  async drop(): Promise<void> {
    const live = await this.#live
    if (live !== undefined) this.#abandon(live, new ConnectionLostError('the connection changed'))
  }

  /** True where another session's connection is there, from whatever host. */
  async isPresent(key: number): Promise<boolean> {
    const rows = await this.repeatable(presence, lockClass, key)
    return rows.length > 0
  }

  #connected(): Promise<Live> {
    this.#live ??= this.#connect().catch((error: unknown) => {
      this.#live = undefined
      throw error
    })
    return this.#live
  }

  async #on(
    live: Live,
    text: string,
    parameters: readonly PostgresValue[],
  ): Promise<readonly PostgresRow[]> {
    const silence = this.#silence(live)
    try {
      return await Promise.race([live.connection.query(text, parameters), live.lost.promise])
    } catch (error) {
      if (isAnswer(error) || error instanceof ConnectionLostError) throw error
      const lost = new ConnectionLostError(`the connection was lost: ${messageOf(error)}`, {
        cause: error,
      })
      this.#abandon(live, lost)
      throw lost
    } finally {
      clearTimeout(silence)
    }
  }

  /** A peer that vanished says nothing: no reply for too long is a lost connection. */
  #silence(live: Live): NodeJS.Timeout {
    const { replyMs } = this.#settings
    const give = (): void =>
      this.#abandon(live, new ConnectionLostError(`there was no reply for ${replyMs} ms`))
    return setTimeout(give, replyMs)
  }

  #abandon(live: Live, error: ConnectionLostError): void {
    const current = this.#live
    void current?.then((now) => {
      if (now === live && this.#live === current) this.#live = undefined
    })
    live.lost.reject(error)
    live.connection.close().catch(() => undefined)
  }

  async #connect(): Promise<Live> {
    const { reconnectMs } = this.#settings
    const endMs = performance.now() + reconnectMs
    for (let waitMs = 20; ; waitMs = Math.min(2 * waitMs, 1000)) {
      try {
        return await this.#connectOnce()
      } catch (error) {
        if (isFinalRefusal(error) || performance.now() + waitMs > endMs)
          throw writeError('reach', 'the PostgreSQL server', error)
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }

  async #connectOnce(): Promise<Live> {
    const connection = await connectionOver(await this.#settings.client())
    const lost = deferred<never>()
    // Whoever waits hears of it; nobody has to.
    lost.promise.catch(() => undefined)
    try {
      const silent = setTimeout(
        () => lost.reject(new ConnectionLostError('the server did not answer')),
        this.#settings.replyMs,
      )
      const rows = connection.query(greeting, [lockClass, this.key])
      const [row = {}] = await Promise.race([rows, lost.promise]).finally(() =>
        clearTimeout(silent),
      )
      this.#assertDurable(row)
      const { pid, place } = row
      return {
        connection,
        pid: Number(pid),
        place: `${String(place)}/${this.#settings.schema}`,
        lost,
      }
    } catch (error) {
      await connection.close().catch(() => undefined)
      throw error
    }
  }

  #assertDurable(row: PostgresRow): void {
    const wrong = undurable(row, this.#settings.durability)
    if (wrong === undefined) return
    throw new StorageError(`the server runs with ${wrong}`, {
      hint: hintFor[wrong] ?? 'change that setting',
      details: { setting: wrong, durability: this.#settings.durability },
    })
  }
}

/** The first setting that breaks what is claimed. */
function undurable(row: PostgresRow, durability: 'process' | 'power'): string | undefined {
  if (row['standby'] === true) return 'read-only recovery'
  if (row['commit'] === 'off') return 'synchronous_commit = off'
  if (durability === 'process') return undefined
  if (row['fsync'] !== 'on') return 'fsync = off'
  return row['pages'] === 'on' ? undefined : 'full_page_writes = off'
}

const hintFor: Readonly<Record<string, string>> = {
  'read-only recovery': 'this is a standby: connect to the primary',
  'synchronous_commit = off':
    'what it acknowledges is lost when it crashes: SET synchronous_commit = on for this role or database',
  'fsync = off':
    "what it acknowledges is lost with the power: turn fsync on, or claim less with durability 'process'",
  'full_page_writes = off':
    "a power loss can tear its pages: turn it on, or claim less with durability 'process'",
}

const greeting = `SELECT pg_advisory_lock_shared($1::int, $2::int)::text AS locked, pg_backend_pid() AS pid,
  current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS pages, pg_is_in_recovery() AS standby,
  current_database() || ' at ' || coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'a socket') AS place`

const presence = `SELECT 1 AS present FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND classid = $1::int::oid AND objid = $2::int::oid
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
