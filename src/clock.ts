/**
 * The one door to time. The runtime reads the wall clock here and nowhere else, so that a harness can hand it another.
 * Wall-clock milliseconds only: durable due times outlive the process, and a monotonic clock does not.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, an integer. */
  readonly now: () => number
  /**
   * Resolves when `now() >= dueMs`, or rejects with the signal's reason when it aborts. Any due time is allowed: longer
   * waits than a timer can hold (2^31 - 1 ms) are taken in parts.
   */
  readonly until: (dueMs: number, signal?: AbortSignal) => Promise<void>
}

const timerMsMax = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  until: (dueMs, signal) =>
    new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason as Error)
      }
      const arm = (): void => {
        const leftMs = dueMs - Date.now()
        if (leftMs <= 0) {
          signal?.removeEventListener('abort', onAbort)
          resolve()
          return
        }
        timer = setTimeout(arm, Math.min(leftMs, timerMsMax))
      }
      if (signal?.aborted) {
        onAbort()
        return
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      arm()
    }),
}

/** A moment for people to read: nothing rests on it, so a clock that went mad stops nobody. */
export function isoTime(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString()
}
