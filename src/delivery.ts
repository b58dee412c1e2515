/**
 * Delivery: hands a driver its results in journal order, one at a time.
 *
 * A driver may have several results outstanding, and what it does next depends on the order in which they reach it. So
 * that a resumed driver takes the same path, live results and recorded ones go through the same queue:
 *
 *   D1  results reach the driver of one scope in the order of their records, in every life: a result takes its place in
 *       the queue at the moment at which its record is appended, not when somebody gets round to handing it over
 *   D2  the driver has come to rest (no microtask is left) before the next one is delivered
 *   D3  nothing that no life settled begins before every recorded result of the scope was delivered and everything that
 *       earlier lives began was asked for again
 *   D4  where that cannot come about any more, because the driver waits and has not asked for what the journal holds, it
 *       took another path than in the earlier life: `DriverDivergedError`. It never hangs, and by D3 nothing was done.
 *
 * D2 and D4 are exact for drivers that await nothing but durable calls, which is their contract; other asynchronous work
 * goes into a step, or is announced with `scope.working` so that D4 waits for it.
 */
import type { Activity } from './activity.ts'
import { assert } from './assert.ts'
import { deferred, type Deferred } from './deferred.ts'
import { DriverDivergedError } from './errors.ts'
import { openKeys, type ScopeView } from './run-view.ts'
import type { Settlement } from './settlement.ts'

/** A place in the order of results: filled when its record is committed. */
export interface Slot {
  readonly key: string
  settlement: Settlement | undefined
  /** True where its record was refused and never written. */
  refused: boolean
}

export class Delivery {
  private readonly path: string
  private readonly activity: Activity
  private readonly onDiverged: (error: DriverDivergedError) => void
  private readonly queue: Slot[]
  private head = 0
  /** How many results at the head were recorded by earlier lives. */
  private recordedLeft: number
  /** What earlier lives began and did not settle, until the driver asks for it. */
  private readonly open: Set<string>
  private readonly waiters = new Map<string, Deferred<Settlement>>()
  private readonly replay = deferred<void>()
  private live: boolean
  /** Turns of the event loop that the driver may still be running in; at rest where there is none. */
  private stirred = 0
  private readonly onDrained: (() => void)[] = []
  private workers = 0
  private failure: Error | undefined
  private over = false

  constructor(
    path: string,
    recorded: ScopeView,
    activity: Activity,
    onDiverged: (error: DriverDivergedError) => void,
  ) {
    this.path = path
    this.activity = activity
    this.onDiverged = onDiverged
    this.queue = [...recorded.settled.values()].map((settlement) => ({
      key: settlement.key,
      settlement,
      refused: false,
    }))
    this.recordedLeft = this.queue.length
    this.open = openKeys(recorded)
    this.live = this.recordedLeft === 0 && this.open.size === 0
  }

  /** The driver's code is about to run, or runs for another cause than a delivery: nothing is delivered before it rests. */
  stir(): void {
    this.stirred += 1
    this.activity.begin()
    setImmediate(() => {
      this.stirred -= 1
      this.activity.end()
      if (this.isResting) this.onRest()
    })
  }

  /** The settlement of `key`, when its turn has come. To be called once per key. */
  request(key: string): Promise<Settlement> {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    assert(!this.waiters.has(key), `key ${key} is requested twice`)
    const waiter = deferred<Settlement>()
    this.waiters.set(key, waiter)
    this.open.delete(key)
    if (this.isResting) this.stir()
    return waiter.promise
  }

  /** True once the driver was handed all that earlier lives recorded for it. */
  get isLive(): boolean {
    return this.live
  }

  /** Resolves when what no life settled may begin (D3); never where the driver diverged or the scope ended. */
  replayed(): Promise<void> {
    return this.live ? Promise.resolve() : this.replay.promise
  }

  /** True where the driver was handed all that is recorded for it, or is being recorded, and has come to rest. */
  get isDrained(): boolean {
    return this.live && this.isResting && this.head === this.queue.length
  }

  /** Resolves when {@link isDrained} has come true, or the scope is over. */
  drained(): Promise<void> {
    if (this.isDrained || this.failure !== undefined) return Promise.resolve()
    return new Promise((resolve) => this.onDrained.push(resolve))
  }

  /** Takes the next place, for a record that is being appended in this very turn. */
  take(key: string): Slot {
    assert(this.live, `a record of ${key} is appended while the scope replays`)
    const slot: Slot = { key, settlement: undefined, refused: false }
    this.queue.push(slot)
    return slot
  }

  /** The record of this place is committed. */
  fill(slot: Slot, settlement: Settlement): void {
    slot.settlement = settlement
    this.pump()
  }

  /** The record of this place was refused and is not in the journal. */
  giveUp(slot: Slot): void {
    slot.refused = true
    this.pump()
  }

  /** Work of the driver's own is under way: it is not waiting, whatever else it waits for. */
  beginWork(): void {
    this.workers += 1
  }

  endWork(): void {
    this.workers -= 1
    this.stir()
  }

  /** Ends every request, and those to come, with this error. */
  fail(error: Error): void {
    this.failure ??= error
    const waiters = [...this.waiters.values()]
    this.waiters.clear()
    for (const waiter of waiters) waiter.reject(this.failure)
    this.tellDrained()
  }

  /** The driver has returned: what it left waiting is never settled, so that nothing of it runs on. */
  finish(over: Error): void {
    this.over = true
    this.failure ??= over
    this.waiters.clear()
    this.tellDrained()
  }

  /** What earlier lives recorded in this scope and its driver never asked for. */
  unclaimed(): readonly string[] {
    const settled = this.queue.slice(this.head, this.head + this.recordedLeft)
    const unasked = settled.filter(({ key }) => !this.waiters.has(key)).map(({ key }) => key)
    return [...unasked, ...this.open]
  }

  private get isResting(): boolean {
    return this.stirred === 0
  }

  private onRest(): void {
    this.handOver()
    if (!this.live && this.isResting) this.goOn()
    if (this.isDrained) this.tellDrained()
  }

  private tellDrained(): void {
    for (const tell of this.onDrained.splice(0)) tell()
  }

  private pump(): void {
    this.handOver()
    if (this.isDrained) this.tellDrained()
  }

  private handOver(): void {
    while (this.isResting && !this.over) {
      const slot = this.queue[this.head]
      if (slot === undefined || !(slot.refused || slot.settlement !== undefined)) return
      const waiter = this.waiters.get(slot.key)
      if (slot.settlement !== undefined && waiter !== undefined) {
        this.deliver(slot.settlement, waiter)
        return
      }
      // Recorded, and not asked for yet.
      if (this.recordedLeft > 0) return
      // Nobody waits for it: the scope was ended while it was on its way.
      this.advance()
    }
  }

  private deliver(settlement: Settlement, waiter: Deferred<Settlement>): void {
    this.waiters.delete(settlement.key)
    if (this.recordedLeft > 0) this.recordedLeft -= 1
    this.advance()
    this.stir()
    waiter.resolve(settlement)
  }

  private advance(): void {
    this.head += 1
    // Keeps memory at what is undelivered without moving the rest at every delivery.
    if (this.head >= 1024 && this.head * 2 >= this.queue.length) {
      this.queue.splice(0, this.head)
      this.head = 0
    }
  }

  /** Ends the replay, or finds that it cannot end. */
  private goOn(): void {
    // A driver that waits for nothing is about something of its own: it will ask, or return.
    if (this.over || this.workers > 0 || this.waiters.size === 0) return
    const [missing] = this.unclaimed()
    if (missing !== undefined) this.onDiverged(this.diverged(missing))
    else if (this.recordedLeft === 0) {
      this.live = true
      this.replay.resolve()
    }
  }

  private diverged(key: string): DriverDivergedError {
    const asked = [...this.waiters.keys()].join(', ')
    const whose = this.path === '' ? 'the driver' : `the driver of ${this.path}`
    const what = this.recordedLeft > 0 ? 'settled next' : 'began'
    return new DriverDivergedError(
      `expected ${whose} to ask for ${key}, which an earlier life ${what}; it waits for ${asked}`,
      {
        hint: 'resume a run with the code that began it; between durable calls a driver may depend on nothing but their results: put clocks, randomness and other I/O into steps, or wrap them in scope.working',
        details: { key, waitsFor: asked },
      },
    )
  }
}
