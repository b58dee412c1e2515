/**
 * Appends, one batch at a time: what the journals that ship have in common.
 *
 *  1. One batch is in flight at a time; what arrives meanwhile forms the next one (group commit). An append is within one
 *     batch, and is acknowledged only when `commit` resolved for it (J1, J3).
 *  2. The first failure of a commit, and a fence, end the life for good: every later append rejects (J6). Nothing is given
 *     to `commit` after that, and the end of the life is not noted.
 *  3. What a caller sees of it: an append resolves with the seq of its last record, in the order of the calls.
 */
import { ClosedError, FencedError, JournalPoisonedError } from './errors.ts'
import type { Seq } from './journal.ts'

/** An append, checked and ready to be written. */
export interface Pending {
  readonly records: number
  /** What it takes in memory and on the way, about. */
  readonly bytes: number
}

export interface CommitQueueOptions<Append extends Pending> {
  readonly runId: string
  readonly epoch: number
  /** Of the last record so far. */
  readonly seq: Seq
  /** Makes the appends durable as one batch; after it failed it is not called again. */
  readonly commit: (group: readonly Append[]) => Promise<void>
  /** Notes that the life ended in order. Called once, and only where nothing failed. */
  readonly end: () => Promise<void>
  /** Lets go of everything; called once, at the first failure or at the end. What it throws, `close` throws. */
  readonly release: () => Promise<void>
}

interface Waiting<Append> {
  readonly pending: Append
  readonly resolve: (seq: Seq) => void
  readonly reject: (error: unknown) => void
}

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly cause: Error }
  | { readonly kind: 'fenced'; readonly cause: FencedError }

/** A group stops growing at this many bytes: memory, and the time until its first append is acknowledged. */
const groupBytesMax = 1 << 20

export class CommitQueue<Append extends Pending> {
  readonly #options: CommitQueueOptions<Append>
  #state: State = { kind: 'open' }
  #seq: Seq
  #queue: Waiting<Append>[] = []
  #flushing = false
  #onIdle: (() => void) | undefined
  #closing: Promise<void> | undefined
  #released: Promise<void> | undefined

  constructor(options: CommitQueueOptions<Append>) {
    this.#options = options
    this.#seq = options.seq
  }

  /** Resolves with the seq of the append's last record once it is committed; without a record, with the last committed seq. */
  append(pending: Append): Promise<Seq> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    if (pending.records === 0) return Promise.resolve(this.#seq)
    return new Promise((resolve, reject) => {
      this.#queue.push({ pending, resolve, reject })
      if (this.#flushing) return
      this.#flushing = true
      this.#flushSoon()
    })
  }

  /** Waits for appends under way, then ends the life. Safe to call twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    if (this.#flushing) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    try {
      if (this.#state.kind === 'open') await this.#options.end()
    } finally {
      await this.#release()
    }
  }

  #release(): Promise<void> {
    return (this.#released ??= this.#options.release())
  }

  /** Not at once: what the same turn of the event loop appends is committed together. */
  #flushSoon(): void {
    setImmediate(() => void this.#flush())
  }

  async #flush(): Promise<void> {
    const group = this.#takeGroup()
    const refusal = this.#refusalAfterFailure()
    if (refusal === undefined) await this.#commitGroup(group)
    else rejectAll(group, refusal)
    if (this.#queue.length > 0) {
      this.#flushSoon()
      return
    }
    this.#flushing = false
    this.#onIdle?.()
  }

  #takeGroup(): readonly Waiting<Append>[] {
    let bytes = 0
    let count = 0
    for (const { pending } of this.#queue) {
      bytes += pending.bytes
      if (count > 0 && bytes > groupBytesMax) return this.#queue.splice(0, count)
      count++
    }
    const all = this.#queue
    this.#queue = []
    return all
  }

  async #commitGroup(group: readonly Waiting<Append>[]): Promise<void> {
    try {
      await this.#options.commit(group.map(({ pending }) => pending))
    } catch (error) {
      this.#fail(error as Error)
      // Others may want the run at once; what goes wrong here is for `close` to tell.
      await this.#release().catch(() => undefined)
      rejectAll(group, error)
      return
    }
    for (const { pending, resolve } of group) resolve((this.#seq += pending.records))
  }

  #fail(cause: Error): void {
    this.#state =
      cause instanceof FencedError ? { kind: 'fenced', cause } : { kind: 'failed', cause }
  }

  #refusal(): Error | undefined {
    if (this.#closing === undefined) return this.#refusalAfterFailure()
    return new ClosedError(`run ${this.#options.runId} was closed`, { hint: 'open it again' })
  }

  #refusalAfterFailure(): Error | undefined {
    switch (this.#state.kind) {
      case 'open':
        return undefined
      case 'fenced':
        return this.#state.cause
      case 'failed':
        return this.#poisoned(this.#state.cause)
    }
  }

  #poisoned(cause: Error): JournalPoisonedError {
    const { runId, epoch } = this.#options
    const [reason] = cause.message.split('\n')
    return new JournalPoisonedError(`run ${runId}: an earlier append failed: ${reason}`, {
      hint: 'close this journal and open the run again',
      details: { runId, epoch },
      cause,
    })
  }
}

function rejectAll(group: readonly Waiting<unknown>[], error: unknown): void {
  for (const waiting of group) waiting.reject(error)
}
