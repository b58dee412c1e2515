/**
 * The world around one life: it decides, from a seed, in which order everything that takes time comes to its end, and at
 * which of these moments the life dies.
 *
 * Whatever waits for the world waits at a *gate*. When nothing else moves, the world opens one of the gates, drawn from
 * the seed; that is one *op*, and a life dies at the op that its schedule names. Of a dead life no gate opens any more,
 * so that nothing it does can be seen. Where no gate is left, time passes; where no timer is left either, and somebody
 * waits, that is a hang, found without a clock.
 */
import type { Clock } from '../../../src/clock.ts'
import type { Inbox, InboxMessage, NewMessage } from '../../../src/inbox.ts'
import type { AppendGate } from './scripted-journal.ts'

/** A small generator of pseudo-random numbers: mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Gate {
  readonly what: string
  readonly open: () => void
}

/** What outlives the lives of a case: wall-clock time and the messages of other processes. */
export class Outside {
  nowMs = 1_000_000
  readonly messages: InboxMessage[] = []
  private readonly watchers = new Set<() => void>()
  /** How many messages there have been. */
  published = 0

  publish(message: NewMessage): string {
    this.published += 1
    const id = `${String(this.published).padStart(4, '0')}-m`
    this.messages.push({ ...message, id })
    const watchers = [...this.watchers]
    for (const watcher of watchers) watcher()
    return id
  }

  inbox(life: World): Inbox {
    return {
      publish: async (message) => this.publish(message),
      pending: async () => (life.dead ? never() : [...this.messages]),
      remove: async (id) => {
        if (life.dead) return never()
        const at = this.messages.findIndex((message) => message.id === id)
        if (at !== -1) this.messages.splice(at, 1)
      },
      changed: (signal) =>
        new Promise((resolve) => {
          const wake = (): void => {
            this.watchers.delete(wake)
            signal.removeEventListener('abort', wake)
            if (!life.dead) resolve()
          }
          this.watchers.add(wake)
          signal.addEventListener('abort', wake, { once: true })
          if (signal.aborted) wake()
        }),
    }
  }
}

/** What another process, or the test, does to the run when its op comes. */
export interface Act {
  readonly atOp: number
  readonly run: () => void
}

export class HangError extends Error {}

export class World {
  dead = false
  ops = 0
  /** What each op was. */
  readonly log: string[] = []
  private readonly outside: Outside
  private readonly next: () => number
  private readonly dieAt: number
  private readonly gates: Gate[] = []
  private readonly timers = new Set<{ readonly dueMs: number; readonly fire: () => void }>()
  private acts: Act[]

  /** The life dies at op `dieAt` (1, 2 …), before it happens; `Infinity` for a life that is spared. */
  constructor(outside: Outside, seed: number, dieAt: number, acts: readonly Act[] = []) {
    this.outside = outside
    this.next = generator(seed)
    this.dieAt = dieAt
    this.acts = [...acts]
  }

  /** Waits until the world lets it happen. */
  gate(what: string): Promise<void> {
    return new Promise((resolve) => this.gates.push({ what, open: resolve }))
  }

  readonly appends: AppendGate = {
    write: (bodies) => this.gate(`write ${describe(bodies)}`),
    acknowledge: (bodies) => this.gate(`acknowledge ${describe(bodies)}`),
  }

  readonly clock: Clock = {
    now: () => this.outside.nowMs,
    until: (dueMs, signal) =>
      new Promise((resolve, reject) => {
        const timer = { dueMs, fire: resolve }
        const onAbort = (): void => {
          this.timers.delete(timer)
          reject(signal?.reason as Error)
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        this.timers.add({
          dueMs,
          fire: () => {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        })
        if (signal?.aborted === true) onAbort()
      }),
  }

  /** Lets the life run until `work` settles or the life dies. @throws HangError */
  async live<T>(work: Promise<T>): Promise<{ readonly value: T } | 'died'> {
    const outcome: { isSettled: boolean } = { isSettled: false }
    const settle = (): void => void (outcome.isSettled = true)
    work.then(settle, settle)
    while (!outcome.isSettled && !this.dead) {
      await this.turns(1 + Math.floor(this.next() * 2))
      if (!outcome.isSettled && !this.dead) await this.move(() => outcome.isSettled)
    }
    return outcome.isSettled ? { value: await work } : 'died'
  }

  private async move(isSettled: () => boolean): Promise<void> {
    if (this.openOne()) return
    // What the runtime hands over takes turns of the event loop, and nothing of the world.
    for (let turn = 0; turn < 300; turn++) {
      await this.turns(1)
      if (isSettled() || this.gates.length > 0) return
    }
    if (this.act(Number.POSITIVE_INFINITY) || this.fireNext()) return
    throw new HangError(`nothing moves and somebody waits, after ${this.log.join('; ')}`)
  }

  private openOne(): boolean {
    const index = Math.floor(this.next() * this.gates.length)
    const gate = this.gates[index]
    if (gate === undefined) return false
    this.act(this.ops + 1)
    if (!this.op(gate.what)) return true
    this.gates.splice(this.gates.indexOf(gate), 1)
    gate.open()
    return true
  }

  /** Counts an op; false where the life dies at it. */
  private op(what: string): boolean {
    this.ops += 1
    this.log.push(what)
    if (this.ops < this.dieAt) return true
    this.dead = true
    return false
  }

  /** Runs acts whose op has come; with `Infinity`, the next of all. */
  private act(op: number): boolean {
    const due = this.acts.filter(({ atOp }) => atOp <= op)
    const now = op === Number.POSITIVE_INFINITY ? due.slice(0, 1) : due
    this.acts = this.acts.filter((act) => !now.includes(act))
    for (const act of now) act.run()
    return now.length > 0
  }

  private fireNext(): boolean {
    const due = Math.min(...[...this.timers].map(({ dueMs }) => dueMs))
    if (!Number.isFinite(due) || due > Number.MAX_SAFE_INTEGER / 2) return false
    this.outside.nowMs = Math.max(this.outside.nowMs, due)
    if (!this.op(`time is ${this.outside.nowMs}`)) return true
    for (const timer of this.timers)
      if (timer.dueMs <= this.outside.nowMs) {
        this.timers.delete(timer)
        timer.fire()
      }
    return true
  }

  private async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** What a dead life waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => {})
}

function describe(bodies: readonly unknown[]): string {
  return bodies
    .map((body) => {
      const { type, key, status } = body as { type?: string; key?: string; status?: string }
      return [type, key, status].filter((part) => part !== undefined).join(' ')
    })
    .join(' + ')
}
