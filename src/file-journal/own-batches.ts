/**
 * The batches of the highest life with a complete seal: nobody has judged them yet, so they end at the first one that
 * is not valid. A torn append is cut there; anything that a torn append cannot explain is damage.
 */
import { hex8 } from '../checksum.ts'
import type { ReadableFile } from '../file-system.ts'
import type { JournalRecord, TailRepair } from '../journal.ts'
import {
  type LastBatch,
  noProgress,
  type Progress,
  type ReadLife,
  readBatches,
} from './batch-reader.ts'
import { ByteWindow } from './byte-window.ts'
import type { Header, SealedLife, SealedRange } from './format.ts'
import type { SealedHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'
import { corruptError } from './storage-errors.ts'
import { surveyTail, type Tail } from './tail.ts'

/** `ended` of a life that no seal has judged yet is `died` unless it says otherwise itself. */
export interface ImageLife extends SealedLife {
  /** Only of lives that no seal has judged yet, and only where it is whole. */
  readonly header?: Header
}

/** The batch at the end of an image. */
export interface OwnedBatch extends LastBatch {
  /** The life that appended it. */
  readonly of: number
}

export interface OwnBatches {
  readonly life: ImageLife
  readonly last: OwnedBatch | undefined
  readonly closed: boolean
  readonly torn: TailRepair | undefined
}

/** Pushes the records of the life's valid batches. @throws JournalCorruptError, JournalUnreadableError */
export function readOwnBatches(
  source: RunSource,
  head: SealedHead,
  records: JournalRecord[],
): Promise<OwnBatches> {
  return withSegment(source, head.header.epoch, async (file, path) => {
    const own = new OwnReader(source, head, records, file, path)
    return own.read()
  })
}

/** How often a tail that changes while it is read is read again: its writer lives, and is ahead of any reader. */
const attemptsMax = 3

class OwnReader {
  readonly #source: RunSource
  readonly #head: SealedHead
  readonly #records: JournalRecord[]
  readonly #file: ReadableFile
  readonly #path: string
  readonly #life: ReadLife
  #progress: Progress

  constructor(
    source: RunSource,
    head: SealedHead,
    records: JournalRecord[],
    file: ReadableFile,
    path: string,
  ) {
    this.#source = source
    this.#head = head
    this.#records = records
    this.#file = file
    this.#path = path
    const { header, key, seal, start, sealCrc } = head
    const { epoch, presize } = header
    this.#life = { epoch, key, firstSeq: seal.records + 1, presizeBytesMax: presize }
    this.#progress = noProgress(start, sealCrc)
  }

  async read(): Promise<OwnBatches> {
    await this.#readOn()
    const torn = await this.#judgeTail()
    const { header } = this.#head
    const { end, last, batches } = this.#progress
    const ended = end === undefined ? 'died' : 'closed'
    const life = { epoch: header.epoch, owner: header.name, ended, header } as const
    return {
      life: batches === 0 ? life : { ...life, range: this.#range() },
      last: last === undefined ? undefined : { of: header.epoch, ...last },
      closed: end === 'closed',
      torn,
    }
  }

  /** True where there was more than before. */
  async #readOn(): Promise<boolean> {
    const { offset, end } = this.#progress
    const window = new ByteWindow(this.#file, offset, Infinity)
    const readBlob = this.#source.blobReader(this.#path)
    try {
      const from = this.#progress
      this.#progress = await readBatches(window, this.#life, from, this.#records, readBlob)
    } finally {
      await window.settle()
    }
    return this.#progress.offset > offset || this.#progress.end !== end
  }

  /** What lies behind the last valid batch: nothing, a torn append, or damage. */
  async #judgeTail(): Promise<TailRepair | undefined> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const { offset, batches, end, promisedLength } = this.#progress
      const tail = await surveyTail(this.#file, offset, {
        keys: [this.#head.key],
        batchMin: batches + 1,
      })
      if (end !== undefined && tail.batchAt === undefined) return undefined
      const proof = proofOfDamage(tail, promisedLength)
      if (proof === undefined) {
        return tail.torn === 0 ? undefined : { file: this.#path, offset, bytes: tail.torn }
      }
      // The writer may live: it has finished that batch, or closed, after it was read the first time.
      if (await this.#readOn()) continue
      const seq = this.#life.firstSeq + this.#progress.records
      throw corruptError(this.#path, offset, seq, proof)
    }
    return undefined
  }

  #range(): SealedRange {
    const { start, key, sealCrc } = this.#head
    const { offset, batches, records, prev } = this.#progress
    const sums = { key: hex8(key), first: hex8(sealCrc), last: hex8(prev) }
    return { start, end: offset, batches, records, ...sums }
  }
}

/** What no crash leaves behind a batch that is not whole. */
function proofOfDamage(tail: Tail, promisedLength: number): string | undefined {
  if (tail.batchAt !== undefined) return `found a later batch at byte ${tail.batchAt}`
  if (tail.closedAt !== undefined) return `found the end marker at byte ${tail.closedAt}`
  if (tail.fileEnd < promisedLength)
    return `the file ends at byte ${tail.fileEnd} and was ${promisedLength} bytes long`
  return undefined
}
