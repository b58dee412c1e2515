/**
 * Whether anything in a run is still moving by itself: a body under way, a record on its way to the disk, a result just
 * handed to a driver, work that a driver announced. A run that is idle can only be moved by a timer or from outside, so
 * that is when a run that was asked to stop may end.
 */
import { assert } from './assert.ts'

export class Activity {
  private count = 0
  private watchers: (() => void)[] = []

  /** Notes the start of something that ends by itself. */
  begin(): void {
    this.count += 1
  }

  /** Notes its end. */
  end(): void {
    assert(this.count > 0, 'more ends than beginnings')
    this.count -= 1
    if (this.count === 0 && this.watchers.length > 0) this.wake()
  }

  /** Until the end of `work`, whatever it comes to. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.begin()
    try {
      return await work()
    } finally {
      this.end()
    }
  }

  /** Until the code that runs now, and every microtask that follows from it, is over. */
  untilRest(): void {
    this.begin()
    setImmediate(() => this.end())
  }

  /** Calls back once, when nothing moves and every microtask has run. */
  whenIdle(callback: () => void): void {
    setImmediate(() => {
      if (this.count === 0) callback()
      else this.watchers.push(callback)
    })
  }

  private wake(): void {
    const { watchers } = this
    this.watchers = []
    for (const watcher of watchers) this.whenIdle(watcher)
  }
}
