/**
 * Calls the body of a unit and bounds it: by its own timeout, and by the end of its scope.
 *
 * A body that does not stop on its signal is left behind: whatever it does later, nobody waits for it, its result is
 * recorded by nobody, and its rejection is no one's surprise.
 */
import { callAs } from './caller.ts'
import { deferred } from './deferred.ts'
import { DeadlineError } from './errors.ts'
import { assertValue, copyJson, type JsonValue } from './json.ts'
import type { Scope } from './scope.ts'
import type { Unit, UnitCall } from './unit.ts'

/** What a body came to. */
export type Came =
  | { readonly kind: 'value'; readonly value: JsonValue | undefined }
  | { readonly kind: 'thrown'; readonly error: unknown }
  | { readonly kind: 'timeout'; readonly error: DeadlineError }

/** Rejects with the scope's reason where the scope ended first: that is no outcome of the unit's own. */
export async function callBody(
  scope: Scope,
  unit: Unit,
  key: string,
  spend: UnitCall['spend'],
): Promise<Came> {
  scope.assertOpen()
  const bounds = boundsOf(scope, unit, key)
  const call: UnitCall = {
    key,
    idempotencyKey: `${scope.runId}/${unit.base}`,
    attempt: unit.attempt,
    epoch: scope.run.journal.epoch,
    get signal() {
      return bounds.signal()
    },
    spend,
  }
  const work = callAs(scope, 'body', () => run(unit, call))
  try {
    const came = await bounds.first(work)
    if (came.kind !== 'value' && unit.endsOnAbort === true) await work
    scope.assertOpen()
    return came
  } finally {
    bounds.lift()
  }
}

async function run(unit: Unit, call: UnitCall): Promise<Came> {
  try {
    const value = await unit.body(call)
    if (value === undefined) return { kind: 'value', value }
    assertValue(value, `result of ${call.key}`)
    return { kind: 'value', value: copyJson(value) }
  } catch (error) {
    return { kind: 'thrown', error }
  }
}

interface Bounds {
  /** Made when it is first asked for: most bodies never do. */
  readonly signal: () => AbortSignal
  /** What the body came to, or, where that was first, that it is to be given up. */
  readonly first: (work: Promise<Came>) => Promise<Came>
  readonly lift: () => void
}

function boundsOf(scope: Scope, unit: Unit, key: string): Bounds {
  const reached = deferred<Came>()
  // Of its own, so that what a body hangs on its signal goes when the body goes.
  let aborter: AbortController | undefined
  let reason: Error | undefined
  const giveUp = (came: Came, why: Error): void => {
    reason ??= why
    // In this order: what the body does on its signal comes too late to be its result.
    reached.resolve(came)
    aborter?.abort(reason)
  }
  const leave = scope.onEnd((why) => giveUp({ kind: 'thrown', error: why }, why))
  const stopTimer = startTimeout(scope, unit, key, (error) =>
    giveUp({ kind: 'timeout', error }, error),
  )
  return {
    signal: () => {
      aborter ??= new AbortController()
      if (reason !== undefined) aborter.abort(reason)
      return aborter.signal
    },
    first: (work) => {
      void work.then(reached.resolve)
      return reached.promise
    },
    lift: () => {
      leave()
      stopTimer?.()
    },
  }
}

/** Calls back when the time is up; what comes back stops the timer. */
function startTimeout(
  scope: Scope,
  unit: Unit,
  key: string,
  onTimeout: (error: DeadlineError) => void,
): (() => void) | undefined {
  const { timeoutMs } = unit.options
  if (timeoutMs === undefined) return undefined
  const { clock } = scope.run
  const over = new AbortController()
  const error = new DeadlineError(`${key} did not end within ${timeoutMs} ms`, {
    hint: 'raise timeoutMs, or make the body stop on call.signal',
    details: { key, timeoutMs },
  })
  clock.until(clock.now() + timeoutMs, over.signal).then(
    () => onTimeout(error),
    () => {},
  )
  return () => over.abort()
}
