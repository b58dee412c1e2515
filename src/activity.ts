/**
 * Whether anything in a run is still moving by itself: a body under way, a result just handed to a driver, work that a
 * driver announced. A run that is idle and waits can only be moved by a timer, a signal or the journal.
 */
export class Activity {
  private count = 0
  private watchers: (() => void)[] = []

  /** Notes the start of something that will end by itself; the function that comes back notes its end, once. */
  begin(): () => void {
    this.count += 1
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.count -= 1
      if (this.count === 0) this.wake()
    }
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
