/**
 * Runs a driver's code in its scope, to the end of the one or the other.
 */
import { callAs } from './caller.ts'
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
export function runInScope<T>(scope: Scope, code: () => Promise<T> | T): Promise<Outcome<T>> {
  return new Promise((resolve, reject) => {
    scope.assertOpen()
    scope.delivery.stir()
    // Whichever comes second changes nothing any more.
    const leave = scope.onEnd(reject)
    const finish = (came: Outcome<T>): void => {
      leave()
      try {
        scope.finish()
        resolve(came)
      } catch (error) {
        reject(error)
      }
    }
    void callAs(scope, 'driver', () => attempt(code)).then(finish)
  })
}

async function attempt<T>(code: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    return { status: 'done', value: await code() }
  } catch (error) {
    return { status: 'failed', error }
  }
}
