/**
 * Appends to the own segment: write, sync, check, one batch at a time.
 *
 *  1. A batch is acknowledged only after one write of the whole batch, one data sync, and then a look that no newer
 *     segment exists and that this one still has its name (J1, J5).
 *  2. One batch is in flight at a time; what arrives meanwhile forms the next one (group commit). So no batch begins
 *     before the one ahead of it is durable and checked: whatever is unsynced or unchecked is the last batch.
 *  3. The first failure of a write, a sync or a check, and a fence, end it for good (J6). Nothing is written after that,
 *     not even an end marker: the page cache may hold what the disk does not.
 *  4. The segment is made longer ahead of its records, by newlines that are part of an ordinary write and covered by its
 *     sync: a sync that need not store a new length is cheaper. The step doubles up to a limit, so a small segment stays
 *     small, and what one append writes does not depend on the length of the journal (J10).
 */
import { writeWhole } from '../blobs.ts'
import { ClosedError, FencedError, JournalPoisonedError, StorageError } from '../errors.ts'
import type { FileSystem, WritableFile } from '../file-system.ts'
import type { Seq } from '../journal.ts'
import { batchLines, endLine, filler, type RecordText } from './format.ts'
import { presized } from './presize.ts'
import { storageError } from './storage-errors.ts'

/** Where the writer goes on, and what it writes to. */
export interface SegmentPosition {
  readonly file: WritableFile
  readonly path: string
  /** The name that the segment of any newer life would have: numbers are given without gaps while this life lives. */
  readonly nextPath: string
  readonly fileSystem: FileSystem
  readonly runId: string
  readonly epoch: number
  readonly key: number
  readonly presizeBytesMax: number
  /** Behind the seal, and the seal's checksum. */
  readonly offset: number
  readonly prev: number
  /** Of the last record so far. */
  readonly seq: Seq
  /** Makes the large records of an append durable; its texts, with references in their place. */
  readonly storeBlobs: (pending: PendingAppend) => Promise<readonly RecordText[]>
}

/** One append that waits for its turn. */
export interface PendingAppend {
  readonly texts: readonly RecordText[]
  /** Records that are too large for the segment. */
  readonly blobs: readonly PendingBlob[]
  /** Of the others. */
  readonly inlineBytes: number
}

export interface PendingBlob {
  /** Among the records of the append. */
  readonly index: number
  readonly json: string
}

interface Waiting {
  readonly pending: PendingAppend
  readonly resolve: (seq: Seq) => void
  readonly reject: (error: Error) => void
}

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly cause: Error }
  | { readonly kind: 'fenced'; readonly newer: number }

/** A group stops growing at this many bytes: memory, and the time until its first append is acknowledged. */
const groupBytesMax = 1 << 20

export class SegmentWriter {
  readonly #at: SegmentPosition
  #state: State = { kind: 'open' }
  #offset: number
  #allocated: number
  #prev: number
  #batch = 0
  #seq: Seq
  #closing: Promise<void> | undefined
  #queue: Waiting[] = []
  #flushing = false
  #onIdle: (() => void) | undefined
  readonly #onDead: () => void

  /** `onDead` is called once when nothing can be appended any more. */
  constructor(position: SegmentPosition, onDead: () => void) {
    this.#at = position
    this.#offset = position.offset
    this.#allocated = position.offset
    this.#prev = position.prev
    this.#seq = position.seq
    this.#onDead = onDead
  }

  /** Resolves with the seq of the append's last record once it is committed. */
  append(pending: PendingAppend): Promise<Seq> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#queue.push({ pending, resolve, reject })
      if (this.#flushing) return
      this.#flushing = true
      this.#flushSoon()
    })
  }

  /** The last committed seq; rejects where nothing can be appended any more. */
  appendNothing(): Promise<Seq> {
    const refusal = this.#refusal()
    return refusal === undefined ? Promise.resolve(this.#seq) : Promise.reject(refusal)
  }

  /** Waits for appends under way, leaves an end marker where the life is whole, closes the file. Safe to call twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    if (this.#flushing) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    try {
      if (this.#state.kind === 'open') await this.#writeEnd()
    } finally {
      this.#onDead()
      await this.#closeFile()
    }
  }

  async #closeFile(): Promise<void> {
    try {
      await this.#at.file.close()
    } catch (cause) {
      throw storageError('close', this.#at.path, cause)
    }
  }

  async #writeEnd(): Promise<void> {
    const { file, path, key } = this.#at
    const { bytes } = endLine('closed', key, this.#prev)
    try {
      writeWhole(file, bytes, this.#offset)
      await file.sync()
      // After the sync: a shorter file without its marker would look cut.
      const end = this.#offset + bytes.length
      if (this.#allocated > end) await file.truncate(end)
    } catch (cause) {
      throw storageError('write the end marker of', path, cause)
    }
  }

  /** Not at once: what the same turn of the event loop appends is committed together. */
  #flushSoon(): void {
    setImmediate(() => void this.#flush())
  }

  async #flush(): Promise<void> {
    const group = this.#takeGroup()
    const refusal = this.#refusalAfterFailure()
    if (refusal !== undefined) rejectAll(group, refusal)
    else await this.#commitGroup(group)
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
    for (const { pending } of this.#queue) {
      bytes += pending.inlineBytes
      if (count > 0 && bytes > groupBytesMax) return this.#queue.splice(0, count)
      count++
    }
    const all = this.#queue
    this.#queue = []
    return all
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    try {
      let seq = this.#seq
      await this.#commit(await this.#textsOf(group))
      for (const { pending, resolve } of group) resolve((seq += pending.texts.length))
    } catch (error) {
      rejectAll(group, this.#fail(error as Error))
    }
  }

  async #textsOf(group: readonly Waiting[]): Promise<readonly RecordText[]> {
    const texts: RecordText[] = []
    for (const { pending } of group) {
      const own = pending.blobs.length === 0 ? pending.texts : await this.#at.storeBlobs(pending)
      for (const text of own) texts.push(text)
    }
    return texts
  }

  /** Write, sync, check. */
  async #commit(records: readonly RecordText[]): Promise<void> {
    this.#write(records)
    await this.#sync()
    this.#check()
    this.#seq += records.length
  }

  #write(records: readonly RecordText[]): void {
    const frame = {
      key: this.#at.key,
      prev: this.#prev,
      batch: this.#batch + 1,
      seq: this.#seq + 1,
    }
    const { bytes, crc } = batchLines(frame, records)
    const end = this.#offset + bytes.length
    try {
      writeWhole(this.#at.file, this.#withFiller(bytes, end), this.#offset)
    } catch (cause) {
      throw storageError('write to', this.#at.path, cause)
    }
    this.#offset = end
    this.#batch++
    this.#prev = crc
  }

  /** The batch alone where the segment is long enough for it, else with newlines behind it. */
  #withFiller(bytes: Buffer, end: number): Buffer {
    if (end <= this.#allocated) return bytes
    this.#allocated = presized(end, this.#allocated, this.#at.presizeBytesMax)
    const longer = Buffer.alloc(this.#allocated - this.#offset, filler)
    bytes.copy(longer)
    return longer
  }

  async #sync(): Promise<void> {
    try {
      await this.#at.file.sync()
    } catch (cause) {
      throw storageError('sync', this.#at.path, cause)
    }
  }

  #check(): void {
    const { path, epoch } = this.#at
    const { newer, visible } = this.#look()
    if (newer) {
      this.#state = { kind: 'fenced', newer: epoch + 1 }
      throw this.#fenced(epoch + 1)
    }
    if (visible) return
    throw new StorageError(`${path} was removed while its run was open`, {
      hint: 'nothing of this run is left to append to: find out who removed its directory',
      details: { path },
    })
  }

  #look(): { readonly newer: boolean; readonly visible: boolean } {
    const { fileSystem, nextPath, path } = this.#at
    try {
      return { newer: fileSystem.exists(nextPath), visible: fileSystem.isVisible(path) }
    } catch (cause) {
      throw storageError('look for a newer life beside', path, cause)
    }
  }

  #fail(error: Error): Error {
    if (this.#state.kind === 'open') this.#state = { kind: 'failed', cause: error }
    this.#onDead()
    return error
  }

  #refusal(): Error | undefined {
    if (this.#closing !== undefined) {
      return new ClosedError(`run ${this.#at.runId} was closed`, { hint: 'open it again' })
    }
    return this.#refusalAfterFailure()
  }

  #refusalAfterFailure(): Error | undefined {
    switch (this.#state.kind) {
      case 'open':
        return undefined
      case 'fenced':
        return this.#fenced(this.#state.newer)
      case 'failed':
        return this.#poisoned(this.#state.cause)
    }
  }

  #fenced(newer: number): FencedError {
    const { runId, epoch } = this.#at
    return new FencedError(
      `run ${runId}: epoch ${epoch} was replaced by epoch ${newer}, or a later one; the append was not acknowledged`,
      {
        hint: 'stop working on this run: another process goes on with it',
        details: { runId, epoch, newer },
      },
    )
  }

  #poisoned(cause: Error): JournalPoisonedError {
    const { runId, epoch, path } = this.#at
    const [reason] = cause.message.split('\n')
    return new JournalPoisonedError(`run ${runId}: an earlier append failed: ${reason}`, {
      hint: 'close this journal and open the run again',
      details: { runId, epoch, path },
      cause,
    })
  }
}

function rejectAll(group: readonly Waiting[], error: Error): void {
  for (const waiting of group) waiting.reject(error)
}
