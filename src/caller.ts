/**
 * Who is calling: the code of which scope, and in what role.
 *
 * What a step's body, or the driver of another scope, asks for is asked for only while that code runs, and on resume it
 * does not run again: the record would never be claimed and the run could not be resumed. It is refused at the call,
 * in the first life, where the mistake is.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { InvalidArgumentError } from './errors.ts'

/** `driver`: may make durable calls in its scope. `body`: of a step. `working`: announced with `scope.working`. */
export type Role = 'driver' | 'body' | 'working'

/** What identifies a scope here. */
export interface CallerScope {
  readonly path: string
  readonly run: object
}

interface Caller {
  readonly scope: CallerScope
  readonly role: Role
}

const callers = new AsyncLocalStorage<Caller>()

/** Runs code, and everything asynchronous that it starts, in a role. */
export function callAs<T>(scope: CallerScope, role: Role, code: () => T): T {
  return callers.run({ scope, role }, code)
}

/** Throws `InvalidArgumentError` where a durable call in `scope` comes from code that may not make it. */
export function assertCalledByDriver(scope: CallerScope, what: string): void {
  const caller = callers.getStore()
  // A run inside a step of another run is its own affair.
  if (caller === undefined || caller.scope.run !== scope.run) return
  if (caller.scope !== scope)
    throw new InvalidArgumentError(
      `${what} was asked for in ${named(scope)} by the code of ${named(caller.scope)}`,
      { hint: 'use the scope that the code was given: what it asks for belongs to it' },
    )
  if (caller.role === 'driver') return
  const inside = caller.role === 'body' ? 'the body of a step' : 'scope.working'
  throw new InvalidArgumentError(`${what} was asked for inside ${inside} of ${named(scope)}`, {
    hint: 'make durable calls from the driver itself: of what is inside a step only the result is recorded',
  })
}

function named({ path }: CallerScope): string {
  return path === '' ? 'the root driver' : path
}
