/**
 * Looking at a run without owning it. Nothing is written, and nothing is decided: the batch at the end may be one that
 * its owner has not yet synced or checked, so it is *undecided* unless the newest life that resolved also closed.
 */
import type { RunImage } from '../journal.ts'
import { readImage } from './image.ts'
import { lifeSummaries } from './lives.ts'
import { listRun, type RunSource, segmentNumbers } from './source.ts'

/** `undefined` where no such run exists. @throws JournalCorruptError, JournalUnreadableError, FormatVersionError */
export async function readRun(source: RunSource): Promise<RunImage | undefined> {
  const names = await listRun(source)
  const numbers = segmentNumbers(names ?? [])
  const epoch = numbers.at(-1)
  if (epoch === undefined) return undefined
  const image = await readImage(source, numbers)
  const read = {
    runId: source.run.runId,
    epoch,
    records: image.records,
    lives: lifeSummaries(image.lives),
    undecided: image.decided ? 0 : (image.last?.records ?? 0),
  }
  return image.torn === undefined ? read : { ...read, torn: image.torn }
}
