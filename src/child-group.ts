/**
 * Children of one scope that are awaited together: `next` gives them as they settle, in journal order.
 */
import { spawn, type Child, type Driver, type SpawnOptions } from './children.ts'
import { deferred, type Deferred } from './deferred.ts'
import { CancelledError } from './errors.ts'
import { handled } from './handled.ts'
import type { JsonValue } from './json.ts'
import type { Scope } from './scope.ts'

/** How a child ended, as its parent is told. */
export type Settled =
  | { readonly name: string; readonly status: 'done'; readonly value: JsonValue | undefined }
  | { readonly name: string; readonly status: 'failed' | 'cancelled'; readonly error: Error }

export class ChildGroup {
  private readonly scope: Scope
  private readonly ready: Settled[] = []
  private readonly waiting: Deferred<Settled | undefined>[] = []
  private outstanding = 0

  constructor(scope: Scope) {
    this.scope = scope
  }

  /** As the function `spawn`. @throws InvalidArgumentError, NotJsonError */
  spawn<T>(name: string, driver: Driver<T>, task: JsonValue, options: SpawnOptions = {}): Child<T> {
    const child = spawn(this.scope, name, driver, task, options)
    this.outstanding += 1
    child.result.then(
      (value) =>
        this.deliver({ name: child.name, status: 'done', value: value as JsonValue | undefined }),
      (error: Error) => this.fail(child, error),
    )
    return child
  }

  /**
   * The next settled child of this group that was not handed out yet; `undefined` when none is outstanding. Rejects where
   * the parent itself is over.
   */
  next(): Promise<Settled | undefined> {
    return handled(this.nextSettled())
  }

  private async nextSettled(): Promise<Settled | undefined> {
    const settled = this.ready.shift()
    if (settled !== undefined) return settled
    if (!this.scope.isOpen) return this.scope.over()
    if (this.outstanding === 0) return undefined
    const waiter = deferred<Settled | undefined>()
    this.waiting.push(waiter)
    return waiter.promise
  }

  private fail(child: Child, error: Error): void {
    // What ended the parent is no end of the child.
    if (this.scope.signal.aborted) {
      for (const waiter of this.waiting.splice(0)) waiter.reject(this.scope.signal.reason)
      return
    }
    const status = error instanceof CancelledError ? 'cancelled' : 'failed'
    this.deliver({ name: child.name, status, error })
  }

  private deliver(settled: Settled): void {
    this.outstanding -= 1
    const waiter = this.waiting.shift()
    if (waiter === undefined) this.ready.push(settled)
    else waiter.resolve(settled)
    if (this.outstanding > 0) return
    for (const left of this.waiting.splice(0)) left.resolve(undefined)
  }
}
