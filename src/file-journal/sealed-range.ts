/**
 * The part of a segment that a later seal promised: it must be there to the byte. Only its last batch may be missing,
 * where a seal holds a copy: that batch was never synced by its own life, or its sync failed.
 */
import { hex8 } from '../checksum.ts'
import { systemCode } from '../errors.ts'
import type { JournalRecord } from '../journal.ts'
import type { JsonValue } from '../json.ts'
import { type BatchRun, type BlobReader, readBatches } from './batch-reader.ts'
import { ByteWindow } from './byte-window.ts'
import type { SealedRange } from './format.ts'
import { readHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'
import { corruptError } from './storage-errors.ts'

/**
 * Pushes the records of a range of the life `epoch`. `sealed`: the epoch whose seal promised it.
 *
 * @throws JournalCorruptError, JournalUnreadableError
 */
export async function readSealedRange(
  source: RunSource,
  sealed: number,
  epoch: number,
  range: SealedRange,
  records: JournalRecord[],
): Promise<void> {
  const run = await readRange(source, epoch, range, records)
  if (run.batches === range.batches && run.offset === range.end && hex8(run.prev) === range.last)
    return
  const path = source.run.segment(epoch)
  if (run.batches === range.batches - 1) {
    const copy = await findCopy(source, sealed, epoch, range.last)
    if (copy !== undefined && copy.prev === hex8(run.prev)) {
      await pushCopy(copy, epoch, records, source.blobReader(path))
      return
    }
  }
  const came = `found ${run.batches} of ${range.batches} sealed batches`
  throw corruptError(path, run.offset, records.length + 1, came)
}

async function readRange(
  source: RunSource,
  epoch: number,
  range: SealedRange,
  records: JournalRecord[],
): Promise<BatchRun> {
  const expected = {
    epoch,
    key: Number.parseInt(range.key, 16),
    prev: Number.parseInt(range.first, 16),
    batch: 1,
    seq: records.length + 1,
  }
  try {
    return await withSegment(source, epoch, async (file, path) => {
      const window = new ByteWindow(file, range.start, range.end)
      try {
        return await readBatches(window, expected, records, source.blobReader(path))
      } finally {
        await window.settle()
      }
    })
  } catch (error) {
    if (!(error instanceof Error) || systemCode(error.cause) !== 'ENOENT') throw error
    const { prev } = expected
    return { offset: range.start, batches: 0, records: 0, prev, end: undefined, last: undefined }
  }
}

/** A batch as a seal holds it: one object per record, the frame in the first. */
interface Copy {
  readonly crc: string
  readonly prev: string
  readonly lines: readonly CopiedRecord[]
}

interface CopiedRecord {
  readonly seq: number
  readonly body?: JsonValue
  readonly blob?: string
  readonly bytes?: number
}

/** Looks through the complete seals above `epoch` and up to `sealed` for the batch of that life with this checksum. */
async function findCopy(
  source: RunSource,
  sealed: number,
  epoch: number,
  crc: string,
): Promise<Copy | undefined> {
  for (let number = epoch + 1; number <= sealed; number++) {
    if (!source.fileSystem.exists(source.run.segment(number))) continue
    const head = await withSegment(source, number, (file, path) =>
      readHead(file, path, source.run.runId, number),
    )
    if (head.kind !== 'sealed' || head.seal.copyOf !== epoch) continue
    const lines = JSON.parse(`[${head.copy}]`) as readonly (CopiedRecord & Copy)[]
    const [first] = lines
    if (first?.crc === crc) return { crc, prev: first.prev, lines }
  }
  return undefined
}

async function pushCopy(
  copy: Copy,
  epoch: number,
  records: JournalRecord[],
  readBlob: BlobReader,
): Promise<void> {
  for (const { seq, body, blob, bytes } of copy.lines) {
    const resolved =
      blob === undefined ? body : await readBlob({ hash: blob, bytes: bytes ?? 0, seq, offset: 0 })
    records.push({ seq, epoch, body: resolved ?? null })
  }
}
