/**
 * Steps: work whose result is committed once.
 *
 * What a restart does with a step that has no result depends on its effect:
 *   none   nothing outside sees it: it is performed again
 *   keyed  the receiver deduplicates by key: it is performed again under the same idempotency key
 *   once   it must not happen twice: a durable intent comes first, and a life that finds an intent without a result
 *          settles the step as *outcome unknown* and never performs it again
 *
 * A step that reserves budget writes an intent too: the spend of a call in doubt must not be forgotten. Each attempt of a
 * step that may be tried again is a unit of its own, so that a restart does not forget failures; all attempts share one
 * idempotency key. How one attempt goes stands in `attempt.ts`.
 */
import { assertAmounts } from './amounts.ts'
import { performUnit } from './attempt.ts'
import { DeadlineError, InvalidArgumentError, StepFailedError } from './errors.ts'
import { handled } from './handled.ts'
import type { Scope } from './scope.ts'
import type { Unit, UnitCall, UnitOptions } from './unit.ts'

export interface StepOptions extends UnitOptions {
  /** How often the step is tried before its failure is the result; default 1. */
  readonly attempts?: number
  /** Milliseconds before each further attempt, not kept over a restart; default 0. */
  readonly delayMs?: number
  /** Which failures are tried again; default all but those that another try cannot mend. */
  readonly retryIf?: (error: StepFailedError | DeadlineError) => boolean
}

/** What the body of a step is told. */
export type StepCall = UnitCall

/**
 * Runs a step in a scope. See the head of the file.
 *
 * @throws StepFailedError, DeadlineError (its timeout), BudgetExceededError, OutcomeUnknownError, NotJsonError,
 *   RecordTooLargeError as recorded, the same in every life; InvalidArgumentError (name, options); and what ended the run
 */
export function step<T>(
  scope: Scope,
  name: string,
  body: (call: StepCall) => Promise<T> | T,
  options: StepOptions = {},
): Promise<T> {
  return handled(runStep(scope, name, body, options))
}

async function runStep<T>(
  scope: Scope,
  name: string,
  body: (call: StepCall) => Promise<T> | T,
  options: StepOptions,
): Promise<T> {
  assertOptions(name, options)
  if (typeof body !== 'function') throw refuse(name, `a body that is ${typeof body}`, 'a function')
  const { attempts = 1, delayMs = 0 } = options
  const base = scope.claim(name)
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const unit: Unit = { kind: 'step', base, attempt, delayMs, options, body }
        return (await performUnit(scope, unit)) as T
      } catch (error) {
        if (attempt >= attempts || !mayRetry(scope, error, options)) throw error
      }
    }
  } finally {
    scope.release(name)
  }
}

/** Throws `InvalidArgumentError` for options that mean nothing. */
export function assertOptions(name: string, options: StepOptions): void {
  const { effect = 'none', reserve, attempts = 1, delayMs = 0, timeoutMs } = options
  if (!['none', 'keyed', 'once'].includes(effect))
    throw refuse(name, `effect ${effect}`, "'none', 'keyed' or 'once'")
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw refuse(name, `attempts ${attempts}`, 'a whole number from 1')
  if (!Number.isSafeInteger(delayMs) || delayMs < 0)
    throw refuse(name, `delayMs ${delayMs}`, 'whole milliseconds from 0')
  if (timeoutMs !== undefined && (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1))
    throw refuse(name, `timeoutMs ${timeoutMs}`, 'whole milliseconds from 1')
  if (reserve !== undefined) assertAmounts(reserve, `reserve of ${name}`, ['tokens', 'money'])
}

function refuse(name: string, came: string, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`step ${name}: expected ${expected}, got ${came}`, {
    hint: 'leave the option out for its default',
    details: { name, came },
  })
}

function mayRetry(scope: Scope, error: unknown, options: StepOptions): boolean {
  // What ended the scope is no failure of the attempt.
  if (scope.signal.aborted) return false
  if (!(error instanceof StepFailedError || error instanceof DeadlineError)) return false
  return options.retryIf?.(error) ?? true
}
