/**
 * The batches of the highest life with a complete seal: nobody has judged them yet, so they end at the first one that
 * is not valid. A torn append is cut there; anything that a torn append cannot explain is damage.
 */
import { hex8 } from '../checksum.ts'
import type { ReadableFile } from '../file-system.ts'
import type { JournalRecord, TailRepair } from '../journal.ts'
import { type BatchRun, type Expected, readBatches } from './batch-reader.ts'
import { ByteWindow } from './byte-window.ts'
import type { Header, SealedLife, SealedRange } from './format.ts'
import type { SealedHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'
import { corruptError } from './storage-errors.ts'
import { surveyTail } from './tail.ts'

/** `ended` of a life that no seal has judged yet is `died` unless it says otherwise itself. */
export interface ImageLife extends SealedLife {
  /** Only of lives that no seal has judged yet, and only where it is whole. */
  readonly header?: Header
}

export interface LastBatch {
  /** The life that appended it. */
  readonly of: number
  /** Its lines, joined by commas. */
  readonly text: string
  readonly records: number
}

export interface OwnBatches {
  readonly life: ImageLife
  readonly last: LastBatch | undefined
  readonly closed: boolean
  readonly torn: TailRepair | undefined
}

/** Pushes the records of the life's valid batches. @throws JournalCorruptError, JournalUnreadableError */
export function readOwnBatches(
  source: RunSource,
  epoch: number,
  head: SealedHead,
  records: JournalRecord[],
): Promise<OwnBatches> {
  return withSegment(source, epoch, async (file, path) => {
    const own = new OwnReader(source, epoch, head, records, file, path)
    return own.read()
  })
}

/** How often a tail that changes while it is read is read again: its writer lives, and is ahead of any reader. */
const attemptsMax = 3

class OwnReader {
  readonly #source: RunSource
  readonly #epoch: number
  readonly #head: SealedHead
  readonly #records: JournalRecord[]
  readonly #file: ReadableFile
  readonly #path: string
  #run: BatchRun

  constructor(
    source: RunSource,
    epoch: number,
    head: SealedHead,
    records: JournalRecord[],
    file: ReadableFile,
    path: string,
  ) {
    this.#source = source
    this.#epoch = epoch
    this.#head = head
    this.#records = records
    this.#file = file
    this.#path = path
    const { start, sealCrc } = head
    this.#run = {
      offset: start,
      batches: 0,
      records: 0,
      prev: sealCrc,
      end: undefined,
      last: undefined,
    }
  }

  async read(): Promise<OwnBatches> {
    await this.#readOn()
    const torn = await this.#judgeTail()
    const { end, last } = this.#run
    const { name } = this.#head.header
    const ended = end === undefined ? 'died' : 'closed'
    const life = { epoch: this.#epoch, owner: name, ended, header: this.#head.header } as const
    return {
      life: this.#run.batches === 0 ? life : { ...life, range: this.#range() },
      last: last === undefined ? undefined : await this.#lastBatch(last.offset, last.bytes),
      closed: end === 'closed',
      torn,
    }
  }

  /** True where there was at least one more valid batch. */
  async #readOn(): Promise<boolean> {
    const window = new ByteWindow(this.#file, this.#run.offset, Infinity)
    const more = await this.#within(window, () =>
      readBatches(window, this.#expected(), this.#records, this.#source.blobReader(this.#path)),
    )
    this.#run = {
      offset: more.offset,
      batches: this.#run.batches + more.batches,
      records: this.#run.records + more.records,
      prev: more.prev,
      end: more.end,
      last: more.last ?? this.#run.last,
    }
    return more.batches > 0
  }

  async #judgeTail(): Promise<TailRepair | undefined> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const { offset, batches, records, end } = this.#run
      const proof = { keys: [this.#head.key], batchMin: batches + 1 }
      const tail = await surveyTail(this.#file, offset, proof)
      if (tail.batchAt === undefined) {
        const none = tail.torn === 0 || end !== undefined
        return none ? undefined : { file: this.#path, offset, bytes: tail.torn }
      }
      // The writer may live, and have finished that batch after it was read the first time.
      if (await this.#readOn()) continue
      const seq = this.#head.seal.records + records + 1
      throw corruptError(this.#path, offset, seq, `found a later batch at byte ${tail.batchAt}`)
    }
    return undefined
  }

  #expected(): Expected {
    const { prev, batches, records } = this.#run
    const seq = this.#head.seal.records + records + 1
    return { epoch: this.#epoch, key: this.#head.key, prev, batch: batches + 1, seq }
  }

  #range(): SealedRange {
    const { start, key, sealCrc } = this.#head
    const { offset, batches, records, prev } = this.#run
    const sums = { key: hex8(key), first: hex8(sealCrc), last: hex8(prev) }
    return { start, end: offset, batches, records, ...sums }
  }

  async #lastBatch(offset: number, length: number): Promise<LastBatch> {
    const window = new ByteWindow(this.#file, offset, offset + length)
    await this.#within(window, async () => {
      do await window.more(0)
      while (!window.atEnd)
    })
    const text = window.bytes.toString('utf8').trimEnd()
    // JSON holds no raw newline, so these are the ends of its lines.
    const lines = text.split('\n')
    return { of: this.#epoch, text: lines.join(','), records: lines.length }
  }

  async #within<T>(window: ByteWindow, use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } finally {
      await window.settle()
    }
  }
}
