/**
 * The image of a run: what all its lives together committed. Step 4 of `open`, and all of `read`.
 *
 *  - The segments are looked at *newest first*. S is the highest one with a complete seal.
 *  - What S's seal says is never derived again: each earlier life has a range of its segment, with its number of batches
 *    and its last checksum. S's own valid batches follow.
 *  - The last batch of a range may be gone from its segment; a copy in any complete seal up to S is as good.
 *  - Segments above S acknowledged nothing. Whatever is torn or missing there is harmless.
 *  - All else that is not as promised is damage (J7).
 */
import { NotAJournalError } from '../errors.ts'
import type { JournalRecord, TailRepair } from '../journal.ts'
import { type ImageLife, type OwnedBatch, readOwnBatches } from './own-batches.ts'
import { readSealedRange } from './sealed-range.ts'
import { readHead, type SealedHead, type UnsealedHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'
import { corruptError } from './storage-errors.ts'
import { surveyTail } from './tail.ts'

export interface Image {
  readonly records: JournalRecord[]
  /** Oldest first. */
  readonly lives: readonly ImageLife[]
  /** The batch at the end, for the next seal to copy. */
  readonly last: OwnedBatch | undefined
  /** True where nothing at the end can vanish: the newest life that resolved also closed. */
  readonly decided: boolean
  readonly torn: TailRepair | undefined
}

interface Unsealed {
  readonly epoch: number
  readonly head: UnsealedHead
}

/**
 * Reads the image from the segments with these numbers, which must be in rising order.
 *
 * @throws JournalCorruptError, JournalUnreadableError, NotAJournalError, FormatVersionError
 */
export async function readImage(source: RunSource, numbers: readonly number[]): Promise<Image> {
  const { sealed, above } = await newestSealed(source, numbers)
  const livesAbove = above.map(unsealedLife)
  if (sealed === undefined) {
    assertOurs(source, above)
    return { records: [], lives: livesAbove, last: undefined, decided: false, torn: undefined }
  }
  const records: JournalRecord[] = []
  for (const life of sealed.seal.lives) {
    if (life.range !== undefined)
      await readSealedRange(source, sealed, life.epoch, life.range, records)
  }
  const own = await readOwnBatches(source, sealed, records)
  const lives = [...sealed.seal.lives, own.life, ...livesAbove]
  const decided = own.closed
  return { records, lives, last: own.last ?? copied(sealed), decided, torn: own.torn }
}

async function newestSealed(
  source: RunSource,
  numbers: readonly number[],
): Promise<{ readonly sealed?: SealedHead; readonly above: readonly Unsealed[] }> {
  const above: Unsealed[] = []
  for (const epoch of numbers.toReversed()) {
    const head = await readHeadOrRefuse(source, epoch)
    if (head.kind === 'sealed') return { sealed: head, above: above.toReversed() }
    above.push({ epoch, head })
  }
  return { above: above.toReversed() }
}

/** A life appends, and closes, only after its seal is durable: a batch behind a seal that is not whole proves damage. */
function readHeadOrRefuse(source: RunSource, epoch: number): Promise<SealedHead | UnsealedHead> {
  return withSegment(source, epoch, async (file, path) => {
    const head = await readHead(file, path, source.run.runId, epoch)
    if (head.kind === 'sealed') return head
    const tail = await surveyTail(file, 0, { keys: head.keys, batchMin: 1 })
    const at = tail.batchAt ?? tail.closedAt
    if (at === undefined) return head
    // The writer may live, and have finished its seal after it was read the first time.
    const again = await readHead(file, path, source.run.runId, epoch)
    if (again.kind === 'sealed') return again
    throw corruptError(path, 0, 1, `found no whole seal before what stands at byte ${at}`)
  })
}

function unsealedLife({ epoch, head }: Unsealed): ImageLife {
  const life = {
    epoch,
    owner: head.header?.name ?? 'unknown',
    ended: head.end === undefined ? 'died' : 'closed',
  } as const
  return head.header === undefined ? life : { ...life, header: head.header }
}

function assertOurs(source: RunSource, above: readonly Unsealed[]): void {
  const foreign = above.find(({ head }) => head.foreign)
  if (foreign === undefined) return
  const path = source.run.segment(foreign.epoch)
  throw new NotAJournalError(`${path} was not written by killpoint`, {
    hint: 'give the journal a directory of its own',
    details: { path },
  })
}

function copied({ seal, copy }: SealedHead): OwnedBatch | undefined {
  if (seal.copyOf === undefined) return undefined
  const lines = JSON.parse(`[${copy}]`) as readonly unknown[]
  return { of: seal.copyOf, text: copy, records: lines.length }
}
