/**
 * The part of a segment that a later seal promised: it must be there to the byte. Only its last batch may be missing,
 * where a seal holds a copy: that batch was never synced by its own life, or its sync failed.
 */
import { hex8 } from '../checksum.ts'
import { systemCode } from '../errors.ts'
import type { JournalRecord } from '../journal.ts'
import { type BatchRun, readBatches } from './batch-reader.ts'
import { ByteWindow } from './byte-window.ts'
import { copiedRecords, findCopy } from './copies.ts'
import type { SealedRange } from './format.ts'
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
      records.push(...(await copiedRecords(copy, epoch, source.blobReader(path))))
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
