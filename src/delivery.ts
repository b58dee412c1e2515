/**
 * Delivery: hands a driver its results in journal order, one at a time.
 *
 * A driver may have several results outstanding, and what it does next depends on the order in which they reach it. So
 * that a resumed driver takes the same path, live results and recorded ones go through the same queue:
 *
 *   D1  results reach the driver of one scope in the order of their records, in every life
 *   D2  the driver has come to rest (no microtask is left) before the next one is delivered
 *   D3  a live result is delivered after every recorded one of its scope
 *   D4  if nothing in the run moves, the driver waits, and it has not asked for what comes next in the journal, it can never
 *       go on: it took another path than in the earlier life. All that waits is rejected with `DriverDivergedError`; it
 *       never hangs.
 *
 * D2 and D4 are exact for drivers that await nothing but durable calls between them, which is their contract; other
 * asynchronous work goes into a step, or is announced with `scope.working` so that D4 waits for it.
 */
import type { Activity } from './activity.ts'
import { assert } from './assert.ts'
import { DriverDivergedError } from './errors.ts'
import type { Settlement } from './run-view.ts'

interface Waiter {
  readonly resolve: (settlement: Settlement) => void
  readonly reject: (error: Error) => void
}

/** What a delivery needs of its run. */
export interface DeliveryContext {
  readonly activity: Activity
  /** A driver that diverged must not record anything more: the run of this life ends. */
  readonly onDiverged: (error: DriverDivergedError) => void
}

export class Delivery {
  private readonly path: string
  private readonly activity: Activity
  private readonly onDiverged: (error: DriverDivergedError) => void
  private readonly queue: Settlement[]
  private readonly recordedKeys: Set<string>
  private readonly waiters = new Map<string, Waiter>()
  private resting = true
  private head = 0
  private watching = false
  private failure: Error | undefined

  /** `recorded`: what earlier lives settled in this scope, in journal order. */
  constructor(path: string, recorded: Iterable<Settlement>, context: DeliveryContext) {
    this.path = path
    this.activity = context.activity
    this.onDiverged = context.onDiverged
    this.queue = [...recorded]
    this.recordedKeys = new Set(this.queue.map(({ key }) => key))
  }

  /** The settlement of `key`, when its turn has come. To be called once per key. */
  request(key: string): Promise<Settlement> {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    assert(!this.waiters.has(key), `key ${key} is requested twice`)
    const promise = new Promise<Settlement>((resolve, reject) => {
      this.waiters.set(key, { resolve, reject })
    })
    this.pump()
    return promise
  }

  /** Adds a settlement that this life committed. */
  push(settlement: Settlement): void {
    this.queue.push(settlement)
    this.pump()
  }

  /** Ends one request with an error that is not recorded: the run was fenced, cancelled, or its storage failed. */
  rejectOne(key: string, error: Error): void {
    const waiter = this.waiters.get(key)
    this.waiters.delete(key)
    waiter?.reject(error)
  }

  /** Ends every request, and those to come, with this error. */
  fail(error: Error): void {
    this.failure ??= error
    const waiters = [...this.waiters.values()]
    this.waiters.clear()
    for (const waiter of waiters) waiter.reject(this.failure)
  }

  /** What the journal holds of this scope and the driver never asked for. */
  unclaimed(): readonly string[] {
    const left = this.queue.slice(this.head)
    return left
      .filter(({ key }) => this.recordedKeys.has(key) && !this.waiters.has(key))
      .map(({ key }) => key)
  }

  private pump(): void {
    const next = this.queue[this.head]
    if (!this.resting || next === undefined) return
    const waiter = this.waiters.get(next.key)
    if (waiter !== undefined) this.deliver(next, waiter)
    else if (this.recordedKeys.has(next.key)) this.watchForRest(next)
    // A live result whose request was rejected meanwhile: nobody waits for it.
    else this.skip()
  }

  private deliver(settlement: Settlement, waiter: Waiter): void {
    this.waiters.delete(settlement.key)
    this.advance()
    this.resting = false
    const end = this.activity.begin()
    setImmediate(() => {
      this.resting = true
      end()
      this.pump()
    })
    waiter.resolve(settlement)
  }

  private skip(): void {
    this.advance()
    this.pump()
  }

  private advance(): void {
    this.head += 1
    // Keeps memory at what is undelivered without moving the rest at every delivery.
    if (this.head >= 1024 && this.head * 2 >= this.queue.length) {
      this.queue.splice(0, this.head)
      this.head = 0
    }
  }

  private watchForRest(next: Settlement): void {
    if (this.watching || this.waiters.size === 0) return
    this.watching = true
    this.activity.whenIdle(() => {
      this.watching = false
      const stuck = this.queue[this.head] === next && !this.waiters.has(next.key)
      if (stuck && this.waiters.size > 0) this.onDiverged(this.diverged(next))
      else this.pump()
    })
  }

  private diverged(next: Settlement): DriverDivergedError {
    const asked = [...this.waiters.keys()].join(', ')
    return new DriverDivergedError(
      `expected the driver${this.path === '' ? '' : ` of ${this.path}`} to ask for ${next.key}, which the journal settled next (seq ${next.seq}); it waits for ${asked}`,
      {
        hint: 'between durable calls a driver may depend on nothing but their results: put clocks, randomness and other I/O into steps, or wrap them in scope.working',
        details: { key: next.key, seq: next.seq, waitsFor: asked },
      },
    )
  }
}
