/**
 * The statements of the SQLite journal, and nothing else that knows SQL.
 */
import { assertFormat, corruptRow, type Place } from '../table-journal/corrupt-row.ts'
import type { BatchRow, ChainEnd, HeadRow, LifeRow } from '../table-journal/rows.ts'
import { tableFormat } from '../table-journal/rows.ts'
import type { Connection } from './connection.ts'

const schema = `
CREATE TABLE killpoint_format (version INTEGER NOT NULL);
INSERT INTO killpoint_format VALUES (${tableFormat});
CREATE TABLE killpoint_runs (
  run TEXT NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  batches INTEGER NOT NULL,
  records INTEGER NOT NULL,
  sum TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE killpoint_lives (
  run TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  nonce TEXT NOT NULL,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  at TEXT NOT NULL,
  batches INTEGER NOT NULL,
  records INTEGER NOT NULL,
  sum TEXT NOT NULL,
  ended TEXT CHECK (ended IN ('closed', 'died')),
  PRIMARY KEY (run, epoch)
) WITHOUT ROWID;
CREATE TABLE killpoint_batches (
  run TEXT NOT NULL,
  number INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  records INTEGER NOT NULL,
  bodies TEXT NOT NULL,
  prev TEXT NOT NULL,
  sum TEXT NOT NULL,
  PRIMARY KEY (run, number)
);
`

/** Columns of text, as their bytes: bindings end the process, or throw, over damaged text, and the checksum sees it too. */
const text = (...columns: readonly string[]): string =>
  columns.map((column) => `CAST(${column} AS BLOB) AS ${column}`).join(', ')

const lifeColumns = `epoch, batches, records, ${text('nonce', 'name', 'owner', 'sum', 'ended')}`

/** True where the tables are there; refuses tables of another making. @throws FormatVersionError, NotAJournalError */
export function hasTables(connection: Connection): boolean {
  const names = connection
    .rows(
      `SELECT ${text('name')} FROM sqlite_master WHERE type = 'table' AND name LIKE 'killpoint~_%' ESCAPE '~'`,
    )
    .map(({ name }) => name)
  if (names.length === 0) return false
  const version = names.includes('killpoint_format')
    ? connection.row('SELECT max(version) AS version FROM killpoint_format')?.['version']
    : undefined
  assertFormat(connection, version)
  return true
}

/** Makes the tables where they are missing: all of them or none, and once however many try. */
export function makeTables(connection: Connection): void {
  if (hasTables(connection)) return
  connection.write(() => {
    if (!hasTables(connection)) connection.script(schema)
  })
}

/** `undefined` where there is no such run. @throws JournalCorruptError where there are rows of it and no head */
export function headOf(connection: Connection, runId: string): HeadRow | undefined {
  const head = connection.row(
    `SELECT epoch, batches, records, ${text('sum')} FROM killpoint_runs WHERE run = ?`,
    runId,
  ) as HeadRow | undefined
  if (head !== undefined) return head
  const left = connection.row(
    'SELECT (SELECT count(*) FROM killpoint_lives WHERE run = ?) + (SELECT count(*) FROM killpoint_batches WHERE run = ?) AS rows',
    runId,
    runId,
  )?.['rows']
  if (left === 0) return undefined
  throw corruptRow(
    { ...placeOf(connection), table: 'killpoint_runs', runId, row: 1, seq: 1 },
    `the row is missing, and ${String(left)} rows of the run are there`,
  )
}

const placeOf = ({ file }: Connection): Place => ({ file })

export function lifeOf(connection: Connection, runId: string, epoch: number): LifeRow | undefined {
  return connection.row(
    `SELECT ${lifeColumns} FROM killpoint_lives WHERE run = ? AND epoch = ?`,
    runId,
    epoch,
  ) as LifeRow | undefined
}

export function livesOf(connection: Connection, runId: string, most: number): readonly LifeRow[] {
  return connection.rows(
    `SELECT ${lifeColumns} FROM killpoint_lives WHERE run = ? AND epoch <= ? ORDER BY epoch`,
    runId,
    most,
  ) as unknown as LifeRow[]
}

export function batchOf(
  connection: Connection,
  runId: string,
  number: number,
): BatchRow | undefined {
  return connection.row(
    `SELECT number, epoch, seq, records, ${text('bodies', 'prev', 'sum')} FROM killpoint_batches WHERE run = ? AND number = ?`,
    runId,
    number,
  ) as BatchRow | undefined
}

/** How many rows there are, at or below whatever number. */
export function batchCount(connection: Connection, runId: string): number {
  const row = connection.row('SELECT count(*) AS rows FROM killpoint_batches WHERE run = ?', runId)
  return Number(row?.['rows'])
}

export function allHeads(
  connection: Connection,
): readonly { readonly run: string; readonly epoch: number }[] {
  return connection.rows(
    `SELECT epoch, ${text('run')} FROM killpoint_runs`,
  ) as unknown as readonly { run: string; epoch: number }[]
}

/** The new owner's row, and its epoch at the head. */
export function insertLife(
  connection: Connection,
  runId: string,
  life: LifeRow & { readonly at: string },
): void {
  const { epoch, nonce, name, owner, at, batches, records, sum } = life
  connection.run(
    'INSERT INTO killpoint_runs (run, epoch, batches, records, sum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET epoch = excluded.epoch',
    runId,
    epoch,
    batches,
    records,
    sum,
  )
  connection.run(
    'INSERT INTO killpoint_lives (run, epoch, nonce, name, owner, at, batches, records, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    runId,
    epoch,
    nonce,
    name,
    owner,
    at,
    batches,
    records,
    sum,
  )
}

/** Says how a life ended, where nobody has said it yet. */
export function endLife(
  connection: Connection,
  runId: string,
  epoch: number,
  ended: 'closed' | 'died',
): void {
  connection.run(
    'UPDATE killpoint_lives SET ended = ? WHERE run = ? AND epoch = ? AND ended IS NULL',
    ended,
    runId,
    epoch,
  )
}

/**
 * One batch, if this epoch still owns the run and the chain ends where its owner believes; the statement that asks is the
 * one that writes. False where it does not.
 */
export function appendBatch(
  connection: Connection,
  runId: string,
  row: BatchRow,
  end: ChainEnd,
): boolean {
  const moved = connection.row(
    'UPDATE killpoint_runs SET batches = ?, records = ?, sum = ? WHERE run = ? AND epoch = ? AND batches = ? AND sum = ? RETURNING epoch',
    end.batches,
    end.records,
    end.sum,
    runId,
    row.epoch,
    row.number - 1,
    row.prev,
  )
  if (moved === undefined) return false
  connection.run(
    'INSERT INTO killpoint_batches (run, number, epoch, seq, records, bodies, prev, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    runId,
    row.number,
    row.epoch,
    row.seq,
    row.records,
    row.bodies,
    row.prev,
    row.sum,
  )
  return true
}
