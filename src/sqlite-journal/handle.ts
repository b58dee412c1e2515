/**
 * The port to SQLite: what `better-sqlite3`, `libsql` and `node:sqlite` have in common.
 */
import { InvalidArgumentError } from '../errors.ts'

/** A value that goes in. */
export type SqliteValue = string | number | null

/** A prepared statement. */
export interface SqliteStatement {
  readonly run: (...parameters: SqliteValue[]) => unknown
  /** The first row, or undefined. */
  readonly get: (...parameters: SqliteValue[]) => unknown
  readonly all: (...parameters: SqliteValue[]) => unknown[]
}

/** An open database; every call is synchronous. */
export interface SqliteHandle {
  readonly prepare: (sql: string) => SqliteStatement
  readonly exec: (sql: string) => unknown
  readonly close: () => unknown
}

/** A row, as plain members; bytes are read as text. */
export type SqliteRow = Readonly<Record<string, SqliteValue | undefined>>

/** Refuses what cannot be a handle. @throws InvalidArgumentError */
export function assertHandle(handle: unknown): asserts handle is SqliteHandle {
  const members = handle as Partial<SqliteHandle> | null | undefined
  const missing = (['prepare', 'exec', 'close'] as const).filter(
    (name) => typeof members?.[name] !== 'function',
  )
  if (missing.length === 0) return
  throw new InvalidArgumentError(
    `expected a database with prepare, exec and close, found none of ${missing.join(', ')}`,
    {
      hint: 'give a handle of better-sqlite3, libsql or node:sqlite, or a function that opens one',
    },
  )
}
