/**
 * Children: nested drivers, each with a subtree of its own.
 *
 *   C1  a child is committed when it finishes, by one record with its output; it is then never run again
 *   C2  a child that was not committed runs again from its start, and finds what it settled itself
 *   C3  settled children reach their parent in journal order
 *   C4  the first settlement is final: a cancelled child records nothing more, whatever its code still does
 */
import { deferred, type Deferred } from './deferred.ts'
import { BudgetExceededError, CancelledError, ClosedError, StoppedError } from './errors.ts'
import { assertJson, type JsonValue } from './json.ts'
import { recordError, type Amounts, type SettleRecord, type SpawnRecord } from './records.ts'
import type { Run } from './run.ts'
import type { Settlement } from './run-view.ts'
import { Scope } from './scope.ts'
import type { Result } from './steps.ts'

/** Code that can be run as a root or as a child. It must do the same whenever its durable calls give the same. */
export interface Driver {
  readonly name: string
  readonly run: (scope: Scope, task: JsonValue) => Promise<Result>
}

export interface SpawnOptions {
  /** A pool of its own, taken out of the parent's. */
  readonly budget?: Amounts
}

/** How a child ended, as its parent is told. */
export type Settled =
  | { readonly name: string; readonly status: 'done'; readonly value: JsonValue | undefined }
  | { readonly name: string; readonly status: 'failed' | 'cancelled'; readonly error: Error }

export interface Child {
  readonly name: string
  readonly key: string
  /** The output; rejects with `StepFailedError` or `CancelledError`. */
  readonly result: Promise<JsonValue | undefined>
  /** Ends the child and all below it, durably. Too late where it settled already; it then stays as it was. */
  readonly cancel: (reason: string) => Promise<void>
}

/** Runs a driver as a child. Its code starts at once; the call does not wait for the disk. */
export function spawn(
  scope: Scope,
  name: string,
  driver: Driver,
  task: JsonValue,
  options: SpawnOptions = {},
): Child {
  const key = scope.claim(name)
  const life = new ChildLife(scope, { key, driver, task, options })
  const args: JsonValue = {
    driver: driver.name,
    task,
    ...(options.budget && { budget: { ...options.budget } }),
  }
  const result = scope
    .settle({ key, kind: 'child', args }, (hash) => life.live(hash))
    .finally(() => scope.release(name))
  // A parent may look at a child late, or never.
  result.catch(() => {})
  return { name, key, result, cancel: (reason) => life.cancel(reason) }
}

interface ChildSpec {
  readonly key: string
  readonly driver: Driver
  readonly task: JsonValue
  readonly options: SpawnOptions
}

class ChildLife {
  private readonly parent: Scope
  private readonly spec: ChildSpec
  private args = ''
  private settling: Promise<Settlement> | undefined
  private readonly cancelled = deferred<Settlement>()

  constructor(parent: Scope, spec: ChildSpec) {
    this.parent = parent
    this.spec = spec
  }

  async live(args: string): Promise<Settlement> {
    const { run } = this.parent
    const { key } = this.spec
    this.args = args
    await run.assertMayBegin(key)
    const refused = this.noteSpawn(run)
    if (refused !== undefined) return this.settle({ status: 'failed', error: recordError(refused) })
    const scope = new Scope(run, key)
    const passOn = (): void => scope.leave(this.parent.signal.reason as Error)
    this.parent.signal.addEventListener('abort', passOn, { once: true })
    run.onCancel(key, (message) => {
      this.cancel(message.reason, message.id).catch((error: Error) => run.fail(error))
    })
    try {
      return await Promise.race([this.settling ?? this.drive(scope), this.cancelled.promise])
    } finally {
      this.parent.signal.removeEventListener('abort', passOn)
      scope.leave(new ClosedError(`child ${key} is over`))
      await run.unregister(key)
    }
  }

  async cancel(reason: string, message?: string): Promise<void> {
    const { key } = this.spec
    if (this.settling === undefined) {
      const error = { name: 'CancelledError', message: reason, code: 'CANCELLED' }
      const settled = this.settle({ status: 'cancelled', error, ...(message && { message }) })
      this.cancelled.resolve(settled)
      this.parent.run.endScopes(key, new CancelledError(`child ${key} was cancelled: ${reason}`))
    }
    await this.settling
    if (message !== undefined) await this.parent.run.consume(message)
  }

  private async drive(scope: Scope): Promise<Settlement> {
    try {
      const value = await this.spec.driver.run(scope, this.spec.task)
      scope.finish()
      this.parent.run.assertMayEnd()
      if (value !== undefined) assertJson(value, `result of child ${this.spec.key}`)
      return await this.settle({ status: 'done', ...(value === undefined ? {} : { value }) })
    } catch (error) {
      if (this.settling !== undefined) return this.settling
      // Fenced, cancelled, stopped or out of storage: the child did not fail, this life of it is over.
      if (this.parent.signal.aborted) throw this.parent.signal.reason
      this.parent.run.assertMayEnd()
      return this.settle({ status: 'failed', error: recordError(error) })
    }
  }

  private settle(
    outcome: Pick<SettleRecord, 'status' | 'value' | 'error' | 'message'>,
  ): Promise<Settlement> {
    this.settling ??= this.commit(outcome)
    return this.settling
  }

  private async commit(
    outcome: Pick<SettleRecord, 'status' | 'value' | 'error' | 'message'>,
  ): Promise<Settlement> {
    const { key } = this.spec
    if (!this.parent.isOpen) throw this.parent.signal.reason
    const record: SettleRecord = { type: 'settle', key, kind: 'child', args: this.args, ...outcome }
    return { key, seq: await this.parent.run.commit(record), record }
  }

  /** Writes the spawn record; gives the error where the budget does not cover the child. */
  private noteSpawn(run: Run): BudgetExceededError | undefined {
    const { key, driver, options } = this.spec
    if (this.parent.recorded.spawned.has(key)) return undefined
    const { budget } = options
    try {
      if (budget !== undefined) run.budget.assertFree(key, budget)
    } catch (error) {
      if (error instanceof BudgetExceededError) return error
      throw error
    }
    const record: SpawnRecord = { type: 'spawn', key, args: this.args, driver: driver.name }
    // Not awaited: it commits before anything of the child, and a failure ends the whole run (R2).
    run.commit(budget === undefined ? record : { ...record, budget }).catch(() => {})
    return undefined
  }
}

/** Children of one scope that are awaited together: `next` gives them as they settle, in journal order. */
export class ChildGroup {
  private readonly scope: Scope
  private readonly ready: (Settled | Error)[] = []
  private readonly waiting: Deferred<Settled | undefined>[] = []
  private outstanding = 0

  constructor(scope: Scope) {
    this.scope = scope
  }

  /** As the function `spawn`. */
  spawn(name: string, driver: Driver, task: JsonValue, options: SpawnOptions = {}): Child {
    const child = spawn(this.scope, name, driver, task, options)
    this.outstanding += 1
    child.result.then(
      (value) => this.deliver({ name: child.name, status: 'done', value }),
      (error: Error) => this.deliver(this.read(child, error)),
    )
    return child
  }

  /** The next settled child of this group that was not handed out yet; `undefined` when none is outstanding. */
  async next(): Promise<Settled | undefined> {
    const settled = this.ready.shift()
    if (settled instanceof Error) throw settled
    if (settled !== undefined || this.outstanding === 0) return settled
    const waiter = deferred<Settled | undefined>()
    this.waiting.push(waiter)
    return waiter.promise
  }

  // What ended this life rather than the child is the parent's error too.
  private read(child: Child, error: Error): Settled | Error {
    const { run, signal } = this.scope
    if (signal.aborted || run.failed !== undefined || error instanceof StoppedError) return error
    const status = error instanceof CancelledError ? 'cancelled' : 'failed'
    return { name: child.name, status, error }
  }

  private deliver(settled: Settled | Error): void {
    this.outstanding -= 1
    const waiter = this.waiting.shift()
    if (waiter === undefined) this.ready.push(settled)
    else if (settled instanceof Error) waiter.reject(settled)
    else waiter.resolve(settled)
    if (this.outstanding > 0) return
    for (const left of this.waiting.splice(0)) left.resolve(undefined)
  }
}
