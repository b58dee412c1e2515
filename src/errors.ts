/**
 * Every error that killpoint's runtime throws for something expected: bad input, bad luck, another owner.
 *
 * One class per thing that a caller may want to handle, each with a string `code` that never changes, `details` for a
 * machine and a `hint` that says what to do. The message holds what was expected and what came; the hint is appended
 * to it, so that a plain `console.error(error)` is enough to go on.
 */

/** What a machine may want to know of an error: plain values only. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface ErrorContext {
  /** What to do now, one imperative sentence. */
  readonly hint?: string
  readonly details?: ErrorDetails
  readonly cause?: unknown
}

/** The base of all: `error instanceof KillpointError` and `error.code` are the stable ways to tell errors apart. */
export abstract class KillpointError extends Error {
  abstract readonly code: string
  readonly hint: string | undefined
  readonly details: ErrorDetails

  constructor(message: string, context: ErrorContext = {}) {
    super(
      context.hint === undefined ? message : `${message}\n  hint: ${context.hint}`,
      context.cause === undefined ? undefined : { cause: context.cause },
    )
    this.name = new.target.name
    this.hint = context.hint
    this.details = context.details ?? {}
  }
}

/** An argument that no state of the world could make right. */
export class InvalidArgumentError extends KillpointError {
  readonly code = 'INVALID_ARGUMENT'
}

/** A value that JSON would not bring back exactly; `details.path` is the JSON path of the bad member. */
export class NotJsonError extends KillpointError {
  readonly code = 'NOT_JSON'
}

/** A record or payload over the stated limit. Nothing was written. */
export class RecordTooLargeError extends KillpointError {
  readonly code = 'RECORD_TOO_LARGE'
}

/** No run under this id, and the caller asked for an existing one. */
export class RunNotFoundError extends KillpointError {
  readonly code = 'RUN_NOT_FOUND'
}

/** Somebody else owns the run, or won the race for it (J11). `details` name the owner. */
export class RunOwnedError extends KillpointError {
  readonly code = 'RUN_OWNED'
}

/** A newer life owns the run (J5). What was asked for was never acknowledged; this process must stop working on it. */
export class FencedError extends KillpointError {
  readonly code = 'FENCED'
}

/** An earlier write or sync failed (J6). `cause` is that first failure; opening again is the only way on. */
export class JournalPoisonedError extends KillpointError {
  readonly code = 'JOURNAL_POISONED'
}

/** Committed records are damaged (J7). `details`: file, offset in bytes, seq. */
export class JournalCorruptError extends KillpointError {
  readonly code = 'JOURNAL_CORRUPT'
}

/** The store exists and cannot be read (permission, I/O error). Never "not found" (J7). */
export class JournalUnreadableError extends KillpointError {
  readonly code = 'JOURNAL_UNREADABLE'
}

/** A directory or file where the journal belongs that killpoint did not make. */
export class NotAJournalError extends KillpointError {
  readonly code = 'NOT_A_JOURNAL'
}

/** Written by a newer killpoint, in a format that this one does not know. */
export class FormatVersionError extends KillpointError {
  readonly code = 'FORMAT_VERSION'
}

/** The storage refused a write or sync (disk full, I/O error). Nothing of that append was acknowledged. */
export class StorageError extends KillpointError {
  readonly code = 'STORAGE'
}

/** The journal or the run context was used after `close`. */
export class ClosedError extends KillpointError {
  readonly code = 'CLOSED'
}

/** A run is resumed with another task, profile or budget than it began with. */
export class RunMismatchError extends KillpointError {
  readonly code = 'RUN_MISMATCH'
}

/** The driver asked for something else than its journal recorded, or a replay cannot go on in journal order. */
export class DriverDivergedError extends KillpointError {
  readonly code = 'DRIVER_DIVERGED'
}

/** The run ended: `maxLives` consecutive lives died without committing anything new. */
export class MaxLivesError extends KillpointError {
  readonly code = 'MAX_LIVES'
}

/** A unit of work failed and its failure is recorded; a replay throws the same again. */
export class StepFailedError extends KillpointError {
  readonly code = 'STEP_FAILED'
}

/** A `once` effect began in an earlier life and its result is unknown. It is never silently repeated. */
export class OutcomeUnknownError extends KillpointError {
  readonly code = 'OUTCOME_UNKNOWN'
}

/** The run, or the part of it that was asked, was cancelled, durably. */
export class CancelledError extends KillpointError {
  readonly code = 'CANCELLED'
}

/** The run was asked to stop in order (SIGTERM); nothing new began and it can be resumed. */
export class StoppedError extends KillpointError {
  readonly code = 'STOPPED'
}

/** The budget does not cover what was asked; nothing began. `details`: resource, asked, free. */
export class BudgetExceededError extends KillpointError {
  readonly code = 'BUDGET_EXCEEDED'
}

/** The absolute deadline of the run or of a step has passed. */
export class DeadlineError extends KillpointError {
  readonly code = 'DEADLINE'
}

/** The system error code (`ENOSPC`, `EIO` …) of an error or of its cause; `undefined` if it has none. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code = (error as NodeJS.ErrnoException).code
  return typeof code === 'string' ? code : undefined
}
