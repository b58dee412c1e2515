/**
 * Reads the batches of one life in order, from the first one on, and stops at what is not the next valid batch: the end
 * of the range, an end marker, or something else. What that means is for the caller: a torn tail, or damage.
 */
import { isAscii } from 'node:buffer'
import type { JournalRecord } from '../journal.ts'
import type { JsonValue } from '../json.ts'
import type { ByteWindow } from './byte-window.ts'
import { batchEnd, emptyFrame, type Frame, parseFrame, sumHolds } from './frame.ts'
import { type EndKind, parseEnd } from './parse.ts'

/** Where the next batch must stand and what it must say. */
export interface Expected {
  readonly epoch: number
  readonly key: number
  readonly prev: number
  readonly batch: number
  readonly seq: number
}

/** Takes a record whose payload is in the blob store. */
export type BlobReader = (reference: BlobReference) => Promise<JsonValue>

export interface BlobReference {
  readonly hash: string
  readonly bytes: number
  readonly seq: number
  /** Of the line that refers to it, in the segment. */
  readonly offset: number
}

/** How far the reading went. */
export interface BatchRun {
  /** Behind the last valid batch. */
  readonly offset: number
  readonly batches: number
  readonly records: number
  readonly prev: number
  readonly end: EndKind | undefined
  readonly last: LastBatch | undefined
}

export interface LastBatch {
  readonly offset: number
  readonly bytes: number
  readonly records: number
}

/** Pushes the records of all valid batches to `records`, in order. */
export async function readBatches(
  window: ByteWindow,
  expected: Expected,
  records: JournalRecord[],
  readBlob: BlobReader,
): Promise<BatchRun> {
  const reader = new BatchReader(expected, records)
  let consumed = 0
  do {
    await window.more(consumed)
    consumed = reader.take(window)
    await reader.fillBlobs(readBlob)
  } while (!reader.stopped && !window.atEnd)
  return reader.result(window.offset + consumed)
}

class BatchReader {
  /** What comes next is not a valid batch, whatever else the file holds. */
  stopped = false
  readonly #epoch: number
  readonly #key: number
  readonly #firstBatch: number
  readonly #firstSeq: number
  readonly #records: JournalRecord[]
  readonly #frame: Frame = emptyFrame()
  #prev: number
  #batch: number
  #seq: number
  #end: EndKind | undefined
  #last: LastBatch | undefined
  #blobs: { readonly index: number; readonly reference: BlobReference }[] = []

  constructor(expected: Expected, records: JournalRecord[]) {
    this.#epoch = expected.epoch
    this.#key = expected.key
    this.#prev = expected.prev
    this.#firstBatch = expected.batch
    this.#batch = expected.batch
    this.#firstSeq = expected.seq
    this.#seq = expected.seq
    this.#records = records
  }

  result(offset: number): BatchRun {
    return {
      offset,
      batches: this.#batch - this.#firstBatch,
      records: this.#seq - this.#firstSeq,
      prev: this.#prev,
      end: this.#end,
      last: this.#last,
    }
  }

  /** Takes every whole batch of the window; the number of bytes they have. */
  take(window: ByteWindow): number {
    const bytes = window.bytes
    const text = bytes.toString('latin1')
    // Bytes outside ASCII are decoded one record at a time; the others are in the text as they are.
    const encoded = isAscii(bytes) ? undefined : bytes
    let at = 0
    while (at < text.length) {
      const end = this.#nextEnd(text, bytes, at)
      if (end <= 0) {
        // Zero: cannot become valid. Negative: may, with more bytes.
        this.stopped = end === 0
        break
      }
      this.#takeBatch(text, encoded, at, end, window.offset)
      at = end
    }
    return at
  }

  async fillBlobs(readBlob: BlobReader): Promise<void> {
    for (const { index, reference } of this.#blobs) {
      const body = await readBlob(reference)
      this.#records[index] = { seq: reference.seq, epoch: this.#epoch, body }
    }
    this.#blobs = []
  }

  #nextEnd(text: string, bytes: Buffer, at: number): number {
    const frame = this.#frame
    if (!parseFrame(text, at, frame)) return this.#noFrame(text, bytes, at)
    if (frame.prev !== this.#prev || frame.batch !== this.#batch || frame.seq !== this.#seq)
      return 0
    const end = batchEnd(text, at, frame.records)
    if (end < 0) return -1
    return sumHolds(bytes, at, end, frame.crc, this.#key) ? end : 0
  }

  #noFrame(text: string, bytes: Buffer, at: number): number {
    if (!startsLikeLine(text, at)) return 0
    const end = text.indexOf('\n', at) + 1
    if (end === 0) return -1
    this.#end = parseEnd(bytes.subarray(at, end), this.#key, this.#prev)
    return 0
  }

  #takeBatch(
    text: string,
    bytes: Buffer | undefined,
    at: number,
    end: number,
    offset: number,
  ): void {
    const { crc, records } = this.#frame
    let contentAt = this.#frame.contentAt
    let lineEnd = records === 1 ? end : text.indexOf('\n', at) + 1
    for (let count = 1; ; count++) {
      this.#takeRecord(text, bytes, contentAt, lineEnd - 2, offset)
      if (count === records) break
      contentAt = text.indexOf(',', lineEnd) + 1
      lineEnd = text.indexOf('\n', lineEnd) + 1
    }
    this.#prev = crc
    this.#batch++
    this.#last = { offset: offset + at, bytes: end - at, records }
  }

  /** `from` is at `"body":` or `"blob":`, `to` at the line's closing brace. */
  #takeRecord(
    text: string,
    bytes: Buffer | undefined,
    from: number,
    to: number,
    offset: number,
  ): void {
    const seq = this.#seq++
    if (text.charCodeAt(from + 2) === letterL) {
      this.#noteBlob(text.slice(from, to), seq, offset + from)
      return
    }
    const json =
      bytes === undefined ? text.slice(from + 7, to) : bytes.toString('utf8', from + 7, to)
    this.#records.push({ seq, epoch: this.#epoch, body: JSON.parse(json) as JsonValue })
  }

  #noteBlob(members: string, seq: number, offset: number): void {
    const { blob, bytes } = JSON.parse(`{${members}}`) as { blob: string; bytes: number }
    const reference = { hash: blob, bytes, seq, offset }
    this.#blobs.push({ index: this.#records.length, reference })
    this.#records.push({ seq, epoch: this.#epoch, body: null })
  }
}

// `"blob":` against `"body":`: their second letters.
const letterL = 0x6c

function startsLikeLine(text: string, at: number): boolean {
  const start = '{"crc":"'
  return text.startsWith(start.slice(0, text.length - at), at)
}
