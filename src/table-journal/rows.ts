/**
 * How a run lies in the tables of a database, whichever it is.
 *
 *   killpoint_format   the version of all this
 *   killpoint_runs     one row per run, its *head*: newest epoch, how many batches and records there are, the last checksum
 *   killpoint_lives    one row per life: who it is, and how much there was when it took over (the decision, J4)
 *   killpoint_batches  one row per append or group of appends: its records as a JSON array
 *
 *  R1  Chain. The checksum of a batch covers its predecessor's, the run, the nonce of its life, its numbers and its records.
 *      So a changed, missing, swapped, copied or foreign row breaks the chain at that row.
 *  R2  Head. The head says where the chain ends, so a missing end is seen too.
 *  R3  Decided. A life's row says where the chain ended when it took over. No batch up to there is of its epoch, and none
 *      behind is of an older one.
 */
import { crc32, hex8 } from '../checksum.ts'
import type { JsonValue } from '../json.ts'
import type { LifeSummary, Seq } from '../journal.ts'

/** Version of the tables. A database of a higher one is refused. */
export const tableFormat = 1

/** Where the chain of a run ends. */
export interface ChainEnd {
  readonly batches: number
  readonly records: number
  /** Checksum of the last batch; of an empty run, of its id. */
  readonly sum: string
}

/** A row of `killpoint_runs`. */
export interface HeadRow extends ChainEnd {
  readonly epoch: number
}

/** A row of `killpoint_lives`; the members of the chain's end say what it recovered. */
export interface LifeRow extends ChainEnd {
  readonly epoch: number
  readonly nonce: string
  readonly name: string
  /** `OwnerIdentity` as JSON. */
  readonly owner: string
  /** `null` until it is known: of the newest life, and of none before it. */
  readonly ended: LifeSummary['ended'] | null
}

/** A row of `killpoint_batches`. */
export interface BatchRow {
  /** 1, 2, 3 … over all lives. */
  readonly number: number
  readonly epoch: number
  /** Of its first record. */
  readonly seq: Seq
  readonly records: number
  /** A JSON array. */
  readonly bodies: string
  readonly prev: string
  readonly sum: string
}

/** The end of the chain of a run without a batch. */
export function emptyChain(runId: string): ChainEnd {
  return { batches: 0, records: 0, sum: hex8(crc32(Buffer.from(runId), 0)) }
}

/** Whose batches they are. */
export interface BatchLife {
  readonly runId: string
  readonly epoch: number
  readonly nonce: string
}

/** The batch behind `end` that holds these JSON texts. */
export function nextBatch(life: BatchLife, end: ChainEnd, texts: readonly string[]): BatchRow {
  const row = {
    number: end.batches + 1,
    epoch: life.epoch,
    seq: end.records + 1,
    records: texts.length,
    bodies: `[${texts.join(',')}]`,
    prev: end.sum,
  }
  return { ...row, sum: sumOf(life, row) }
}

/** The end of the chain behind a batch. */
export function endBehind({ number, seq, records, sum }: BatchRow): ChainEnd {
  return { batches: number, records: seq + records - 1, sum }
}

/** The checksum that a batch with these contents has. */
export function sumOf({ runId, nonce }: BatchLife, row: Omit<BatchRow, 'sum'>): string {
  const { prev, epoch, number, seq, records, bodies } = row
  const head = JSON.stringify([prev, runId, nonce, epoch, number, seq, records])
  return hex8(crc32(Buffer.from(bodies), crc32(Buffer.from(head), 0)))
}

/** The records of a row, or `undefined` where it does not hold what it says. */
export function bodiesOf({ bodies, records }: BatchRow): readonly JsonValue[] | undefined {
  try {
    const parsed = JSON.parse(bodies) as JsonValue
    return Array.isArray(parsed) && parsed.length === records ? parsed : undefined
  } catch {
    return undefined
  }
}
