/**
 * A connection: a handle that was told how durable it has to be, and that is asked whether it still is.
 *
 *  1. Pragmas are read back after they were set, and again in each commit: a handle that is shared may be told otherwise by
 *     somebody else, and a binding may ignore what it does not know.
 *  2. `BEGIN` fails inside of somebody else's transaction, so nothing of ours is ever acknowledged that only their commit
 *     would make durable.
 *  3. Nothing waits inside of a transaction: each is one synchronous call, so connections of one thread never wait for each
 *     other.
 */
import { StorageError } from '../errors.ts'
import {
  assertHandle,
  type SqliteHandle,
  type SqliteRow,
  type SqliteStatement,
  type SqliteValue,
} from './handle.ts'
import type { SqliteSettings } from './settings.ts'
import { readError, writeError } from './sqlite-errors.ts'

export class Connection {
  readonly #handle: SqliteHandle
  readonly #isOwn: boolean
  readonly #settings: SqliteSettings
  readonly #statements = new Map<string, SqliteStatement>()
  /** Path of the database file, for messages. */
  readonly file: string

  private constructor(handle: SqliteHandle, isOwn: boolean, settings: SqliteSettings) {
    this.#handle = handle
    this.#isOwn = isOwn
    this.#settings = settings
    this.#handle.exec(`PRAGMA busy_timeout = ${settings.busyTimeoutMs}`)
    const main = this.rows('PRAGMA database_list').find(({ name }) => name === 'main')
    const file = main?.['file']
    this.file = typeof file === 'string' && file !== '' ? file : 'a database in memory'
  }

  /** Opens one, or takes the handle that all share. @throws InvalidArgumentError, JournalUnreadableError */
  static open(settings: SqliteSettings): Connection {
    const { database } = settings
    try {
      const handle: unknown = typeof database === 'function' ? database() : database
      assertHandle(handle)
      return new Connection(handle, typeof database === 'function', settings)
    } catch (error) {
      throw readError('the database', error)
    }
  }

  /** Makes it as durable as claimed, or refuses. @throws StorageError */
  makeDurable(): void {
    const { journalMode, synchronous } = this.#settings
    try {
      const [mode] = this.rows(`PRAGMA journal_mode = ${journalMode}`)
      this.#assertMode(mode?.['journal_mode'])
      this.#handle.exec(`PRAGMA synchronous = ${synchronous}`)
      this.#handle.exec('PRAGMA fullfsync = 1')
      this.#handle.exec('PRAGMA checkpoint_fullfsync = 1')
      this.#assertDurable()
    } catch (error) {
      throw writeError('make durable', this.file, error)
    }
  }

  /** All rows of a statement. */
  rows(sql: string, ...parameters: (string | number | null)[]): readonly SqliteRow[] {
    return this.#statement(sql)
      .all(...parameters)
      .map(plainRow)
  }

  /** The first row of a statement. */
  row(sql: string, ...parameters: (string | number | null)[]): SqliteRow | undefined {
    const row = this.#statement(sql).get(...parameters)
    return row === undefined || row === null ? undefined : plainRow(row)
  }

  /** Runs a script that gives nothing. */
  run(sql: string, ...parameters: (string | number | null)[]): void {
    this.#statement(sql).run(...parameters)
  }

  /** Several statements without parameters. */
  script(sql: string): void {
    this.#handle.exec(sql)
  }

  /** Commits what `body` wrote, durably, or nothing of it. */
  write<Result>(body: () => Result): Result {
    return this.#within('BEGIN IMMEDIATE', () => {
      this.#assertDurable()
      return body()
    })
  }

  /** One state of the database for all that `body` reads; in WAL mode nobody waits for it, and it for nobody. */
  read<Result>(body: () => Result): Result {
    return this.#within('BEGIN', body)
  }

  /** Lets go of it; a handle that was given stays open. */
  close(): void {
    this.#statements.clear()
    if (this.#isOwn) this.#handle.close()
  }

  #within<Result>(begin: string, body: () => Result): Result {
    this.#handle.exec(begin)
    try {
      const result = body()
      this.#handle.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollback()
      throw error
    }
  }

  #rollback(): void {
    try {
      this.#handle.exec('ROLLBACK')
    } catch {
      // After some failures SQLite has rolled back by itself; the failure is on its way to the caller.
    }
  }

  #assertMode(mode: unknown): void {
    const { journalMode } = this.#settings
    if (mode === journalMode) return
    throw new StorageError(
      `${this.file} refuses journal_mode ${journalMode}: it stays ${String(mode)}`,
      {
        hint:
          mode === 'memory'
            ? 'a database in memory survives nothing: give a file'
            : 'close the other connections that hold it, or choose the journalMode that it has',
        details: { file: this.file, expected: journalMode, came: String(mode) },
      },
    )
  }

  #assertDurable(): void {
    const { synchronousLeast, synchronous } = this.#settings
    const now = this.row(
      'SELECT j.journal_mode AS mode, s.synchronous AS synchronous FROM pragma_journal_mode j, pragma_synchronous s',
    )
    this.#assertMode(now?.['mode'])
    const level = now?.['synchronous']
    if (typeof level === 'number' && level >= synchronousLeast) return
    throw new StorageError(
      `${this.file} refuses synchronous = ${synchronous}: it is ${String(level)}`,
      {
        hint: 'give the journal a handle of its own, which nobody else sets pragmas on',
        details: { file: this.file, expected: synchronousLeast, came: String(level) },
      },
    )
  }

  #statement(sql: string): SqliteStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#handle.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

function plainRow(row: unknown): SqliteRow {
  const plain: Record<string, SqliteValue> = {}
  for (const [name, value] of Object.entries(row as object)) plain[name] = plainValue(value)
  return plain
}

/** Bytes are text here; bindings hand them out as this or that. */
function plainValue(value: unknown): SqliteValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  return value instanceof ArrayBuffer ? Buffer.from(value).toString() : (value as SqliteValue)
}
