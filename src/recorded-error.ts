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
  type ErrorContext,
} from './errors.ts'
import type { RecordedError } from './records.ts'

/** Longest message that is kept, in UTF-16 code units: what a tool printed must not make its failure too large to record. */
export const errorMessageMax = 16_384

type Rebuilt = new (message: string, context: ErrorContext) => KillpointError

/** Errors that come back as what they were, by their code. */
const rebuilt: ReadonlyMap<unknown, Rebuilt> = new Map<unknown, Rebuilt>([
  ['BUDGET_EXCEEDED', BudgetExceededError],
  ['DEADLINE', DeadlineError],
  ['MAX_LIVES', MaxLivesError],
  ['NOT_JSON', NotJsonError],
  ['OUTCOME_UNKNOWN', OutcomeUnknownError],
  ['RECORD_TOO_LARGE', RecordTooLargeError],
])

/** What is kept of a thrown value, whatever it is; never throws. */
export function recordError(thrown: unknown): RecordedError {
  if (!isErrorLike(thrown)) return { name: 'Error', message: `threw ${shown(thrown)}` }
  const code = member(thrown, 'code')
  const name = member(thrown, 'name')
  const message = member(thrown, 'message')
  const own = typeof name === 'string' && name !== '' ? name : 'Error'
  // A code of ours on an error of somebody else's would come back as our class, with our meaning.
  const isBorrowed = rebuilt.has(code) && !(thrown instanceof KillpointError)
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
  const Known = rebuilt.get(recorded.code)
  if (Known !== undefined) return new Known(recorded.message, { details })
  return new StepFailedError(`${what} failed: ${recorded.name}: ${recorded.message}`, { details })
}

/** What a cancelled unit, or run, is told. A unit that failed because something in it was cancelled has failed. */
export function cancelledError(recorded: RecordedError, what: string): CancelledError {
  return new CancelledError(`${what} was cancelled: ${recorded.message}`, {
    details: { what, reason: recorded.message },
  })
}

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
