/** Brings a recorded error back as the class that a caller can handle, the same in every life. */
import {
  BudgetExceededError,
  CancelledError,
  DeadlineError,
  MaxLivesError,
  OutcomeUnknownError,
  RecordTooLargeError,
  StepFailedError,
} from './errors.ts'
import type { RecordedError } from './records.ts'

/** `what` names what failed: `step fetch`, `run r1`. */
export function rebuildError(recorded: RecordedError, what: string): Error {
  const details = { what, name: recorded.name, code: recorded.code }
  switch (recorded.code) {
    case 'BUDGET_EXCEEDED':
      return new BudgetExceededError(recorded.message, { details })
    case 'DEADLINE':
      return new DeadlineError(recorded.message, { details })
    case 'CANCELLED':
      return new CancelledError(`${what} was cancelled: ${recorded.message}`, { details })
    case 'MAX_LIVES':
      return new MaxLivesError(recorded.message, { details })
    case 'OUTCOME_UNKNOWN':
      return new OutcomeUnknownError(recorded.message, { details })
    case 'RECORD_TOO_LARGE':
      return new RecordTooLargeError(recorded.message, { details })
    default:
      return new StepFailedError(`${what} failed: ${recorded.name}: ${recorded.message}`, {
        details,
      })
  }
}
