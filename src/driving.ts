/**
 * Runs a driver's code in its scope, to the end of the one or the other.
 */
import { callAs } from './caller.ts'
import { deferred } from './deferred.ts'
import type { Scope } from './scope.ts'

/** What code came to by itself. */
export type Outcome<T> =
  | { readonly status: 'done'; readonly value: T }
  | { readonly status: 'failed'; readonly error: unknown }

/**
 * Runs code in a scope and finishes the scope in the same breath in which the code returns or throws. Rejects with what
 * ended the scope from outside, at once, whatever the code does then: that is no outcome of the code's own.
 *
 * @throws DriverDivergedError where the code left unasked what an earlier life recorded
 */
export async function runInScope<T>(scope: Scope, code: () => Promise<T> | T): Promise<Outcome<T>> {
  scope.assertOpen()
  scope.delivery.stir()
  const ended = deferred<never>()
  const leave = scope.onEnd((reason) => ended.reject(reason))
  // Whichever comes second has no other handler.
  ended.promise.catch(() => {})
  const outcome = callAs(scope, 'driver', () => attempt(code)).then((came) => {
    leave()
    scope.finish()
    return came
  })
  outcome.catch(() => {})
  return Promise.race([outcome, ended.promise])
}

async function attempt<T>(code: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    return { status: 'done', value: await code() }
  } catch (error) {
    return { status: 'failed', error }
  }
}
