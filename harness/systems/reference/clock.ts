/**
 * The worker's clock: virtual, told from outside where a life begins, and moved only by waiting.
 *
 * A timer that waits makes time pass at once, so that a workload with an hour's timer ends in a moment and every life of
 * one seed sees the same times. A deadline does not: it is only reached by what else passes the time.
 */
import type { Clock } from '../../../src/clock.ts'

interface Waiter {
  readonly dueMs: number
  readonly resolve: () => void
}

export class VirtualClock implements Clock {
  private nowMs: number
  private waiters: Waiter[] = []
  private deadlineMs: number | undefined
  private moving = false

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  readonly now = (): number => this.nowMs

  /** Waiting for this time does not make it come. */
  setDeadline(deadlineMs: number | undefined): void {
    this.deadlineMs = deadlineMs
  }

  readonly until = (dueMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      const waiter = { dueMs, resolve }
      signal?.addEventListener('abort', () => {
        this.waiters = this.waiters.filter((other) => other !== waiter)
        reject(signal.reason as Error)
      })
      this.waiters.push(waiter)
      this.move()
    })

  // One turn later, so that timers armed together fire in the order in which they are due.
  private move(): void {
    if (this.moving) return
    this.moving = true
    setImmediate(() => {
      this.moving = false
      const moved = this.waiters.filter(({ dueMs }) => dueMs !== this.deadlineMs)
      const next = Math.min(...moved.map(({ dueMs }) => dueMs))
      if (Number.isFinite(next)) this.nowMs = Math.max(this.nowMs, next)
      const due = this.waiters.filter(({ dueMs }) => dueMs <= this.nowMs)
      this.waiters = this.waiters.filter(({ dueMs }) => dueMs > this.nowMs)
      for (const { resolve } of due) resolve()
      if (this.waiters.some(({ dueMs }) => dueMs !== this.deadlineMs)) this.move()
    })
  }
}
