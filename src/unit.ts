/**
 * A unit of work that has a body: a step, a tool call, a command. What it may ask for, and what its body is told.
 */
import type { Amounts } from './amounts.ts'
import type { JsonValue } from './json.ts'
import type { Effect, IntentRecord, UnitKind } from './records.ts'

export interface UnitOptions {
  /** What the unit works on, any JSON value; a resumed unit with other arguments is `DriverDivergedError`. */
  readonly args?: JsonValue
  /** Default `none`. */
  readonly effect?: Effect
  /** The most that one attempt may spend; the body reports what it spent with `call.spend`. */
  readonly reserve?: Amounts
  /** Milliseconds after which an attempt is aborted and fails with `DEADLINE`; a `once` effect is then of unknown outcome. */
  readonly timeoutMs?: number
  /** Records to commit in one batch with the result: the intents of what must follow it. Of use to modules, not to drivers. */
  readonly also?: (value: JsonValue | undefined) => readonly IntentRecord[]
}

/** What a body is told. */
export interface UnitCall {
  readonly key: string
  /** The same for every life and attempt of this unit, unique in its store: what a `keyed` receiver deduplicates by. */
  readonly idempotencyKey: string
  /** 1, 2 … */
  readonly attempt: number
  readonly epoch: number
  /** Aborted on cancel, deadline, timeout and when the run is lost. */
  readonly signal: AbortSignal
  /** Reports what this attempt spent; the last report counts. @throws InvalidArgumentError */
  readonly spend: (amounts: Amounts) => void
}

/** One attempt of a unit. */
export interface Unit {
  readonly kind: UnitKind
  /** Its key, without the attempt. */
  readonly base: string
  readonly attempt: number
  /** Milliseconds to wait before a further attempt. */
  readonly delayMs?: number
  readonly options: UnitOptions
  /** Gives JSON or nothing, which is checked. */
  readonly body: (call: UnitCall) => unknown
  /** True where this life's intent was committed already, in the batch of another record. */
  readonly hasIntent?: boolean
  /** True where a body that was given up must be waited for: it ends soon after its signal aborts. */
  readonly endsOnAbort?: boolean
  /** Told where an earlier life began this unit and recorded no result, before anything else is done about it. */
  readonly onInDoubt?: (call: Pick<UnitCall, 'key' | 'signal'>) => Promise<void>
}
