/**
 * Reading what can be read of a damaged run, and saying what was left out. Nothing is written.
 *
 * A whole run is read as ever. Of a damaged one every batch is taken whose checksum holds, wherever it is found, within
 * what the newest complete seal accepted of its segment; what is missing between them is named, with its first seq.
 */
import { JournalUnreadableError, KillpointError } from '../errors.ts'
import type { Damage, JournalRecord, SalvagedImage } from '../journal.ts'
import type { SealedLife } from './format.ts'
import { lifeSummaries } from './lives.ts'
import { readRun } from './read.ts'
import { readHead, type SealedHead, type SegmentHead } from './segment-head.ts'
import { type Section, salvageSection } from './salvage-section.ts'
import { listRun, type RunSource, segmentNumbers, withSegment } from './source.ts'

/** `undefined` where no such run exists. @throws JournalUnreadableError (not even the directory) */
export async function salvageRun(source: RunSource): Promise<SalvagedImage | undefined> {
  const numbers = segmentNumbers((await listRun(source)) ?? [])
  if (numbers.length === 0) return undefined
  try {
    const image = await readRun(source)
    return image === undefined ? undefined : { ...image, leftOut: [] }
  } catch (error) {
    if (!(error instanceof KillpointError)) throw error
    const salvaged = await salvageDamaged(source, numbers)
    // What proves damage need not be missing in what was found: a segment cut behind its last batch, say.
    if (salvaged.leftOut.length > 0) return salvaged
    return { ...salvaged, leftOut: [damageOf(error, source.run.segment(numbers.at(-1) ?? 0))] }
  }
}

function damageOf(error: KillpointError, newest: string): Damage {
  const { file = newest, offset = 0, seq } = error.details
  const known = typeof seq === 'number' ? { seq } : {}
  return { file: String(file), offset: Number(offset), ...known, reason: reasonOf(error) }
}

interface Heads {
  readonly leftOut: readonly Damage[]
  readonly heads: ReadonlyMap<number, SegmentHead>
  readonly newestSealed: SealedHead | undefined
}

async function salvageDamaged(
  source: RunSource,
  numbers: readonly number[],
): Promise<SalvagedImage> {
  const { heads, newestSealed, leftOut } = await readHeads(source, numbers)
  const bySeq = new Map<number, JournalRecord>()
  const damage: Damage[] = [...leftOut]
  let nextSeq = 1
  for (const section of sectionsOf(source, heads, newestSealed)) {
    const found = await salvageSection(source, { ...section, firstSeq: nextSeq }, heads)
    damage.push(...found.leftOut)
    // Where two lives have the same seq, the later one went on from before it.
    const [first] = found.records
    if (first !== undefined) dropFrom(bySeq, first.seq)
    for (const record of found.records) bySeq.set(record.seq, record)
    nextSeq = found.nextSeq
  }
  const lives = livesOf(heads, newestSealed)
  return {
    runId: source.run.runId,
    epoch: numbers.at(-1) ?? 0,
    records: [...bySeq.values()].sort((left, right) => left.seq - right.seq),
    lives: lifeSummaries(lives),
    undecided: 0,
    leftOut: damage,
  }
}

async function readHeads(source: RunSource, numbers: readonly number[]): Promise<Heads> {
  const heads = new Map<number, SegmentHead>()
  const leftOut: Damage[] = []
  let newestSealed: SealedHead | undefined
  for (const epoch of numbers) {
    try {
      const head = await withSegment(source, epoch, (file, path) =>
        readHead(file, path, source.run.runId, epoch),
      )
      heads.set(epoch, head)
      if (head.kind === 'sealed') newestSealed = head
    } catch (error) {
      if (!(error instanceof KillpointError)) throw error
      leftOut.push({ file: source.run.segment(epoch), offset: 0, reason: reasonOf(error) })
    }
  }
  return { heads, leftOut, newestSealed }
}

function reasonOf(error: KillpointError): string {
  const [line = error.code] = error.message.split('\n')
  return error instanceof JournalUnreadableError ? `it cannot be read: ${line}` : line
}

/** What each segment holds of the run, oldest first. */
function* sectionsOf(
  source: RunSource,
  heads: ReadonlyMap<number, SegmentHead>,
  newestSealed: SealedHead | undefined,
): Generator<Omit<Section, 'firstSeq'>> {
  for (const { epoch, range } of newestSealed?.seal.lives ?? []) {
    if (range === undefined) continue
    const { start, end, records, last } = range
    const keys = [Number.parseInt(range.key, 16)]
    yield { epoch, file: source.run.segment(epoch), keys, start, promised: { end, records, last } }
  }
  for (const [epoch, head] of heads) {
    if (epoch < (newestSealed?.header.epoch ?? 0)) continue
    const file = source.run.segment(epoch)
    yield head.kind === 'sealed'
      ? { epoch, file, keys: [head.key], start: head.start }
      : { epoch, file, keys: head.keys, start: 0 }
  }
}

function livesOf(
  heads: ReadonlyMap<number, SegmentHead>,
  newestSealed: SealedHead | undefined,
): readonly SealedLife[] {
  const sealed = newestSealed?.seal.lives ?? []
  const unjudged = [...heads]
    .filter(([epoch]) => epoch >= (newestSealed?.header.epoch ?? 0))
    .map(([epoch, { header }]): SealedLife => {
      return { epoch, owner: header?.name ?? 'unknown', ended: 'died' }
    })
  return [...sealed, ...unjudged]
}

function dropFrom(bySeq: Map<number, JournalRecord>, seq: number): void {
  for (const known of bySeq.keys()) if (known >= seq) bySeq.delete(known)
}
