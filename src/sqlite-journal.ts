/**
 * The SQLite journal: all runs in one database file, through a handle that the caller brings.
 *
 * Tables and their chain of checksums: `table-journal/rows.ts`. An append is one transaction: it moves the head of the run
 * from the end that this life knows to the end behind the new batch, *where the epoch is still its own*, and inserts the
 * batch. Taking a run over is one transaction too: it raises the epoch and notes where the chain ends.
 *
 * Invariants
 *
 *  Q1 Own commit. Every transaction is begun and committed by us, in one synchronous call. A handle that is inside of
 *     somebody else's transaction refuses `BEGIN`, so that no acknowledgement waits for a commit of theirs.
 *  Q2 Told and asked. The pragmas that durability rests on are set, read back, and read again inside of every commit.
 *  Q3 Serial. SQLite has one writer at a time, and `BEGIN IMMEDIATE` takes that place before it reads. So between the look
 *     at the epoch and the commit there is nobody.
 *
 * Why it is right
 *
 *  J1  `COMMIT` returned. In WAL mode with synchronous FULL it has synced the log, and the directory when the log was new;
 *      in DELETE mode with EXTRA the database, and the directory after the rollback journal was removed. (FULL does not do
 *      the latter: after a power loss the journal may be back, and roll back what was acknowledged.)
 *  J2, J3  An append is within one row, and rows are a chain.
 *  J4, J5  By Q3 transactions of a run have an order. A take-over sees every append before it and stops every one after: the
 *      head's epoch is no longer theirs. What an un-acknowledged commit left in the log is decided by SQLite's own
 *      recovery, before the take-over can begin, and made durable by the take-over's own sync of that log.
 *  J6  `commit-queue.ts`. The connection is closed where it is ours: a failed sync is never tried again by us.
 *  J7  The chain, the head and SQLite's own checks; `SQLITE_CORRUPT` and `SQLITE_NOTADB` are damage, never an empty run.
 *  J9  Taking over is one transaction: it happened or it did not.
 *  J10 A commit touches one row of each table, whatever their length; SQLite's checkpoints write each page once more.
 *  J11 The take-over checks that the epoch is still the one that was judged; of two, the second finds it changed.
 *
 * How it fails. Loudly, with a typed error. Limits, which `docs/backends.md` repeats: all runs share one file, so damage to
 * its pages may touch several, and a writer waits for the writers of other runs; a read in DELETE mode may wait for a
 * writer; calls block the thread while SQLite syncs; no file system whose locks or syncs lie, so no network file system; a
 * page that a *failed* sync marked clean, found whole by a later life in the page cache and lost in a power loss after that,
 * is beyond SQLite's knowledge and ours. Records beyond `bytesMax` are refused: there is no blob store.
 */
import type { JournalBackend } from './journal.ts'
import { checkOpenOptions } from './open-options.ts'
import { assertRunId } from './run-id.ts'
import { Connection } from './sqlite-journal/connection.ts'
import { openRun } from './sqlite-journal/owned-journal.ts'
import { readRun, salvageRun } from './sqlite-journal/read.ts'
import { settingsOf, type SqliteJournalOptions } from './sqlite-journal/settings.ts'
import { readError } from './sqlite-journal/sqlite-errors.ts'
import { allHeads, hasTables } from './sqlite-journal/tables.ts'

export type { SqliteHandle, SqliteStatement, SqliteValue } from './sqlite-journal/handle.ts'
export type { SqliteJournalOptions } from './sqlite-journal/settings.ts'

/**
 * A journal in a SQLite database, through any handle shaped like better-sqlite3's.
 *
 * @throws InvalidArgumentError
 */
export function sqliteJournal(options: SqliteJournalOptions): JournalBackend {
  const settings = settingsOf(options)
  const looking = <Result>(body: (connection: Connection) => Result): Result => {
    const connection = Connection.open(settings)
    try {
      return body(connection)
    } catch (error) {
      throw readError(connection.file, error)
    } finally {
      connection.close()
    }
  }
  return {
    name: 'sqlite',
    durability: settings.durability,
    open: async (runId, openOptions) => {
      assertRunId(runId)
      const checked = checkOpenOptions(openOptions)
      const connection = Connection.open(settings)
      try {
        return await openRun(connection, settings, runId, checked)
      } catch (error) {
        connection.close()
        throw error
      }
    },
    read: async (runId) => {
      assertRunId(runId)
      return looking((connection) => readRun(connection, runId))
    },
    list: async function* list() {
      const heads = looking((connection) => (hasTables(connection) ? allHeads(connection) : []))
      for (const { run, epoch } of heads) yield { runId: run, epoch }
    },
    salvage: async (runId) => {
      assertRunId(runId)
      return looking((connection) => salvageRun(connection, runId))
    },
  }
}
