/**
 * A scope: what a driver's code sees of its run. Everything durable that a driver does goes through one, under a key
 * below the scope's path.
 *
 *   U1  a settled unit is never performed again: its recorded result is delivered, in journal order (`delivery.ts`)
 *   U2  the same key with other arguments, or as another kind of unit, is `DriverDivergedError`
 *   U3  a scope that ended records nothing more; what it left under way is aborted
 *
 * `step` is work of the driver's own; `unit` is the seam below it, of which waits, commands and tool calls are made.
 */
import { assert } from './assert.ts'
import { Delivery } from './delivery.ts'
import {
  DriverDivergedError,
  InvalidArgumentError,
  OutcomeUnknownError,
  type ErrorContext,
} from './errors.ts'
import { assertJson, type JsonValue } from './json.ts'
import { argumentHash, joinKey, keySegment } from './keys.ts'
import { rebuildError } from './recorded-error.ts'
import type { UnitKind } from './records.ts'
import type { OpenScope, Run } from './run.ts'
import { emptyScope, type ScopeView, type Settlement } from './run-view.ts'

export class Scope implements OpenScope {
  /** Empty for the root driver's. */
  readonly path: string
  readonly run: Run
  readonly delivery: Delivery
  readonly recorded: ScopeView
  private readonly aborter = new AbortController()
  private readonly claims = new Map<string, number>()
  private readonly underWay = new Set<string>()
  private over = false

  constructor(run: Run, path: string) {
    this.run = run
    this.path = path
    this.recorded = run.view.scopes.get(path) ?? emptyScope()
    this.delivery = new Delivery(path, this.recorded.settled.values(), {
      activity: run.activity,
      onDiverged: (error) => run.fail(error),
    })
    run.register(this)
  }

  get runId(): string {
    return this.run.runId
  }

  /** Aborted when the run is cancelled, fenced or past its deadline, or when this scope is over. */
  get signal(): AbortSignal {
    return this.aborter.signal
  }

  /** True until the driver of this scope has returned. */
  get isOpen(): boolean {
    return !this.over
  }

  /** Asynchronous work of the driver's own between durable calls; without it a waiting driver may be taken for diverged. */
  async working<T>(work: () => Promise<T>): Promise<T> {
    const end = this.run.activity.begin()
    try {
      return await work()
    } finally {
      end()
    }
  }

  /**
   * Takes the next key for a name. Equal names may follow each other and may not overlap.
   *
   * @throws InvalidArgumentError
   */
  claim(name: string): string {
    const base = joinKey(this.path, keySegment(name, 0))
    if (this.underWay.has(base))
      throw new InvalidArgumentError(
        `a unit named ${JSON.stringify(name)} is already under way in ${this.path === '' ? 'this driver' : this.path}`,
        {
          hint: 'give units that overlap names of their own, e.g. with an index',
          details: { name },
        },
      )
    this.underWay.add(base)
    const earlier = this.claims.get(base) ?? 0
    this.claims.set(base, earlier + 1)
    return joinKey(this.path, keySegment(name, earlier))
  }

  /** The unit of this name is over: its name may follow. */
  release(name: string): void {
    this.underWay.delete(joinKey(this.path, keySegment(name, 0)))
  }

  /**
   * Waits for the settlement of a key, and performs the unit if no life has settled it.
   *
   * @throws DriverDivergedError where the record under this key is of another unit or of other arguments
   */
  async settle(
    unit: { readonly key: string; readonly kind: UnitKind; readonly args: JsonValue | undefined },
    perform: (args: string) => Promise<Settlement>,
  ): Promise<JsonValue | undefined> {
    if (unit.args !== undefined) assertJson(unit.args, `arguments of ${unit.key}`)
    const args = argumentHash(unit.args)
    this.assertSame(unit.key, unit.kind, args)
    const delivered = this.delivery.request(unit.key)
    if (!this.recorded.settled.has(unit.key)) void this.perform(unit.key, () => perform(args))
    return resultOf(await delivered)
  }

  /** Ends this scope after its driver returned. Throws `DriverDivergedError` where it left recorded results unasked. */
  finish(): void {
    const unclaimed = this.delivery.unclaimed()
    if (unclaimed.length > 0)
      throw this.diverged(
        `the driver of ${this.path === '' ? 'the run' : this.path} ended without asking for ${unclaimed.join(', ')}, which an earlier life settled`,
        {
          hint: 'resume a run with the code that began it',
          details: { keys: unclaimed.join(', ') },
        },
      )
  }

  /** Forgets what is still under way; nothing of it is recorded any more (U3). */
  leave(reason: Error): void {
    this.over = true
    this.delivery.fail(reason)
    this.abort(reason)
  }

  abort(reason: Error): void {
    if (!this.aborter.signal.aborted) this.aborter.abort(reason)
  }

  // A driver that took another path must not record anything more in this life.
  private diverged(message: string, context: ErrorContext): DriverDivergedError {
    const error = new DriverDivergedError(message, context)
    this.run.fail(error)
    return error
  }

  private async perform(key: string, work: () => Promise<Settlement>): Promise<void> {
    try {
      this.delivery.push(await work())
    } catch (error) {
      this.delivery.rejectOne(key, error as Error)
    }
  }

  private assertSame(key: string, kind: UnitKind, args: string): void {
    const { settled, intents, spawned, iterated } = this.recorded
    const known =
      settled.get(key)?.record ?? intents.get(key)?.[0] ?? spawned.get(key) ?? iterated.get(key)
    if (known === undefined) return
    const knownKind = kindOf(known)
    if (knownKind === kind && known.args === args) return
    throw this.diverged(
      knownKind === kind
        ? `expected ${kind} ${key} with the arguments that were recorded under this key, got others (hash ${known.args} recorded, ${args} now)`
        : `expected ${knownKind} under key ${key}, as recorded, got ${kind}`,
      {
        hint: 'resume a run with the code and input that began it; give changed work another name',
        details: { key, recorded: known.args, came: args },
      },
    )
  }
}

function kindOf(record: { readonly type: string; readonly kind?: UnitKind }): UnitKind {
  if (record.kind !== undefined) return record.kind
  return record.type === 'spawn' ? 'child' : 'loop'
}

function resultOf({ key, record }: Settlement): JsonValue | undefined {
  if (record.type === 'iterate') return record.state
  switch (record.status) {
    case 'done':
      return record.value
    case 'unknown':
      throw new OutcomeUnknownError(
        record.error?.message ?? `the outcome of ${record.kind} ${key} is unknown`,
        { details: { key } },
      )
    case 'failed':
    case 'cancelled':
      assert(record.error !== undefined, `${record.status} settlement of ${key} without an error`)
      throw rebuildError(record.error, `${record.kind} ${key}`)
  }
}
