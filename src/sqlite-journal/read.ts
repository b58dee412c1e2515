/**
 * Reading a run, as its owner and as anybody: all in one transaction, so that it is one state of the database.
 */
import type { RunImage, SalvagedImage } from '../journal.ts'
import type { BatchRow, ChainEnd } from '../table-journal/rows.ts'
import { RunReader, salvageRows } from '../table-journal/run-reader.ts'
import type { Connection } from './connection.ts'
import { isDamage, readError } from './sqlite-errors.ts'
import { batchCount, batchOf, hasTables, headOf, livesOf } from './tables.ts'

/** What a life recovered: the chain up to its decision. @throws JournalCorruptError, JournalUnreadableError */
export function readRows(
  connection: Connection,
  runId: string,
  life: ChainEnd & { readonly epoch: number },
): RunReader {
  return reading(connection, () => {
    const lives = livesOf(connection, runId, life.epoch)
    return readChain(
      connection,
      new RunReader(connection, { runId, head: life, lives }),
      runId,
      life,
    )
  })
}

/** `undefined` where no such run exists. @throws JournalCorruptError, JournalUnreadableError, FormatVersionError */
export function readRun(connection: Connection, runId: string): RunImage | undefined {
  return reading(connection, () => {
    const head = hasTables(connection) ? headOf(connection, runId) : undefined
    if (head === undefined) return undefined
    const lives = livesOf(connection, runId, Number.MAX_SAFE_INTEGER)
    const reader = new RunReader(connection, { runId, head, lives })
    readChain(connection, reader, runId, head)
    if (batchCount(connection, runId) > head.batches)
      throw reader.damaged('a row stands behind the last one')
    return reader.image()
  })
}

/** The batches that are whole in themselves, and what was left out. */
export function salvageRun(connection: Connection, runId: string): SalvagedImage | undefined {
  return reading(connection, () => {
    const head = hasTables(connection) ? headOf(connection, runId) : undefined
    if (head === undefined) return undefined
    const lives = livesOf(connection, runId, Number.MAX_SAFE_INTEGER)
    return salvageRows(connection, { runId, head, lives }, (number) =>
      rowOrReason(connection, runId, number),
    )
  })
}

function readChain(
  connection: Connection,
  reader: RunReader,
  runId: string,
  { batches }: ChainEnd,
): RunReader {
  while (reader.next <= batches) {
    let row: BatchRow | undefined
    try {
      row = batchOf(connection, runId, reader.next)
    } catch (error) {
      throw isDamage(error) ? reader.damaged('SQLite cannot read it', error) : error
    }
    reader.add(row)
  }
  return reader
}

function rowOrReason(
  connection: Connection,
  runId: string,
  number: number,
): BatchRow | undefined | { readonly unreadable: string } {
  try {
    return batchOf(connection, runId, number)
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) }
  }
}

function reading<Result>(connection: Connection, body: () => Result): Result {
  try {
    return connection.read(body)
  } catch (error) {
    throw readError(connection.file, error)
  }
}
