/**
 * Reads a run out of its rows and believes none of them: whatever is not as the chain says is damage (J7).
 *
 * Rows are handed in one by one, in order, so that a reader holds one row beyond the records (J10), and so that databases
 * with and without promises share it.
 */
import type { JournalCorruptError } from '../errors.ts'
import type { Damage, JournalRecord, LifeSummary, RunImage, SalvagedImage } from '../journal.ts'
import { corruptRow, type Place } from './corrupt-row.ts'
import {
  type BatchRow,
  bodiesOf,
  type ChainEnd,
  emptyChain,
  endBehind,
  type HeadRow,
  type LifeRow,
  sumOf,
} from './rows.ts'

/** What a run's rows say before its batches are read. */
export interface RunRows {
  readonly runId: string
  readonly head: HeadRow
  /** Oldest first. */
  readonly lives: readonly LifeRow[]
}

export class RunReader {
  readonly #place: Place
  readonly #run: RunRows
  readonly #records: JournalRecord[] = []
  readonly #batches = new Map<number, number>()
  #end: ChainEnd
  #epoch = 1
  #lastRecords = 0
  /** How many lives' decisions were checked. */
  #decided = 0

  /** @throws JournalCorruptError where the lives are not as the head says */
  constructor(place: Place, run: RunRows) {
    this.#place = place
    this.#run = run
    this.#end = emptyChain(run.runId)
    const { head, lives } = run
    const missing = lives.findIndex(({ epoch }, index) => epoch !== index + 1)
    if (missing !== -1 || lives.length !== head.epoch)
      throw this.#damage('killpoint_lives', missing === -1 ? lives.length + 1 : missing + 1, {
        came: `the run has ${head.epoch} lives and ${lives.length} rows`,
      })
    this.#checkDecisions()
  }

  /** The number of the row to hand in next, up to the head's. */
  get next(): number {
    return this.#end.batches + 1
  }

  /** @throws JournalCorruptError */
  add(row: BatchRow | undefined): void {
    const wrong = row === undefined ? 'the row is missing' : this.#wrongWith(row)
    if (row === undefined || wrong !== undefined) throw this.damaged(wrong ?? '')
    this.#epoch = row.epoch
    for (const body of bodiesOf(row) ?? [])
      this.#records.push({ seq: this.#records.length + 1, epoch: row.epoch, body })
    this.#batches.set(row.epoch, (this.#batches.get(row.epoch) ?? 0) + 1)
    this.#lastRecords = row.records
    this.#end = endBehind(row)
    this.#checkDecisions()
  }

  /** All records, where the rows end as the head says. @throws JournalCorruptError */
  finish(): readonly JournalRecord[] {
    const { head } = this.#run
    const { batches, records, sum } = this.#end
    if (batches === head.batches && records === head.records && sum === head.sum)
      return this.#records
    throw this.#damage('killpoint_runs', batches, {
      came: `its head tells of ${head.records} records in ${head.batches} batches, and its rows do not end so`,
    })
  }

  /** What the reader of a run is shown who does not own it. */
  image(): RunImage {
    const { runId, head, lives } = this.#run
    const records = this.finish()
    const closed = lives.at(-1)?.ended === 'closed'
    return {
      runId,
      epoch: head.epoch,
      records,
      lives: this.lifeSummaries(),
      undecided: closed ? 0 : this.#lastRecords,
    }
  }

  lifeSummaries(): readonly LifeSummary[] {
    return this.#run.lives.map(({ epoch, name, ended }) => ({
      epoch,
      batches: this.#batches.get(epoch) ?? 0,
      ended: ended ?? 'died',
      owner: name,
    }))
  }

  /** The error for the row that was asked for last. */
  damaged(came: string, cause?: unknown): JournalCorruptError {
    return this.#damage('killpoint_batches', this.next, { came, cause })
  }

  #wrongWith(row: BatchRow): string | undefined {
    const { runId, lives } = this.#run
    const life = lives[row.epoch - 1]
    if (row.number !== this.next) return `its number is ${row.number}`
    if (life === undefined || row.epoch < this.#epoch) return `it is of epoch ${row.epoch}`
    if (row.number <= life.batches) return `epoch ${row.epoch} had not begun`
    const next = lives[row.epoch]
    if (next !== undefined && next.batches < row.number) return `epoch ${row.epoch} was over`
    if (row.prev !== this.#end.sum) return 'its predecessor is not the row before it'
    if (row.seq !== this.#end.records + 1) return `it begins with record ${row.seq}`
    if (row.sum !== sumOf({ runId, epoch: row.epoch, nonce: life.nonce }, row))
      return 'its checksum does not match'
    if (bodiesOf(row) === undefined) return `it does not hold ${row.records} records`
    return undefined
  }

  /** Each life that took over at this end of the chain found it so (R3); the ends that they found only grow. */
  #checkDecisions(): void {
    const { batches, records, sum } = this.#end
    const { lives } = this.#run
    for (let life = lives[this.#decided]; life !== undefined; life = lives[++this.#decided]) {
      if (life.batches > batches) return
      if (life.batches === batches && life.records === records && life.sum === sum) continue
      throw this.#damage('killpoint_lives', life.epoch, {
        came: `it recovered ${life.records} records in ${life.batches} batches that end otherwise`,
      })
    }
  }

  #damage(
    table: string,
    row: number,
    { came, cause }: { readonly came: string; readonly cause?: unknown },
  ): JournalCorruptError {
    const { runId } = this.#run
    const seq = this.#end.records + 1
    return corruptRow({ file: this.#place.file, table, runId, row, seq }, came, cause)
  }
}

/** All rows that are whole in themselves; the chain may be broken between them. */
export function salvageRows(
  place: Place,
  { runId, head, lives }: RunRows,
  rowAt: (number: number) => BatchRow | undefined | { readonly unreadable: string },
): SalvagedImage {
  const records: JournalRecord[] = []
  const leftOut: Damage[] = []
  const batches = new Map<number, number>()
  let seq = 1
  for (let number = 1; number <= head.batches; number++) {
    const row = rowAt(number)
    const reason = wrongAlone(runId, lives, number, row)
    if (reason !== undefined || row === undefined || 'unreadable' in row) {
      leftOut.push({ file: place.file, offset: number, seq, reason: reason ?? 'unreadable' })
      continue
    }
    for (const [index, body] of (bodiesOf(row) ?? []).entries())
      records.push({ seq: row.seq + index, epoch: row.epoch, body })
    batches.set(row.epoch, (batches.get(row.epoch) ?? 0) + 1)
    seq = row.seq + row.records
  }
  return {
    runId,
    epoch: head.epoch,
    records,
    lives: lives.map(({ epoch, name, ended }) => ({
      epoch,
      batches: batches.get(epoch) ?? 0,
      ended: ended ?? 'died',
      owner: name,
    })),
    undecided: 0,
    leftOut,
  }
}

function wrongAlone(
  runId: string,
  lives: readonly LifeRow[],
  number: number,
  row: BatchRow | undefined | { readonly unreadable: string },
): string | undefined {
  if (row === undefined) return 'the row is missing'
  if ('unreadable' in row) return row.unreadable
  const life = lives.find(({ epoch }) => epoch === row.epoch)
  if (row.number !== number || life === undefined) return 'its numbers make no sense'
  const sum = sumOf({ runId, epoch: row.epoch, nonce: life.nonce }, row)
  return sum === row.sum && bodiesOf(row) !== undefined ? undefined : 'its checksum does not match'
}
