/**
 * What one segment still holds of its part of the run.
 */
import { KillpointError } from '../errors.ts'
import type { Damage, JournalRecord, Seq } from '../journal.ts'
import type { JsonValue } from '../json.ts'
import type { BlobReader } from './batch-reader.ts'
import { copiedRecords, copyIn } from './copies.ts'
import { type FoundBatch, searchBatches } from './search.ts'
import type { SegmentHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'

export interface Section {
  readonly epoch: number
  readonly file: string
  readonly keys: readonly number[]
  /** Where its first batch begins; 0 where the head is too damaged to tell. */
  readonly start: number
  readonly firstSeq: Seq
  /** What a later seal accepted of it; without that, all that is found counts. */
  readonly promised?: { readonly end: number; readonly records: number; readonly last: string }
}

export interface SalvagedSection {
  readonly records: readonly JournalRecord[]
  readonly leftOut: readonly Damage[]
  /** That of the first record behind this section. */
  readonly nextSeq: Seq
}

/** A batch whose checksum holds. */
interface Piece {
  readonly offset: number
  readonly end: number
  readonly seq: Seq
  readonly lines: readonly Line[]
}

interface Line {
  readonly seq: Seq
  readonly body?: JsonValue
  readonly blob?: string
  readonly bytes?: number
}

/** Takes what holds, fills the end from a copy where there is one, and names the rest. */
export async function salvageSection(
  source: RunSource,
  section: Section,
  heads: ReadonlyMap<number, SegmentHead>,
): Promise<SalvagedSection> {
  const salvage = new SectionSalvage(source, section)
  const pieces = await salvage.pieces()
  for (const piece of pieces) await salvage.take(piece)
  await salvage.finish(heads)
  return salvage
}

class SectionSalvage implements SalvagedSection {
  readonly records: JournalRecord[] = []
  readonly leftOut: Damage[] = []
  nextSeq: Seq
  readonly #source: RunSource
  readonly #section: Section
  readonly #readBlob: BlobReader
  /** Behind the last batch taken. */
  #at: number
  /** What looks like a batch, in a segment whose key is lost. */
  #unchecked = 0

  constructor(source: RunSource, section: Section) {
    this.#source = source
    this.#section = section
    this.#readBlob = source.blobReader(section.file)
    this.#at = section.start
    this.nextSeq = section.firstSeq
  }

  async pieces(): Promise<readonly Piece[]> {
    const { epoch, start, keys, promised } = this.#section
    const pieces: Piece[] = []
    const take = (batch: FoundBatch): 'go on' => {
      if (batch.bytes.length > 0) pieces.push(pieceOf(batch))
      else this.#unchecked++
      return 'go on'
    }
    try {
      await withSegment(this.#source, epoch, (file) =>
        searchBatches(file, start, promised?.end ?? Infinity, { keys, batchMin: 1 }, { take }),
      )
    } catch (error) {
      // Named as a gap below, or by its head.
      if (!(error instanceof KillpointError)) throw error
    }
    return pieces
  }

  async take(piece: Piece): Promise<void> {
    if (piece.seq > this.nextSeq) this.#gap(piece.offset, piece.seq)
    for (const line of piece.lines) await this.#takeLine(line)
    this.#at = piece.end
    this.nextSeq = piece.seq + piece.lines.length
  }

  async finish(heads: ReadonlyMap<number, SegmentHead>): Promise<void> {
    const { promised, firstSeq, epoch } = this.#section
    if (promised === undefined) {
      this.#judgeHead(heads.get(epoch))
      return
    }
    const nextSeq = firstSeq + promised.records
    if (this.nextSeq < nextSeq) await this.#takeCopy(heads, promised.last)
    if (this.nextSeq < nextSeq) this.#gap(promised.end, nextSeq)
    this.nextSeq = nextSeq
  }

  async #takeLine({ seq, body = null, blob, bytes = 0 }: Line): Promise<void> {
    const { epoch } = this.#section
    if (blob === undefined) {
      this.records.push({ seq, epoch, body })
      return
    }
    try {
      const read = await this.#readBlob({ hash: blob, bytes, seq, offset: this.#at })
      this.records.push({ seq, epoch, body: read })
    } catch (error) {
      if (!(error instanceof KillpointError)) throw error
      const [reason = ''] = error.message.split('\n')
      const file = error.details['file'] ?? error.details['path']
      this.leftOut.push({ file: String(file), offset: 0, bytes, seq, reason })
    }
  }

  async #takeCopy(heads: ReadonlyMap<number, SegmentHead>, last: string): Promise<void> {
    const { epoch } = this.#section
    for (const head of heads.values()) {
      const copy = head.kind === 'sealed' ? copyIn(head, epoch) : undefined
      const [first] = copy?.lines ?? []
      if (copy?.crc !== last || first === undefined) continue
      if (first.seq > this.nextSeq) this.#gap(this.#at, first.seq)
      this.records.push(...(await copiedRecords(copy, epoch, this.#readBlob)))
      this.nextSeq = first.seq + copy.lines.length
      return
    }
  }

  /** A life that never had a whole seal is no damage; one that appended had one. */
  #judgeHead(head: SegmentHead | undefined): void {
    if (head?.kind !== 'unsealed' || (this.records.length === 0 && this.#unchecked === 0)) return
    const { file } = this.#section
    const reason =
      this.#unchecked > 0
        ? `its header is damaged, and without it ${this.#unchecked} batches cannot be checked`
        : 'its header or seal is damaged'
    this.leftOut.push({ file, offset: 0, reason })
  }

  #gap(end: number, seq: Seq): void {
    const reason = `${seq - this.nextSeq} records are damaged or missing`
    const { file } = this.#section
    const bytes = Math.max(0, end - this.#at)
    this.leftOut.push({ file, offset: this.#at, bytes, seq: this.nextSeq, reason })
    this.nextSeq = seq
  }
}

function pieceOf({ offset, frame, bytes }: FoundBatch): Piece {
  const lines = bytes
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  return { offset, end: offset + bytes.length, seq: frame.seq, lines }
}
