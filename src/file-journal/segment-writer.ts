/**
 * Writes batches to the own segment: write, sync, check. One batch at a time: `commit-queue.ts` sees to it.
 *
 *  1. A batch is acknowledged only after one write of the whole batch, one data sync, and then a look that no newer
 *     segment exists and that this one still has its name (J1, J5).
 *  2. No batch begins before the one ahead of it is durable and checked (the queue): whatever is unsynced or unchecked is the
 *     last batch.
 *  3. After the first failure of a write, a sync or a check, and after a fence, nothing is written, not even an end marker (the
 *     queue, J6): the page cache may hold what the disk does not.
 *  4. The segment is made longer ahead of its records, by newlines that are part of an ordinary write and covered by its
 *     sync: a sync that need not store a new length is cheaper. The step doubles up to a limit, so a small segment stays
 *     small, and what one append writes does not depend on the length of the journal (J10).
 */
import { writeWhole } from '../blobs.ts'
import type { Pending } from '../commit-queue.ts'
import { StorageError } from '../errors.ts'
import { fencedError } from '../fenced-error.ts'
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
  /** Makes the large records of appends durable; all their texts, with references in the place of these. */
  readonly storeBlobs: (group: readonly PendingAppend[]) => Promise<readonly RecordText[]>
}

/** An append that waits for its turn. */
export interface PendingAppend extends Pending {
  readonly texts: readonly RecordText[]
  /** Records that are too large for the segment. */
  readonly blobs: readonly PendingBlob[]
}

export interface PendingBlob {
  /** Among the records of the append. */
  readonly index: number
  readonly json: string
}

export class SegmentWriter {
  readonly #at: SegmentPosition
  #offset: number
  #allocated: number
  #prev: number
  #batch = 0
  #seq: Seq

  constructor(position: SegmentPosition) {
    this.#at = position
    this.#offset = position.offset
    this.#allocated = position.offset
    this.#prev = position.prev
    this.#seq = position.seq
  }

  /** Makes the appends durable as one batch. After it threw, nothing else may be asked for but `closeFile`. */
  async commit(group: readonly PendingAppend[]): Promise<void> {
    const isInline = group.every(({ blobs }) => blobs.length === 0)
    const records = isInline
      ? group.flatMap(({ texts }) => texts)
      : await this.#at.storeBlobs(group)
    this.#write(records)
    await this.#sync()
    this.#check()
    this.#seq += records.length
  }

  /** Leaves the end marker of a life that is whole. */
  async writeEnd(): Promise<void> {
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

  async closeFile(): Promise<void> {
    try {
      await this.#at.file.close()
    } catch (cause) {
      throw storageError('close', this.#at.path, cause)
    }
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
    const { path, runId, epoch } = this.#at
    const { newer, visible } = this.#look()
    if (newer) throw fencedError(runId, epoch, epoch + 1)
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
}
