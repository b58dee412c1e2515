/**
 * Reads the batches of one life in order, from the first one on, and stops at what is not the next valid batch: the end
 * of the range, an end marker, or something else. What that means is for the caller: a torn tail, or damage.
 */
import { isAscii } from 'node:buffer'
import type { JournalRecord } from '../journal.ts'
import type { JsonValue } from '../json.ts'
import type { ByteWindow } from './byte-window.ts'
import { batchEnd, emptyFrame, type Frame, lineStart, parseFrame, sumHolds } from './frame.ts'
import { type EndKind, parseEnd } from './parse.ts'
import { presized } from './presize.ts'

/** The life whose batches are read. */
export interface ReadLife {
  readonly epoch: number
  readonly key: number
  /** That of its first record. */
  readonly firstSeq: number
  /** As its header says; see `presize.ts`. */
  readonly presizeBytesMax: number
}

/** How far the reading went: it can go on from there. */
export interface Progress {
  /** Behind the last valid batch. */
  readonly offset: number
  readonly batches: number
  readonly records: number
  /** Checksum of the last valid batch, or of what stands before the first. */
  readonly prev: number
  readonly end: EndKind | undefined
  /** Kept as it was read: a second look at the file may find less. */
  readonly last: LastBatch | undefined
  /** The length that the segment had with the last batch, and with the one before it: that one was acknowledged. */
  readonly allocated: number
  readonly promisedLength: number
}

export interface LastBatch {
  /** Its lines, joined by commas. */
  readonly text: string
  readonly records: number
}

/** Before the first batch, which begins at `offset`. */
export function noProgress(offset: number, prev: number): Progress {
  return {
    offset,
    batches: 0,
    records: 0,
    prev,
    end: undefined,
    last: undefined,
    allocated: offset,
    promisedLength: offset,
  }
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

/** Pushes the records of all valid batches from `from` on to `records`, in order. */
export async function readBatches(
  window: ByteWindow,
  life: ReadLife,
  from: Progress,
  records: JournalRecord[],
  readBlob: BlobReader,
): Promise<Progress> {
  const reader = new BatchReader(life, from, records)
  let consumed = 0
  do {
    await window.more(consumed)
    consumed = reader.take(window)
    await reader.fillBlobs(readBlob)
  } while (!reader.stopped && !window.atEnd)
  return reader.progress(window.offset + consumed)
}

class BatchReader {
  /** What comes next is not a valid batch, whatever else the file holds. */
  stopped = false
  readonly #life: ReadLife
  readonly #epoch: number
  readonly #key: number
  readonly #records: JournalRecord[]
  readonly #frame: Frame = emptyFrame()
  #prev: number
  #batch: number
  #seq: number
  #end: EndKind | undefined
  #last: LastBatch | undefined
  #allocated: number
  #promisedLength: number
  #blobs: { readonly index: number; readonly reference: BlobReference }[] = []

  constructor(life: ReadLife, from: Progress, records: JournalRecord[]) {
    this.#life = life
    this.#epoch = life.epoch
    this.#key = life.key
    this.#prev = from.prev
    this.#batch = from.batches + 1
    this.#seq = life.firstSeq + from.records
    this.#last = from.last
    this.#allocated = from.allocated
    this.#promisedLength = from.promisedLength
    this.#records = records
  }

  progress(offset: number): Progress {
    return {
      offset,
      batches: this.#batch - 1,
      records: this.#seq - this.#life.firstSeq,
      prev: this.#prev,
      end: this.#end,
      last: this.#last,
      allocated: this.#allocated,
      promisedLength: this.#promisedLength,
    }
  }

  /** Takes every whole batch of the window; the number of bytes they have. */
  take(window: ByteWindow): number {
    const bytes = window.bytes
    const text = bytes.toString('latin1')
    // Bytes outside ASCII are decoded one record at a time; the others are in the text as they are.
    const encoded = isAscii(bytes) ? undefined : bytes
    let at = 0
    let lastAt = -1
    while (at < text.length) {
      const end = this.#nextEnd(text, bytes, at)
      if (end <= 0) {
        // Zero: cannot become valid. Negative: may, with more bytes.
        this.stopped = end === 0
        break
      }
      this.#takeBatch(text, encoded, at, end, window.offset)
      lastAt = at
      at = end
    }
    if (lastAt >= 0) this.#last = lastBatch(bytes.toString('utf8', lastAt, at - 1))
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
    const { presizeBytesMax } = this.#life
    this.#promisedLength = this.#allocated
    this.#allocated = presized(offset + end, this.#allocated, presizeBytesMax)
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

/** JSON holds no raw newline, so the newlines are the ends of its lines. */
function lastBatch(lines: string): LastBatch {
  const each = lines.split('\n')
  return { text: each.join(','), records: each.length }
}

function startsLikeLine(text: string, at: number): boolean {
  return text.startsWith(lineStart.slice(0, text.length - at), at)
}
