/**
 * The copies of last batches that seals hold. A copy in a complete seal is as good as the batch in its own segment.
 */
import type { JournalRecord } from '../journal.ts'
import type { JsonValue } from '../json.ts'
import type { BlobReader } from './batch-reader.ts'
import { readHead, type SealedHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'
import { unreadableError } from './storage-errors.ts'

/** A batch as a seal holds it: one object per record, the frame in the first. */
export interface Copy {
  /** Checksums as they were written: of the batch, and of what came before it. */
  readonly crc: string
  readonly prev: string
  readonly lines: readonly CopiedLine[]
}

interface CopiedLine {
  readonly seq: number
  readonly body?: JsonValue
  readonly blob?: string
  readonly bytes?: number
}

/** The batch that this seal copied, where that is a batch of the life `epoch`. */
export function copyIn(head: SealedHead, epoch: number): Copy | undefined {
  if (head.seal.copyOf !== epoch) return undefined
  const lines = JSON.parse(`[${head.copy}]`) as readonly (CopiedLine & Copy)[]
  const [first] = lines
  return first === undefined ? undefined : { crc: first.crc, prev: first.prev, lines }
}

/** Looks through the complete seals from `sealed` down to `epoch` for the batch of that life with this checksum. */
export async function findCopy(
  source: RunSource,
  sealed: SealedHead,
  epoch: number,
  crc: string,
): Promise<Copy | undefined> {
  // The seal in hand first: a second look at its file may find less.
  const own = copyIn(sealed, epoch)
  if (own?.crc === crc) return own
  for (let number = sealed.header.epoch - 1; number > epoch; number--) {
    if (!exists(source, number)) continue
    const head = await withSegment(source, number, (file, path) =>
      readHead(file, path, source.run.runId, number),
    )
    const copy = head.kind === 'sealed' ? copyIn(head, epoch) : undefined
    if (copy?.crc === crc) return copy
  }
  return undefined
}

/** The records of a copy, their payloads read. Throws what `readBlob` throws. */
export async function copiedRecords(
  copy: Copy,
  epoch: number,
  readBlob: BlobReader,
): Promise<readonly JournalRecord[]> {
  const records: JournalRecord[] = []
  for (const { seq, body = null, blob, bytes = 0 } of copy.lines) {
    const resolved =
      blob === undefined ? body : await readBlob({ hash: blob, bytes, seq, offset: 0 })
    records.push({ seq, epoch, body: resolved })
  }
  return records
}

function exists(source: RunSource, number: number): boolean {
  const path = source.run.segment(number)
  try {
    return source.fileSystem.exists(path)
  } catch (cause) {
    throw unreadableError(path, cause)
  }
}
