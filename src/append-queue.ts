/**
 * Appends to a database, one batch at a time: what the database backends have in common.
 *
 *  1. One batch is in flight at a time; what arrives meanwhile forms the next one (group commit). An append is within one
 *     batch, and is acknowledged only when `commit` resolved for it (J1, J3).
 *  2. The first failure of a commit, and a fence, end the life for good: every later append rejects (J6). Nothing is sent
 *     after that, not even the end of the life.
 *  3. Everything that can be refused is refused at the call, before anything waits.
 */
import { encodeBodies, recordTooLarge } from './encode-body.ts'
import { ClosedError, FencedError, JournalPoisonedError } from './errors.ts'
import type { RecordBody, Seq } from './journal.ts'

export interface AppendQueueOptions {
  readonly runId: string
  readonly epoch: number
  /** Of the last record so far. */
  readonly seq: Seq
  /** Largest record, and largest append, in bytes of JSON. */
  readonly bytesMax: number
  /** Commits the JSON texts as one batch; after it failed it is not called again. */
  readonly commit: (texts: readonly string[]) => Promise<void>
  /** Notes that the life ended in order. Called once, and only where nothing failed. */
  readonly end: () => Promise<void>
  /** Lets go of everything; called once, at the end or at the first failure. Throws nothing. */
  readonly release: () => Promise<void>
}

interface Waiting {
  readonly texts: readonly string[]
  readonly bytes: number
  readonly resolve: (seq: Seq) => void
  readonly reject: (error: unknown) => void
}

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly cause: Error }
  | { readonly kind: 'fenced'; readonly cause: FencedError }

/** A group stops growing at this many bytes: memory, and the time until its first append is acknowledged. */
const groupBytesMax = 1 << 20

export class AppendQueue {
  readonly #options: AppendQueueOptions
  #state: State = { kind: 'open' }
  #seq: Seq
  #queue: Waiting[] = []
  #flushing = false
  #onIdle: (() => void) | undefined
  #closing: Promise<void> | undefined
  #released: Promise<void> | undefined

  constructor(options: AppendQueueOptions) {
    this.#options = options
    this.#seq = options.seq
  }

  /** As `Journal.append`. */
  readonly append = async (bodies: readonly RecordBody[]): Promise<Seq> => {
    const { bytesMax } = this.#options
    const encoded = encodeBodies(bodies, bytesMax)
    const bytes = encoded.reduce((sum, each) => sum + each.bytes, 0)
    if (bytes > bytesMax) throw recordTooLarge('one append', `${bytes} bytes of JSON`, bytesMax)
    const refusal = this.#refusal()
    if (refusal !== undefined) throw refusal
    if (encoded.length === 0) return this.#seq
    return await new Promise<Seq>((resolve, reject) => {
      this.#queue.push({ texts: encoded.map(({ json }) => json), bytes, resolve, reject })
      if (this.#flushing) return
      this.#flushing = true
      this.#flushSoon()
    })
  }

  /** As `Journal.close`. */
  readonly close = (): Promise<void> => (this.#closing ??= this.#close())

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

  #takeGroup(): readonly Waiting[] {
    let bytes = 0
    let count = 0
    for (const waiting of this.#queue) {
      bytes += waiting.bytes
      if (count > 0 && bytes > groupBytesMax) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    const texts = group.flatMap((waiting) => waiting.texts)
    try {
      await this.#options.commit(texts)
    } catch (error) {
      this.#state =
        error instanceof FencedError
          ? { kind: 'fenced', cause: error }
          : { kind: 'failed', cause: error as Error }
      await this.#release()
      rejectAll(group, error)
      return
    }
    for (const waiting of group) waiting.resolve((this.#seq += waiting.texts.length))
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

function rejectAll(group: readonly Waiting[], error: unknown): void {
  for (const waiting of group) waiting.reject(error)
}
