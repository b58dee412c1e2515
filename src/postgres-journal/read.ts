/**
 * Reading a run, as its owner and as anybody. No transaction is needed: rows up to a head that was read never change.
 */
import type { RunImage, SalvagedImage } from '../journal.ts'
import { corruptRow } from '../table-journal/corrupt-row.ts'
import type { BatchRow, ChainEnd, HeadRow, LifeRow } from '../table-journal/rows.ts'
import { RunReader, salvageRows } from '../table-journal/run-reader.ts'
import type { Session } from './session.ts'
import { hasTables, type Statements } from './statements.ts'

/** A row of `lives`, with the session of its process. */
export type PostgresLifeRow = LifeRow & { readonly session: number }

/** Where to read. */
export interface Store {
  readonly session: Session
  readonly statements: Statements
  readonly schema: string
}

/** Rows that are read at once. */
const pageRows = 64

/** `undefined` where there is no such run. @throws JournalCorruptError where there are rows of it and no head */
export async function headOf(store: Store, runId: string): Promise<HeadRow | undefined> {
  const { session, statements } = store
  const [head] = await session.repeatable(statements.head, runId)
  if (head !== undefined) return head as unknown as HeadRow
  const [left] = await session.repeatable(statements.orphans, runId)
  const rows = Number(left?.['rows'] ?? 0)
  if (rows === 0) return undefined
  const at = { file: await session.place(), table: 'runs', runId, row: 1, seq: 1 }
  throw corruptRow(at, `the row is missing, and ${rows} rows of the run are there`)
}

/** @throws JournalCorruptError where the row is missing */
export async function lifeOf(
  { session, statements }: Store,
  runId: string,
  head: HeadRow,
): Promise<PostgresLifeRow> {
  const [life] = await session.repeatable(statements.life, runId, head.epoch)
  if (life !== undefined) return life as unknown as PostgresLifeRow
  const at = { file: await session.place(), table: 'lives', runId }
  throw corruptRow({ ...at, row: head.epoch, seq: head.records + 1 }, 'the row is missing')
}

/** What a life recovered: the chain up to its decision. @throws JournalCorruptError */
export async function readRows(
  store: Store,
  runId: string,
  end: ChainEnd & { readonly epoch: number },
): Promise<RunReader> {
  const { session } = store
  const lives = await livesOf(store, runId, end.epoch)
  const reader = new RunReader({ file: await session.place() }, { runId, head: end, lives })
  while (reader.next <= end.batches) {
    const from = reader.next
    const rows = await pageOf(store, runId, from, end.batches)
    for (let number = from; number < from + pageRows && number <= end.batches; number++)
      reader.add(rows.get(number))
  }
  return reader
}

/** `undefined` where no such run exists. @throws JournalCorruptError, FormatVersionError */
export async function readRun(store: Store, runId: string): Promise<RunImage | undefined> {
  const { session, statements, schema } = store
  const head = (await hasTables(session, schema)) ? await headOf(store, runId) : undefined
  if (head === undefined) return undefined
  const reader = await readRows(store, runId, head)
  const [beyond] = await session.repeatable(statements.beyond, runId)
  if (beyond?.['rows'] !== 0) throw reader.damaged('a row stands behind the last one')
  return reader.image()
}

/** The batches that are whole in themselves, and what was left out. */
export async function salvageRun(store: Store, runId: string): Promise<SalvagedImage | undefined> {
  const { session, schema } = store
  const head = (await hasTables(session, schema)) ? await headOf(store, runId) : undefined
  if (head === undefined) return undefined
  const lives = await livesOf(store, runId, head.epoch)
  const rows = new Map<number, BatchRow>()
  for (let from = 1; from <= head.batches; from += pageRows)
    for (const [number, row] of await pageOf(store, runId, from, head.batches))
      rows.set(number, row)
  const place = { file: await session.place() }
  return salvageRows(place, { runId, head, lives }, (number) => rows.get(number))
}

async function livesOf(
  { session, statements }: Store,
  runId: string,
  most: number,
): Promise<readonly LifeRow[]> {
  return (await session.repeatable(statements.lives, runId, most)) as unknown as LifeRow[]
}

async function pageOf(
  { session, statements }: Store,
  runId: string,
  from: number,
  most: number,
): Promise<ReadonlyMap<number, BatchRow>> {
  const to = Math.min(from + pageRows - 1, most)
  const rows = (await session.repeatable(statements.batches, runId, from, to)) as unknown
  return new Map((rows as BatchRow[]).map((row) => [row.number, row]))
}
