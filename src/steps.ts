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
 * idempotency key.
 */
import type { Clock } from './clock.ts'
import {
  BudgetExceededError,
  DeadlineError,
  RecordTooLargeError,
  StepFailedError,
} from './errors.ts'
import { assertJson, type JsonValue } from './json.ts'
import {
  recordError,
  type Amounts,
  type Effect,
  type IntentRecord,
  type RecordedError,
  type SettleRecord,
  type UnitKind,
} from './records.ts'
import type { Settlement } from './run-view.ts'
import type { Scope } from './scope.ts'

export interface StepOptions {
  /** What the step works on, any JSON value; a resumed step with other arguments is `DriverDivergedError`. */
  readonly args?: JsonValue
  /** Default `none`. */
  readonly effect?: Effect
  /** The most that one attempt may spend; the body reports what it spent with `call.spend`. */
  readonly reserve?: Amounts
  /** How often the step is tried before its failure is the result; default 1. */
  readonly attempts?: number
  /** Milliseconds before each further attempt, not kept over a restart; default 0. */
  readonly delayMs?: number
  /** Which failures are tried again; default all. */
  readonly retryIf?: (error: StepFailedError | DeadlineError) => boolean
  /** Milliseconds after which an attempt is aborted and fails with `DEADLINE`; a `once` effect is then of unknown outcome. */
  readonly timeoutMs?: number
  /** Records to commit in one batch with the result: the intents of what must follow it. Of use to modules, not to drivers. */
  readonly also?: (value: JsonValue | undefined) => readonly IntentRecord[]
}

/** What the body of a step is told. */
export interface StepCall {
  readonly key: string
  /** The same for every life and attempt of this step, unique over runs: what a `keyed` receiver deduplicates by. */
  readonly idempotencyKey: string
  /** 1, 2 … */
  readonly attempt: number
  readonly epoch: number
  /** Aborted on cancel, deadline, timeout and when the run is lost. */
  readonly signal: AbortSignal
  /** Reports what this attempt spent; the last report counts. */
  readonly spend: (amounts: Amounts) => void
}

/** What a driver may return or store: JSON, or nothing. */
export type Result = JsonValue | undefined | void

/** Runs a step in a scope. See the head of the file. */
export async function step<T extends Result>(
  scope: Scope,
  name: string,
  body: (call: StepCall) => Promise<T> | T,
  options: StepOptions = {},
): Promise<T> {
  const attempts = options.attempts ?? 1
  const base = scope.claim(name)
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const unit: Unit = { kind: 'step', base, attempt, options, body }
        return (await performUnit(scope, unit)) as T
      } catch (error) {
        if (attempt >= attempts || !mayRetry(error, options)) throw error
      }
    }
  } finally {
    scope.release(name)
  }
}

/** A unit that has a body: a step, a tool call, a command. */
export interface Unit {
  readonly kind: UnitKind
  /** Its key, without the attempt. */
  readonly base: string
  readonly attempt: number
  readonly options: StepOptions
  readonly body: (call: StepCall) => Promise<Result> | Result
  /** True where this life's intent was committed already, in the batch of another record. */
  readonly hasIntent?: boolean
}

/** One attempt of a unit: delivered if it is recorded, else performed and recorded. */
export async function performUnit(scope: Scope, unit: Unit): Promise<JsonValue | undefined> {
  const key = attemptKey(unit)
  const { options, kind } = unit
  return scope.settle({ key, kind, args: options.args }, async (args) => {
    const end = scope.run.activity.begin()
    try {
      return await perform(scope, unit, { key, args })
    } finally {
      end()
    }
  })
}

/** The intent of a unit, or `undefined` where it needs none. */
export function intentOf(unit: Unit, key: string, args: string): IntentRecord | undefined {
  const { effect = 'none', reserve } = unit.options
  if (effect !== 'once' && reserve === undefined) return undefined
  return {
    type: 'intent',
    key,
    kind: unit.kind,
    args,
    effect,
    ...(reserve === undefined ? {} : { reserve }),
  }
}

export function attemptKey({ base, attempt }: Unit): string {
  return attempt === 1 ? base : `${base}~${attempt}`
}

interface Place {
  readonly key: string
  readonly args: string
}

async function perform(scope: Scope, unit: Unit, place: Place): Promise<Settlement> {
  const { run } = scope
  await run.assertMayBegin(place.key)
  const { effect = 'none', reserve, delayMs = 0 } = unit.options
  const inDoubt = scope.recorded.intents.get(place.key) ?? []
  if (effect === 'once' && inDoubt.length > 0)
    return record(scope, unit, place, unknownOutcome(unit, inDoubt.at(-1)?.reserve))
  const intent = intentOf(unit, place.key, place.args)
  if (intent !== undefined && unit.hasIntent !== true) {
    const refused = reserve === undefined ? undefined : refusal(scope, place.key, reserve, inDoubt)
    if (refused !== undefined) return record(scope, unit, place, refused)
    await run.commit(intent)
  }
  if (unit.attempt > 1 && delayMs > 0)
    await run.clock.until(run.clock.now() + delayMs, scope.signal)
  // Again, because the intent took a sync: an acknowledged cancel may have come meanwhile.
  if (intent !== undefined || unit.attempt > 1) await run.assertMayBegin(place.key)
  const outcome = await callBody(scope, unit, place.key)
  return record(scope, unit, place, outcome)
}

/** What a unit came to, without its place. */
type Outcome = Pick<SettleRecord, 'status' | 'value' | 'error' | 'spend'>

async function record(
  scope: Scope,
  unit: Unit,
  { key, args }: Place,
  outcome: Outcome,
): Promise<Settlement> {
  // The scope ended while the body was under way: its result has no reader in any life.
  if (!scope.isOpen) throw scope.signal.reason
  const settled: SettleRecord = { type: 'settle', key, kind: unit.kind, args, ...outcome }
  const also = outcome.status === 'done' ? (unit.options.also?.(outcome.value) ?? []) : []
  try {
    return { key, seq: await scope.run.commit(settled, ...also), record: settled }
  } catch (error) {
    if (!(error instanceof RecordTooLargeError)) throw error
    const { value: _, ...rest } = settled
    const failed: SettleRecord = { ...rest, status: 'failed', error: recordError(error) }
    return { key, seq: await scope.run.commit(failed), record: failed }
  }
}

async function callBody(scope: Scope, unit: Unit, key: string): Promise<Outcome> {
  const aborter = new AbortController()
  const { timeoutMs, reserve, effect } = unit.options
  let spend: Amounts | undefined
  const call: StepCall = {
    key,
    idempotencyKey: `${scope.runId}/${unit.base}`,
    attempt: unit.attempt,
    epoch: scope.run.journal.epoch,
    signal:
      timeoutMs === undefined ? scope.signal : AbortSignal.any([scope.signal, aborter.signal]),
    spend: (amounts) => {
      spend = amounts
    },
  }
  const spent = (): Pick<SettleRecord, 'spend'> => {
    const amounts = spend ?? reserve
    return amounts === undefined ? {} : { spend: amounts }
  }
  try {
    const value = await bounded(scope.run.clock, unit, call, aborter)
    if (value === undefined) return { status: 'done', ...spent() }
    assertJson(value, `result of ${key}`)
    return { status: 'done', value, ...spent() }
  } catch (error) {
    // Lost, cancelled or past the run's deadline: that is not the step's own failure, and is not recorded as one.
    if (scope.signal.aborted) throw scope.signal.reason
    if (effect === 'once' && error instanceof TimeoutError)
      return { ...unknownOutcome(unit, undefined), ...spent() }
    return { status: 'failed', error: recordError(error), ...spent() }
  }
}

class TimeoutError extends DeadlineError {}

/** The body's result; or a rejection when the scope is aborted or the time is up, whatever the body does then. */
async function bounded(
  clock: Clock,
  unit: Unit,
  call: StepCall,
  aborter: AbortController,
): Promise<Result> {
  const { timeoutMs } = unit.options
  const work = Promise.resolve().then(() => unit.body(call))
  const done = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    if (call.signal.aborted) reject(call.signal.reason)
    call.signal.addEventListener('abort', () => reject(call.signal.reason), {
      once: true,
      signal: done.signal,
    })
  })
  // Whichever loses the race has no other handler.
  work.catch(() => {})
  aborted.catch(() => {})
  if (timeoutMs !== undefined) abortAfter(clock, timeoutMs, aborter, done.signal, call.key)
  try {
    return await Promise.race([work, aborted])
  } finally {
    done.abort()
  }
}

function abortAfter(
  clock: Clock,
  timeoutMs: number,
  aborter: AbortController,
  done: AbortSignal,
  key: string,
): void {
  const error = new TimeoutError(`${key} did not end within ${timeoutMs} ms`, {
    hint: 'raise timeoutMs, or make the body stop on call.signal',
    details: { timeoutMs },
  })
  clock.until(clock.now() + timeoutMs, done).then(
    () => aborter.abort(error),
    () => {},
  )
}

function unknownOutcome(unit: Unit, reserved: Amounts | undefined): Outcome {
  const error: RecordedError = {
    name: 'OutcomeUnknownError',
    code: 'OUTCOME_UNKNOWN',
    message: `${unit.kind} ${unit.base} began and its result was never recorded: it may have happened or not. It is not repeated, because its effect is declared once`,
  }
  // What it may have spent stays charged in full.
  return { status: 'unknown', error, ...(reserved === undefined ? {} : { spend: reserved }) }
}

function refusal(
  scope: Scope,
  key: string,
  reserve: Amounts,
  inDoubt: readonly IntentRecord[],
): Outcome | undefined {
  try {
    scope.run.budget.assertFree(key, reserve)
    return undefined
  } catch (error) {
    if (!(error instanceof BudgetExceededError)) throw error
    return { status: 'failed', error: recordError(error), spend: inDoubt.at(-1)?.reserve ?? {} }
  }
}

function mayRetry(error: unknown, options: StepOptions): boolean {
  if (!(error instanceof StepFailedError || error instanceof DeadlineError)) return false
  return options.retryIf?.(error) ?? true
}
