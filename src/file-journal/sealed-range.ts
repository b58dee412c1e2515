/**
 * The part of a segment that a later seal promised: it must be there to the byte. Only its last batch may be missing,
 * where a seal holds a copy: that batch was never synced by its own life, or its sync failed.
 */
import { hex8 } from '../checksum.ts'
import { systemCode } from '../errors.ts'
import type { JournalRecord } from '../journal.ts'
import { noProgress, type Progress, readBatches } from './batch-reader.ts'
import { ByteWindow } from './byte-window.ts'
import { copiedRecords, findCopy } from './copies.ts'
import type { SealedRange } from './format.ts'
import type { SealedHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'
import { corruptError } from './storage-errors.ts'

/**
 * Pushes the records of a range of the life `epoch`. `sealed`: the head of the segment whose seal promised it.
 *
 * @throws JournalCorruptError, JournalUnreadableError
 */
export async function readSealedRange(
  source: RunSource,
  sealed: SealedHead,
  epoch: number,
  range: SealedRange,
  records: JournalRecord[],
): Promise<void> {
  const read = await readRange(source, epoch, range, records)
  const whole = read.batches === range.batches && read.offset === range.end
  if (whole && hex8(read.prev) === range.last) return
  const path = source.run.segment(epoch)
  if (read.batches === range.batches - 1) {
    const copy = await findCopy(source, sealed, epoch, range.last)
    if (copy !== undefined && copy.prev === hex8(read.prev)) {
      records.push(...(await copiedRecords(copy, epoch, source.blobReader(path))))
      return
    }
  }
  const came = `found ${read.batches} of ${range.batches} sealed batches`
  throw corruptError(path, read.offset, records.length + 1, came)
}

async function readRange(
  source: RunSource,
  epoch: number,
  range: SealedRange,
  records: JournalRecord[],
): Promise<Progress> {
  const key = Number.parseInt(range.key, 16)
  const life = { epoch, key, firstSeq: records.length + 1, presizeBytesMax: 0 }
  const start = noProgress(range.start, Number.parseInt(range.first, 16))
  try {
    return await withSegment(source, epoch, async (file, path) => {
      const window = new ByteWindow(file, range.start, range.end)
      try {
        return await readBatches(window, life, start, records, source.blobReader(path))
      } finally {
        await window.settle()
      }
    })
  } catch (error) {
    // A segment that is gone holds none of its batches; the only one of a life may be in a seal.
    if (error instanceof Error && systemCode(error.cause) === 'ENOENT') return start
    throw error
  }
}
