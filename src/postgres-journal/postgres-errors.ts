/**
 * What an error of a PostgreSQL client means. The one question that matters: did the server answer?
 *
 * An answer is definite: the statement did not happen. Everything else is *unknown*: the statement may have been committed,
 * or may still be.
 */
import { JournalUnreadableError, KillpointError, StorageError } from '../errors.ts'

/** The connection broke, or nothing came, before there was an answer. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
}

/** The SQLSTATE of an answer of the server; `undefined` where it is none. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof severity === 'string' && typeof code === 'string' ? code : undefined
}

/** True where the server said that the statement failed, and goes on. */
export function isAnswer(error: unknown): boolean {
  const { severity } = (error ?? {}) as { severity?: unknown }
  // A server that ends the session may have committed before it did so.
  return sqlState(error) !== undefined && severity === 'ERROR'
}

/** True where trying to connect again cannot help: password, name of the database, rights. */
export function isFinalRefusal(error: unknown): boolean {
  return /^(28|3D|42|0A)/.test(sqlState(error) ?? '') || error instanceof KillpointError
}

/** For a statement that writes. An error of our own passes unchanged. */
export function writeError(action: string, place: string, cause: unknown): KillpointError {
  if (cause instanceof KillpointError) return cause
  return new StorageError(`could not ${action} ${place}: ${reason(cause)}`, {
    hint: hintFor(cause),
    details: { place, action, sqlState: sqlState(cause) },
    cause,
  })
}

/** For a statement that reads. */
export function readError(place: string, cause: unknown): KillpointError {
  if (cause instanceof KillpointError) return cause
  return new JournalUnreadableError(`could not read ${place}: ${reason(cause)}`, {
    hint: hintFor(cause),
    details: { place, sqlState: sqlState(cause) },
    cause,
  })
}

function hintFor(cause: unknown): string {
  if (cause instanceof ConnectionLostError)
    return 'it is unknown whether it happened: open the run again once the server is there, and what was recovered tells'
  const known = hints.find(([pattern]) => pattern.test(sqlState(cause) ?? ''))
  return known?.[1] ?? 'open the run again once the server works'
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/^53100/, 'free some disk space on the server and open the run again'],
  [/^53/, 'the server is out of something: see its log, then open the run again'],
  [/^28/, 'check user and password'],
  [/^3D/, 'make the database, or name another one'],
  [/^42501/, 'grant the rights: CREATE on the database, or make the schema and its tables by hand'],
  [/^25006/, 'this is a standby, or a read-only session: connect to the primary'],
]

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
