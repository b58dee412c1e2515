/** Errors in records: what is kept of one, and how it comes back as the class that a caller can handle. */
import { inspect, types } from 'node:util'
import {
  BudgetExceededError,
  CancelledError,
  DeadlineError,
  KillpointError,
  MaxLivesError,
  NotJsonError,
  OutcomeUnknownError,
  RecordTooLargeError,
  StepFailedError,
} from './errors.ts'
import type { RecordedError } from './records.ts'

/** Longest message that is kept, in UTF-16 code units: what a tool printed must not make its failure too large to record. */
export const errorMessageMax = 16_384

/** What is kept of a thrown value, whatever it is; never throws. */
export function recordError(thrown: unknown): RecordedError {
  if (!isErrorLike(thrown)) return { name: 'Error', message: `threw ${shown(thrown)}` }
  const code = member(thrown, 'code')
  const name = member(thrown, 'name')
  const message = member(thrown, 'message')
  const own = typeof name === 'string' && name !== '' ? name : 'Error'
  // A code of ours on an error of somebody else's would come back as our class, with our meaning.
  const isBorrowed = rebuiltCodes.has(code) && !(thrown instanceof KillpointError)
  return {
    name: kept(isBorrowed ? `${own} [${String(code)}]` : own),
    message: kept(typeof message === 'string' ? message : shown(message)),
    ...(typeof code === 'string' && !isBorrowed ? { code: kept(code) } : {}),
  }
}

/** The same class in every life. `what` names what failed: `step fetch`, `run r1`. */
export function rebuildError(recorded: RecordedError, what: string): Error {
  const details = {
    what,
    name: recorded.name,
    code: recorded.code,
    reason: recorded.message,
  }
  switch (recorded.code) {
    case 'BUDGET_EXCEEDED':
      return new BudgetExceededError(recorded.message, { details })
    case 'DEADLINE':
      return new DeadlineError(recorded.message, { details })
    case 'MAX_LIVES':
      return new MaxLivesError(recorded.message, { details })
    case 'OUTCOME_UNKNOWN':
      return new OutcomeUnknownError(recorded.message, { details })
    case 'RECORD_TOO_LARGE':
      return new RecordTooLargeError(recorded.message, { details })
    case 'NOT_JSON':
      return new NotJsonError(recorded.message, { details })
    default:
      return new StepFailedError(`${what} failed: ${recorded.name}: ${recorded.message}`, {
        details,
      })
  }
}

/** What a cancelled unit, or run, is told. A unit that failed because something in it was cancelled has failed. */
export function cancelledError(recorded: RecordedError, what: string): CancelledError {
  return new CancelledError(`${what} was cancelled: ${recorded.message}`, {
    details: { what, reason: recorded.message },
  })
}

/** What {@link rebuildError} has a class for. */
const rebuiltCodes: ReadonlySet<unknown> = new Set([
  'BUDGET_EXCEEDED',
  'DEADLINE',
  'MAX_LIVES',
  'NOT_JSON',
  'OUTCOME_UNKNOWN',
  'RECORD_TOO_LARGE',
])

// Errors of another realm, and values made to look like errors, have a message too.
function isErrorLike(thrown: unknown): thrown is object {
  if (typeof thrown !== 'object' || thrown === null) return false
  return types.isNativeError(thrown) || typeof member(thrown, 'message') === 'string'
}

// A getter or a proxy may throw: the failure must be recorded all the same.
function member(thrown: object, name: string): unknown {
  try {
    return (thrown as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

function shown(value: unknown): string {
  try {
    return kept(inspect(value, { customInspect: false, depth: 2, breakLength: Infinity }))
  } catch {
    return 'a value that cannot be shown'
  }
}

// A lone surrogate would make the record that reports it impossible to write.
function kept(text: string): string {
  const whole = text.length <= errorMessageMax ? text : `${text.slice(0, errorMessageMax)}…`
  return whole.toWellFormed()
}
