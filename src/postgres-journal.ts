/**
 * The PostgreSQL journal: where runs outgrow one machine. Any worker on any host may open a run.
 *
 * Tables and their chain of checksums: `table-journal/rows.ts`. An append is one statement, and so one round trip: it moves
 * the head of the run from the end that this life knows to the end behind the new batch, *where the epoch is still its own*,
 * and inserts the batch. Taking a run over is one statement too: it raises the epoch and notes where the chain ends.
 *
 * Invariants
 *
 *  P1 By itself. Every statement is a transaction of its own, over a connection of our own: there is no state between two.
 *  P2 One row. Append, take-over and change of token all update the run's head under a condition on it. PostgreSQL lets
 *     one do so at a time, and the next one looks again at what the one before has left (or fails with a conflict).
 *  P3 Asked in the commit. The statement that writes also asks for `synchronous_commit`, for `fsync` where power loss
 *     counts, and for the connection that it is on: a setting or a connection that changed is a refusal, not a risk.
 *  P4 Unknown first. A statement without a reply is decided before anything else is done (`postgres-journal/appender.ts`).
 *
 * Why it is right
 *
 *  J1  The reply to a statement comes after its commit record was flushed (P3), and what is flushed the server recovers,
 *      after a kill of its processes as after a power loss.
 *  J2, J3  An append is within one row, and rows are a chain.
 *  J4, J5  By P2 appends and take-overs of a run have an order. A take-over sees every append before it and stops every one
 *      after. An old owner's statement that is still on its way finds another epoch when it arrives.
 *  J6  `commit-queue.ts`. An append that stays unknown poisons: nobody knows where the chain ends.
 *  J7  The chain and the head. PostgreSQL's own page checksums, where they are on, are told as `JournalUnreadableError`.
 *  J9  Taking over is one statement: it happened or it did not, and a second try finds its own nonce.
 *  J10 A commit touches one row of each table, whatever their length.
 *  J11 The take-over checks that the epoch is still the one that was judged; of two, the second finds it changed.
 *
 * Liveness is judged as everywhere (`identity.ts`), and where that says *unknown*, for an owner on another host, by its
 * session: it lives as long as the server sees its connection. An owner whose connection is broken at that moment counts as
 * dead, may be robbed under `if-dead`, and is fenced; it loses nothing that was acknowledged.
 *
 * How it fails. Loudly, with a typed error. Limits, which `docs/backends.md` repeats: replicas are the server's business (a
 * failover to a standby that lags loses what it lags, unless replication is synchronous); no pooler that gives each
 * statement another connection; a server that lies about `fsync`, on a disk that does, is beyond what it can see.
 */
import type { JournalBackend } from './journal.ts'
import { checkOpenOptions } from './open-options.ts'
import { openRun } from './postgres-journal/owned-journal.ts'
import { readError, writeError } from './postgres-journal/postgres-errors.ts'
import { readRun, salvageRun, type Store } from './postgres-journal/read.ts'
import { Session } from './postgres-journal/session.ts'
import { type PostgresJournalOptions, settingsOf } from './postgres-journal/settings.ts'
import { hasTables, statementsFor } from './postgres-journal/statements.ts'
import { assertRunId } from './run-id.ts'

export type {
  PgClient,
  PostgresClient,
  PostgresConnection,
  PostgresJsClient,
  PostgresRow,
  PostgresValue,
} from './postgres-journal/connection.ts'
export type { PostgresJournalOptions } from './postgres-journal/settings.ts'

/**
 * A journal in a PostgreSQL database, through porsager's `postgres`, `pg` or any other client.
 *
 * @throws InvalidArgumentError
 */
export function postgresJournal(options: PostgresJournalOptions): JournalBackend {
  const settings = settingsOf(options)
  const { schema } = settings
  const session = new Session(settings)
  const store: Store = { session, schema, statements: statementsFor(schema) }
  const looking = <Result>(body: () => Promise<Result>): Promise<Result> =>
    session.using(body).catch((error: unknown) => {
      throw readError(schema, error)
    })
  return {
    name: 'postgres',
    durability: settings.durability,
    open: async (runId, openOptions) => {
      assertRunId(runId)
      const checked = checkOpenOptions(openOptions)
      try {
        return await session.using(() => openRun(store, settings, runId, checked))
      } catch (error) {
        throw writeError('open', `run ${runId}`, error)
      }
    },
    read: async (runId) => {
      assertRunId(runId)
      return await looking(() => readRun(store, runId))
    },
    list: async function* list() {
      const rows = await looking(async () =>
        (await hasTables(session, schema)) ? await session.repeatable(store.statements.runs) : [],
      )
      for (const { run, epoch } of rows) yield { runId: String(run), epoch: Number(epoch) }
    },
    salvage: async (runId) => {
      assertRunId(runId)
      return await looking(() => salvageRun(store, runId))
    },
  }
}
