/**
 * A run on the bench: one life after the other over one store, with a clock and an inbox that the test moves by hand.
 */
import type { Driver } from '../../../src/children.ts'
import type { Clock } from '../../../src/clock.ts'
import type { JsonValue } from '../../../src/json.ts'
import type { RunRecord } from '../../../src/records.ts'
import {
  createRunContext,
  type RunContext,
  type RunContextOptions,
} from '../../../src/run-context.ts'
import type { Scope } from '../../../src/scope.ts'
import { openGate, ScriptedStore, type AppendGate } from './scripted-journal.ts'
import { MemoryInbox } from './memory-inbox.ts'

export type Code<T = unknown> = (scope: Scope) => Promise<T>

export interface LifeOptions extends Partial<RunContextOptions> {
  readonly gate?: AppendGate
}

export class Bench {
  readonly store = new ScriptedStore()
  readonly clock = new HandClock()
  readonly inbox = new MemoryInbox()

  /** Begins a life. */
  open({ gate = openGate, ...options }: LifeOptions = {}): Promise<RunContext> {
    return createRunContext({
      dir: '/nowhere',
      runId: 'run',
      backend: this.store.backend(gate),
      inbox: this.inbox,
      clock: this.clock,
      ...options,
    })
  }

  /** One whole life: opens, drives, closes. A test may look at how it ended later. */
  live<T>(code: Code<T>, options: LifeOptions = {}): Promise<T> {
    const life = this.liveNow(code, options)
    life.catch(() => {})
    return life
  }

  private async liveNow<T>(code: Code<T>, options: LifeOptions): Promise<T> {
    const context = await this.open(options)
    try {
      return await context.drive(driver(code), null)
    } finally {
      await context.close()
    }
  }

  /** A life that dies while its code waits for `until`; what it did is committed. */
  async dieAt(until: Promise<unknown>, code: Code, options: LifeOptions = {}): Promise<RunContext> {
    const context = await this.open(options)
    context.drive(driver(code), null).catch(() => {})
    await until
    await rest()
    return context
  }

  /** What is durable, without the records that every run begins with. */
  get written(): readonly RunRecord[] {
    return this.all.filter(({ type }) => type !== 'begin').filter((record) => !isRootNote(record))
  }

  get all(): readonly RunRecord[] {
    return this.store.records.map(({ body }) => body as unknown as RunRecord)
  }
}

function isRootNote(record: RunRecord): boolean {
  return record.type === 'spawn' && record.key === ''
}

export function driver<T>(code: Code<T>, name = 'driver'): Driver<T> {
  return { name, run: code }
}

/** Lets everything that needs no time come to its end. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A clock that only a test moves. */
export class HandClock implements Clock {
  nowMs = 1_000_000
  private readonly timers = new Set<{ readonly dueMs: number; readonly fire: () => void }>()

  readonly now = (): number => this.nowMs

  readonly until = (dueMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.timers.delete(timer)
        reject(signal?.reason as Error)
      }
      const fire = (): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const timer = { dueMs, fire }
      if (signal?.aborted === true) onAbort()
      else if (dueMs <= this.nowMs) resolve()
      else {
        this.timers.add(timer)
        signal?.addEventListener('abort', onAbort, { once: true })
      }
    })

  /** Timers that wait, by due time. */
  get waiting(): readonly number[] {
    return [...this.timers].map(({ dueMs }) => dueMs).sort((left, right) => left - right)
  }

  async advance(ms: number): Promise<void> {
    this.nowMs += ms
    const due = [...this.timers].filter(({ dueMs }) => dueMs <= this.nowMs)
    for (const timer of due.sort((left, right) => left.dueMs - right.dueMs)) {
      this.timers.delete(timer)
      timer.fire()
    }
    await rest()
  }
}

/** A body that a test ends by hand, and a note of how often it began. */
export class HandBody {
  begun = 0
  private readonly ends: ((value: JsonValue) => void)[] = []

  readonly run = (): Promise<JsonValue> => {
    this.begun += 1
    return new Promise((resolve) => this.ends.push(resolve))
  }

  end(value: JsonValue = 'done'): void {
    this.ends.shift()?.(value)
  }
}
