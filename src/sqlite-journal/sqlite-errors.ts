/**
 * What SQLite's errors mean, whichever binding threw them.
 */
import {
  JournalCorruptError,
  JournalUnreadableError,
  KillpointError,
  StorageError,
} from '../errors.ts'

/** Primary result codes of SQLite, as far as they are told apart here. */
const primaryCodes: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  23: 'SQLITE_AUTH',
  26: 'SQLITE_NOTADB',
}

/**
 * The result code of an error of better-sqlite3 and libsql (`code` `SQLITE_IOERR_FSYNC`) or of node:sqlite (`errcode` 1034);
 * `undefined` where it is none of SQLite's.
 */
export function sqliteCode(error: unknown): string | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  if (typeof code === 'string' && code.startsWith('SQLITE_')) return code
  return typeof errcode === 'number'
    ? (primaryCodes[errcode & 0xff] ?? `SQLITE_${errcode}`)
    : undefined
}

/** True where the file is no sound database. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error) ?? '')
}

/** For a call that writes. An error of our own passes unchanged. */
export function writeError(action: string, file: string, cause: unknown): KillpointError {
  if (cause instanceof KillpointError) return cause
  if (isDamage(cause)) return damagedFile(file, cause)
  const code = sqliteCode(cause)
  return new StorageError(`could not ${action} ${file}: ${reason(cause)}`, {
    hint: hintFor(code, cause),
    details: { file, action, sqliteCode: code },
    cause,
  })
}

/** For a call that reads. */
export function readError(file: string, cause: unknown): KillpointError {
  if (cause instanceof KillpointError) return cause
  if (isDamage(cause)) return damagedFile(file, cause)
  const code = sqliteCode(cause)
  return new JournalUnreadableError(`could not read ${file}: ${reason(cause)}`, {
    hint: hintFor(code, cause),
    details: { file, sqliteCode: code },
    cause,
  })
}

function damagedFile(file: string, cause: unknown): JournalCorruptError {
  return new JournalCorruptError(`${file} is damaged: SQLite says ${reason(cause)}`, {
    hint: 'restore the database from a backup, or see what PRAGMA integrity_check and .recover tell; every run in it may be touched',
    details: { file, sqliteCode: sqliteCode(cause) },
    cause,
  })
}

function hintFor(code: string | undefined, cause: unknown): string {
  if (/within a transaction/.test(reason(cause)))
    return 'give the journal a handle of its own: this one was inside a BEGIN of somebody else'
  const known = hints.find(([pattern]) => pattern.test(code ?? ''))
  return known?.[1] ?? 'open the run again once the database works'
}

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /^SQLITE_(BUSY|LOCKED)/,
    'somebody held the write lock for longer than busyTimeoutMs: shorten what they do, or raise it',
  ],
  [/^SQLITE_FULL/, 'free some space and open the run again: nothing acknowledged is lost'],
  [/^SQLITE_IOERR/, 'the device failed: check it before anything else, then open the run again'],
  [
    /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/,
    'give this process the right to read and write the database and its directory',
  ],
]

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
