/**
 * Children: nested drivers, each with a subtree of its own.
 *
 *   C1  a child is committed when it finishes, by one record with its output; it is then never run again
 *   C2  a child that was not committed runs again from its start, and finds what it settled itself
 *   C3  settled children reach their parent in journal order
 *   C4  the first settlement is final: a cancelled child records nothing more, whatever its code still does
 */
import { assertAmounts, type Amounts } from './amounts.ts'
import { runInScope, type Outcome } from './driving.ts'
import { BudgetExceededError, CancelledError, InvalidArgumentError } from './errors.ts'
import { handled } from './handled.ts'
import { assertReason, type CancelMessage } from './inbox.ts'
import { assertValue, copyJson, type JsonValue } from './json.ts'
import { argumentHash } from './keys.ts'
import { recordError } from './recorded-error.ts'
import type { SettleRecord, SpawnRecord } from './records.ts'
import { Scope } from './scope.ts'

/** Code that can be run as a root or as a child. It must do the same whenever its durable calls give the same. */
export interface Driver<T = unknown> {
  readonly name: string
  /** Gives JSON or nothing, which is checked when it returns. */
  readonly run: (scope: Scope, task: JsonValue) => Promise<T>
}

export interface SpawnOptions {
  /** A pool of its own, taken out of the pools above. What it does not limit counts there. */
  readonly budget?: Amounts
}

export interface Child<T = unknown> {
  readonly name: string
  readonly key: string
  /** The output; rejects with `StepFailedError` or `CancelledError`. */
  readonly result: Promise<T>
  /**
   * Ends the child and all below it, durably; resolves when the child's end has reached its parent. Too late where it
   * settled already: it then stays as it was.
   *
   * @throws InvalidArgumentError (reason), and what ended the run
   */
  readonly cancel: (reason: string) => Promise<void>
}

/**
 * Runs a driver as a child. Its code starts at once; the call does not wait for the disk.
 *
 * @throws InvalidArgumentError, NotJsonError
 */
export function spawn<T>(
  scope: Scope,
  name: string,
  driver: Driver<T>,
  task: JsonValue,
  options: SpawnOptions = {},
): Child<T> {
  assertDriver(driver)
  assertValue(task, `task of child ${name}`)
  // The code begins later, and the caller may go on with the same object.
  const given = copyJson(task)
  const { budget } = options
  if (budget !== undefined) assertAmounts(budget, `budget of child ${name}`)
  const limits = budget === undefined ? {} : { budget: { ...budget } }
  const args: JsonValue = { driver: driver.name, task: given, ...limits }
  const key = scope.claim(name)
  const life = new ChildLife(scope, {
    key,
    args: argumentHash(args),
    driver,
    task: given,
    ...limits,
  })
  const result = scope
    .settle({ key, kind: 'child', args }, () => life.live())
    .finally(() => scope.release(name)) as Promise<T>
  // A parent may look at a child late, or never.
  result.catch(() => {})
  const cancelChild = async (reason: string): Promise<void> => {
    assertReason(reason)
    await life.cancel(reason)
    await result.catch(() => {})
    if (!scope.isOpen) await scope.over()
  }
  return {
    name,
    key,
    result,
    cancel: (reason) => handled(cancelChild(reason)),
  }
}

/** Throws `InvalidArgumentError` for what cannot be run. */
export function assertDriver(driver: unknown): asserts driver is Driver {
  const { name, run } = (driver ?? {}) as { readonly name?: unknown; readonly run?: unknown }
  if (typeof name === 'string' && name !== '' && typeof run === 'function') return
  throw new InvalidArgumentError('expected a driver with a name and a function run', {
    hint: "pass { name: 'research', run: async (scope, task) => … }",
  })
}

interface ChildSpec {
  readonly key: string
  /** Hash of its arguments. */
  readonly args: string
  readonly driver: Driver
  readonly task: JsonValue
  readonly budget?: Amounts
}

/** How a child ends, without its place. */
type ChildEnd = Pick<SettleRecord, 'status' | 'value' | 'error' | 'message'>

class ChildLife {
  private readonly parent: Scope
  private readonly spec: ChildSpec
  private scope: Scope | undefined
  private settling: Promise<void> | undefined

  constructor(parent: Scope, spec: ChildSpec) {
    this.parent = parent
    this.spec = spec
  }

  /** Called where no life settled this child yet. */
  async live(): Promise<void> {
    const { mailbox } = this.parent.run
    const { key } = this.spec
    await this.parent.mayBegin(key)
    mailbox?.onCancel(key, (message) => this.cancelFromOutside(message))
    try {
      await (this.settling ?? this.drive())
    } finally {
      mailbox?.offCancel(key)
    }
  }

  /** Settles the child as cancelled, unless it is settled already. */
  async cancel(reason: string, message?: string): Promise<void> {
    const { delivery, recorded } = this.parent
    if (recorded.settled.has(this.spec.key)) return
    // At once where that is possible: whoever looked into the inbox goes on in the same turn.
    if (!delivery.isLive) await delivery.replayed()
    const error = { name: 'CancelledError', message: reason, code: 'CANCELLED' }
    const outcome = { status: 'cancelled', error, ...(message && { message }) } as const
    if (this.settling === undefined) {
      const told = new CancelledError(`child ${this.spec.key} was cancelled: ${reason}`)
      this.scope?.close(told)
      this.settling = this.commit(outcome).then(() => this.scope?.end(told))
    }
    await this.settling
  }

  private cancelFromOutside({ reason, id }: CancelMessage): void {
    const { run } = this.parent
    this.cancel(reason, id)
      .then(() => run.mailbox?.consume(id))
      // Only a parent that is over refuses: the next look finds the child ended and takes the message away.
      .catch(() => {})
  }

  private async drive(): Promise<void> {
    const { key, driver, task } = this.spec
    const refused = this.noteSpawn()
    if (refused !== undefined) return this.settle({ status: 'failed', error: recordError(refused) })
    const scope = new Scope(this.parent.run, key, this.parent)
    this.scope = scope
    try {
      const outcome = await runInScope(scope, () => driver.run(scope, task))
      if (this.settling !== undefined) return await this.settling
      return await this.settle(endOf(outcome, key))
    } catch (error) {
      if (this.settling !== undefined) return this.settling
      throw error
    }
  }

  private settle(outcome: ChildEnd): Promise<void> {
    this.settling ??= this.commit(outcome)
    return this.settling
  }

  private commit(outcome: ChildEnd): Promise<void> {
    const { key, args } = this.spec
    return this.parent.commitSettlement({ type: 'settle', key, kind: 'child', args, ...outcome })
  }

  /** Writes the spawn record; gives the error where the budget does not cover the child. */
  private noteSpawn(): BudgetExceededError | undefined {
    const { key, args, driver, budget } = this.spec
    const { run, recorded } = this.parent
    if (recorded.spawned.has(key)) return undefined
    try {
      if (budget !== undefined) run.budget.assertFree(key, budget)
    } catch (error) {
      if (error instanceof BudgetExceededError) return error
      throw error
    }
    const note = { type: 'spawn', key, args, driver: driver.name } as const
    const record: SpawnRecord = budget === undefined ? note : { ...note, budget }
    // Not awaited: it is appended before anything of the child. A failure has ended this life (R2).
    this.parent.commit(record).catch(() => {})
    return undefined
  }
}

function endOf(outcome: Outcome<unknown>, key: string): ChildEnd {
  try {
    if (outcome.status === 'failed') throw outcome.error
    const { value } = outcome
    if (value === undefined) return { status: 'done' }
    assertValue(value, `result of child ${key}`)
    return { status: 'done', value: copyJson(value) }
  } catch (error) {
    return { status: 'failed', error: recordError(error) }
  }
}
