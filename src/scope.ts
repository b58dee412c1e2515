/**
 * A scope: what a driver's code sees of its run. Everything durable that a driver does goes through one, under a key
 * below the scope's path.
 *
 *   U1  a settled unit is never performed again: its recorded result is delivered, in journal order (`delivery.ts`)
 *   U2  the same key with other arguments, or as another kind of unit, is `DriverDivergedError`
 *   U3  a scope that ended records nothing more; what it left under way is aborted, and what it left waiting is dropped
 *   U4  what reaches a driver is recorded, or ends its life: a failure of the runtime's own never looks like a result
 *   U5  what ends a scope is told to its driver when it is committed, not before; what the driver does meanwhile is of no account
 *
 * `settle` is the seam of which steps, loops, children, waits, commands and tool calls are made.
 */
import { setMaxListeners } from 'node:events'
import { assertCalledByDriver, callAs } from './caller.ts'
import { Delivery } from './delivery.ts'
import {
  ClosedError,
  DriverDivergedError,
  RecordTooLargeError,
  type ErrorContext,
} from './errors.ts'
import { assertJson, type JsonValue } from './json.ts'
import { argumentHash } from './keys.ts'
import { Names } from './names.ts'
import { recordError } from './recorded-error.ts'
import type { IntentRecord, IterateRecord, RunRecord, SettleRecord, UnitKind } from './records.ts'
import type { Run } from './run.ts'
import { findScope, emptyScope, type ScopeView } from './run-view.ts'
import { resultOf } from './settlement.ts'

/** A unit of work as its scope knows it. */
export interface UnitPlace {
  readonly key: string
  readonly kind: UnitKind
  readonly args: JsonValue | undefined
}

const nothingRecorded: ScopeView = emptyScope()

export class Scope {
  /** Empty for the root driver's. */
  readonly path: string
  readonly run: Run
  readonly recorded: ScopeView
  readonly delivery: Delivery
  private readonly parent: Scope | undefined
  private readonly inner = new Map<string, Scope>()
  private readonly names: Names
  private aborter: AbortController | undefined
  private abortedBy: Error | undefined
  private readonly onEnds = new Set<(reason: Error) => void>()
  /** Why nothing may be recorded here any more. */
  private closing: Error | undefined

  /** `parent` is absent for the root's. */
  constructor(run: Run, path: string, parent?: Scope) {
    this.run = run
    this.path = path
    this.parent = parent
    this.names = new Names(path)
    this.recorded = findScope(run.view.root, path) ?? nothingRecorded
    this.delivery = new Delivery(path, this.recorded, run.activity, (error) => this.diverge(error))
    parent?.inner.set(path, this)
    const reason = parent?.closing ?? run.failed
    if (reason !== undefined) this.end(reason)
  }

  get runId(): string {
    return this.run.runId
  }

  /** Aborted when the run is cancelled, fenced or past its deadline, or when this scope is over; most scopes are never asked. */
  get signal(): AbortSignal {
    if (this.aborter === undefined) {
      this.aborter = new AbortController()
      // Every wait of a driver listens here, and a driver may have any number of them.
      setMaxListeners(0, this.aborter.signal)
      if (this.abortedBy !== undefined) this.aborter.abort(this.abortedBy)
    }
    return this.aborter.signal
  }

  /** Calls back when this scope ends; the function that comes back takes it off. */
  onEnd(callback: (reason: Error) => void): () => void {
    this.onEnds.add(callback)
    return () => this.onEnds.delete(callback)
  }

  /** Asynchronous work of the driver's own between durable calls; without it a waiting driver may be taken for diverged. */
  async working<T>(work: () => Promise<T>): Promise<T> {
    this.delivery.beginWork()
    try {
      return await this.run.activity.during(() => callAs(this, 'working', work))
    } finally {
      this.delivery.endWork()
    }
  }

  /**
   * Takes the next key for a name. Equal names may follow each other and may not overlap.
   *
   * @throws InvalidArgumentError
   */
  claim(name: string): string {
    assertCalledByDriver(this, `a unit named ${JSON.stringify(name)}`)
    return this.names.claim(name)
  }

  /** The key that the next claim of this name gives. @throws InvalidArgumentError */
  nextKey(name: string): string {
    return this.names.next(name)
  }

  /** The unit of this name is over: its name may follow. */
  release(name: string): void {
    this.names.release(name)
  }

  /**
   * Waits for the settlement of a key; performs the unit if no life has settled it. `perform` ends by committing a
   * settlement of this key with {@link commitSettlement}.
   *
   * @throws DriverDivergedError where the record under this key is of another unit or of other arguments
   */
  async settle(
    unit: UnitPlace,
    perform: (args: string) => Promise<unknown>,
  ): Promise<JsonValue | undefined> {
    if (unit.args !== undefined) assertJson(unit.args, `arguments of ${unit.key}`)
    const args = argumentHash(unit.args)
    this.assertSame(unit.key, unit.kind, args)
    const delivered = this.delivery.request(unit.key)
    if (this.closing === undefined && !this.recorded.settled.has(unit.key))
      void this.perform(() => perform(args))
    return resultOf(await delivered)
  }

  /** At once: true where {@link mayBegin} would find nothing in the way of what begins in this very turn. */
  mayBeginNow(): boolean {
    return this.closing === undefined && this.run.mayBeginNow()
  }

  /** Throws what stands in the way of beginning something here; looks into the inbox first. */
  async mayBegin(
    key: string,
    options: { readonly hasBegun?: boolean; readonly hasLooked?: boolean } = {},
  ): Promise<void> {
    this.assertOpen()
    await this.run.mayBegin(key, options)
    this.assertOpen()
  }

  /**
   * At once: true where the drivers of this scope and of all above were handed whatever is recorded for them, and wait. None of
   * them can then be on its way to leave what waits here.
   */
  get isAtRest(): boolean {
    return this.delivery.isDrained && this.parent?.isAtRest !== false
  }

  /** Resolves when {@link isAtRest} may have become true, or this scope is over. */
  async rest(): Promise<void> {
    if (!this.delivery.isDrained) await this.delivery.drained()
    else await this.parent?.rest()
  }

  /** Throws where this scope, or one above it, is over. */
  assertOpen(): void {
    if (this.closing !== undefined) throw this.closing
  }

  /** Whether things can be recorded here. Where they can not, a driver is told by {@link over} (U5). */
  get isOpen(): boolean {
    return this.closing === undefined
  }

  /** Rejects with what ends this scope, once that is committed. */
  async over(): Promise<never> {
    throw this.abortedBy ?? (await new Promise<Error>((resolve) => this.onEnd(resolve)))
  }

  /** Commits records that settle nothing. */
  commit(...records: readonly RunRecord[]): Promise<number> {
    return this.closing === undefined ? this.run.commit(...records) : Promise.reject(this.closing)
  }

  /**
   * Commits the record that settles a unit, and `also` in the same batch, and hands it to the driver in its turn. Where it
   * is too large, the unit has failed with that.
   *
   * @throws RecordTooLargeError where not even that fits
   */
  async commitSettlement(
    record: SettleRecord | IterateRecord,
    also: readonly IntentRecord[] = [],
  ): Promise<void> {
    try {
      await this.commitInTurn(record, also)
    } catch (error) {
      if (!(error instanceof RecordTooLargeError)) throw error
      await this.commitInTurn(tooLarge(record, error), [])
    }
  }

  private async commitInTurn(
    record: SettleRecord | IterateRecord,
    also: readonly IntentRecord[],
  ): Promise<void> {
    this.assertOpen()
    const slot = this.delivery.take(record.key)
    try {
      const seq = (await this.run.commit(record, ...also)) - also.length
      this.delivery.fill(slot, { key: record.key, seq, record })
    } catch (error) {
      if (error instanceof RecordTooLargeError) this.delivery.giveUp(slot)
      throw error
    }
  }

  /** Lets nothing more be recorded here or below. Nobody is told yet: {@link end} follows. */
  close(reason: Error): void {
    this.closing ??= reason
    for (const scope of this.inner.values()) scope.close(reason)
  }

  /** Ends this scope and all below: rejects what its drivers wait for, aborts their bodies. */
  end(reason: Error): void {
    this.close(reason)
    this.delivery.fail(reason)
    this.abort(reason)
    for (const scope of this.inner.values()) scope.end(reason)
    this.parent?.inner.delete(this.path)
  }

  /**
   * The driver's code has returned or thrown. What it left under way is aborted and recorded no more.
   *
   * @throws DriverDivergedError where it left unasked what an earlier life recorded, or what ended this scope before
   */
  finish(): void {
    this.assertOpen()
    const unclaimed = this.delivery.unclaimed()
    if (unclaimed.length > 0)
      throw this.diverged(
        `the driver of ${this.path === '' ? 'the run' : this.path} ended without asking for ${unclaimed.join(', ')}, which an earlier life recorded`,
        {
          hint: 'resume a run with the code that began it',
          details: { keys: unclaimed.join(', ') },
        },
      )
    const over = overError(this.path)
    this.closing = over
    this.delivery.finish(over)
    this.abort(over)
    for (const scope of this.inner.values()) scope.end(over)
    this.parent?.inner.delete(this.path)
  }

  /** True where the unit at this key, somewhere below, has ended and can not be reached any more. */
  hasEnded(key: string): boolean {
    const rest = key.slice(this.path === '' ? 0 : this.path.length + 1)
    const [segment = ''] = rest.split('/')
    const own = this.path === '' ? segment : `${this.path}/${segment}`
    if (this.recorded.settled.has(own) || this.names.isOver(own)) return true
    if (own === key) return false
    return [...this.inner.values()].some(
      (scope) => key.startsWith(`${scope.path}/`) && scope.hasEnded(key),
    )
  }

  private abort(reason: Error): void {
    this.abortedBy ??= reason
    this.aborter?.abort(reason)
    for (const onEnd of this.onEnds) onEnd(reason)
    this.onEnds.clear()
  }

  private async perform(work: () => Promise<unknown>): Promise<void> {
    try {
      await this.delivery.replayed()
      await work()
    } catch (error) {
      // A scope that is over tells its driver itself; anything else is no result of the unit's (U4).
      if (this.closing === undefined) this.run.fail(error as Error)
    }
  }

  private assertSame(key: string, kind: UnitKind, args: string): void {
    const known = recordedUnit(this.recorded, key)
    if (known === undefined) return
    const sameArgs = known.args === undefined || known.args === args
    if (known.kind === kind && sameArgs) return
    throw this.diverged(
      known.kind === kind
        ? `expected ${kind} ${key} with the arguments that were recorded under this key, got others (hash ${known.args} recorded, ${args} now)`
        : `expected ${known.kind} under key ${key}, as recorded, got ${kind}`,
      {
        hint: 'resume a run with the code and input that began it; give changed work another name',
        details: { key, recorded: known.args, came: args },
      },
    )
  }

  private diverged(message: string, context: ErrorContext): DriverDivergedError {
    const error = new DriverDivergedError(message, context)
    this.diverge(error)
    return error
  }

  /** A driver that took another path must not record anything more in this life. Of one that is being ended nothing is expected (U5). */
  private diverge(error: DriverDivergedError): void {
    if (this.closing === undefined) this.run.fail(error)
  }
}

/** What earlier lives recorded under a key, as far as it can be compared. */
function recordedUnit(
  { settled, intents, spawned, iterated, below }: ScopeView,
  key: string,
): { readonly kind: UnitKind; readonly args?: string } | undefined {
  const known =
    settled.get(key)?.record ?? intents.get(key)?.[0] ?? spawned.get(key) ?? iterated.get(key)
  // Of a loop in its first iteration only what is in it is recorded.
  if (known === undefined) return below.has(key) ? { kind: 'loop' } : undefined
  if (known.type === 'spawn') return { kind: 'child', args: known.args }
  return { kind: known.type === 'iterate' ? 'loop' : known.kind, args: known.args }
}

/** What is recorded in place of a record that is too large: all but its value. */
function tooLarge(record: SettleRecord | IterateRecord, error: Error): SettleRecord {
  const { key, args } = record
  const failed = { status: 'failed', error: recordError(error) } as const
  if (record.type === 'iterate') return { type: 'settle', key, kind: 'loop', args, ...failed }
  const { value: _, ...kept } = record
  return { ...kept, ...failed }
}

/** Without a stack, which costs more than all else here: every iteration ends with this, and hardly one is ever told. */
function overError(path: string): ClosedError {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return new ClosedError(`${path === '' ? 'the root driver' : path} is over`, {
      hint: 'await everything that a driver begins before it returns',
    })
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
