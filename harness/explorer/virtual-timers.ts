/**
 * Timers of lives in memory: time passes only when nothing else is left to do, and then at once.
 *
 * A life that waits for an hour ends in a moment, a poll never costs a real millisecond, and two lives over one image do the
 * same. A timer that was told not to keep its process (`unref`) fires only on the way to one that does.
 */
import { AsyncResource } from 'node:async_hooks'
import { promisify } from 'node:util'

/** Timers that fire in one life before it is given up: it polls for something that never comes. */
const firedMax = 10_000

/** The longest wait that Node takes, in milliseconds; a longer one is one millisecond. */
const waitMsMax = 2 ** 31 - 1

type Callback = (...args: unknown[]) => void

/** The timers of the life that runs. */
export class VirtualTimers {
  readonly #isOn: () => boolean
  readonly #pending = new Set<VirtualTimer>()
  #nowMs = 0
  #made = 0
  #fired = 0

  /** `isOn`: whether a life runs; the process's own timers are real. */
  constructor(isOn: () => boolean) {
    this.#isOn = isOn
    this.#install()
  }

  /** Whether any timer keeps the life alive. */
  waits(): boolean {
    for (const { keeps } of this.#pending) if (keeps) return true
    return false
  }

  /** Fires what is due next. False where too many fired. */
  fireNext(): boolean {
    const [first] = [...this.#pending].sort(byDue)
    if (first === undefined) return true
    this.#fired += 1
    if (this.#fired > firedMax) return false
    this.#nowMs = Math.max(this.#nowMs, first.dueMs)
    if (first.repeatMs === undefined) this.#pending.delete(first)
    else first.rearm(this.#nowMs + first.repeatMs, ++this.#made)
    first.call()
    return true
  }

  /** Milliseconds that have passed since the life began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Forgets everything: the next life begins. */
  reset(): void {
    this.#pending.clear()
    this.#nowMs = 0
    this.#fired = 0
  }

  #start(callback: Callback, ms: unknown, args: unknown[], repeats: boolean): VirtualTimer {
    const asked = Number(ms)
    const waitMs = asked >= 1 && asked <= waitMsMax ? Math.trunc(asked) : 1
    // Not `bind`: it makes and marks a function of its own, which costs more than the timer.
    const resource = new AsyncResource('Timeout')
    const timer = new VirtualTimer({
      call: () => resource.runInAsyncScope(callback, undefined, ...args),
      waitMs,
      dueMs: this.#nowMs + waitMs,
      order: ++this.#made,
      repeats,
      refresh: (own) => {
        own.rearm(this.#nowMs + waitMs, ++this.#made)
        this.#pending.add(own)
      },
      stop: (own) => this.#pending.delete(own),
    })
    this.#pending.add(timer)
    return timer
  }

  #install(): void {
    const own = process.getBuiltinModule('node:timers') as unknown as Record<string, unknown>
    const promised = process.getBuiltinModule('node:timers/promises') as unknown as Record<
      string,
      unknown
    >
    const wait = this.#promised(promised['setTimeout'] as (...args: unknown[]) => Promise<unknown>)
    for (const [name, repeats] of [
      ['setTimeout', false],
      ['setInterval', true],
    ] as const) {
      const real = own[name] as (...args: unknown[]) => unknown
      const start = (callback: Callback, ms?: unknown, ...args: unknown[]): unknown =>
        this.#isOn() ? this.#start(callback, ms, args, repeats) : real(callback, ms, ...args)
      if (!repeats) Object.defineProperty(start, promisify.custom, { value: wait })
      own[name] = start
      Reflect.set(globalThis, name, start)
    }
    for (const name of ['clearTimeout', 'clearInterval']) {
      const real = own[name] as (timer: unknown) => void
      const clear = (timer: unknown): void =>
        timer instanceof VirtualTimer ? void timer.close() : real(timer)
      own[name] = clear
      Reflect.set(globalThis, name, clear)
    }
    promised['setTimeout'] = wait
  }

  #promised(real: (...args: unknown[]) => Promise<unknown>): typeof real {
    return (ms, value, options) => {
      if (!this.#isOn()) return real(ms, value, options)
      const { signal, ref = true } = (options ?? {}) as { signal?: AbortSignal; ref?: boolean }
      return new Promise((resolve, reject) => {
        const stop = (): void => {
          timer.close()
          reject(abortError(signal))
        }
        const timer = this.#start(
          () => {
            signal?.removeEventListener('abort', stop)
            resolve(value)
          },
          ms,
          [],
          false,
        )
        if (!ref) timer.unref()
        if (signal?.aborted === true) stop()
        else signal?.addEventListener('abort', stop, { once: true })
      })
    }
  }
}

interface TimerParts {
  readonly call: () => void
  readonly waitMs: number
  readonly dueMs: number
  readonly order: number
  readonly repeats: boolean
  readonly refresh: (own: VirtualTimer) => void
  readonly stop: (own: VirtualTimer) => void
}

/** What a program holds of a timer. */
class VirtualTimer {
  readonly call: () => void
  readonly repeatMs: number | undefined
  dueMs: number
  order: number
  keeps = true
  readonly #refresh: TimerParts['refresh']
  readonly #stop: TimerParts['stop']

  constructor({ call, waitMs, dueMs, order, repeats, refresh, stop }: TimerParts) {
    this.call = call
    this.repeatMs = repeats ? waitMs : undefined
    this.dueMs = dueMs
    this.order = order
    this.#refresh = refresh
    this.#stop = stop
  }

  rearm(dueMs: number, order: number): void {
    this.dueMs = dueMs
    this.order = order
  }

  ref(): this {
    this.keeps = true
    return this
  }

  unref(): this {
    this.keeps = false
    return this
  }

  hasRef(): boolean {
    return this.keeps
  }

  refresh(): this {
    this.#refresh(this)
    return this
  }

  close(): this {
    this.#stop(this)
    return this
  }

  [Symbol.toPrimitive](): number {
    return this.order
  }
}

function byDue(left: VirtualTimer, right: VirtualTimer): number {
  return left.dueMs - right.dueMs || left.order - right.order
}

function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR' })
}
