/**
 * The statements of the PostgreSQL journal, and nothing else that knows SQL. Each is by itself, and so is each transaction.
 *
 * `writer` at the head of a run is who may append: a token that its owner changes after a connection was lost, so that a
 * statement which is still on its way to the server can no longer do anything.
 */
import { assertFormat } from '../table-journal/corrupt-row.ts'
import { tableFormat } from '../table-journal/rows.ts'
import type { Session } from './session.ts'

export interface Statements {
  readonly head: string
  readonly orphans: string
  readonly beyond: string
  readonly lives: string
  readonly life: string
  readonly batches: string
  readonly begin: string
  readonly takeOver: string
  readonly end: string
  readonly append: string
  readonly rewriter: string
  readonly runs: string
}

const chain = 'batches, records, sum'
const lifeColumns = `epoch, nonce, name, owner, session, ${chain}, ended`
const batchColumns = 'number, epoch, seq, records, bodies, prev, sum'

/** What is asked again inside of each commit; `$1` is the durability that is claimed. */
const durable =
  "current_setting('synchronous_commit') <> 'off' AND ($1::text = 'process' OR current_setting('fsync') = 'on')"

const newLife = `INSERT INTO SCHEMA.lives (run, epoch, nonce, name, owner, session, at, batches, records, sum)
  SELECT $2::text, epoch, $3::text, $4::text, $5::text, $6::int, $7::text, ${chain} FROM head
  RETURNING epoch, ${chain}`

/** All statements over the tables of a schema, whose name is a plain one. */
export function statementsFor(schema: string): Statements {
  const statements: Statements = {
    head: `SELECT epoch, ${chain} FROM SCHEMA.runs WHERE run = $1::text`,
    orphans: `SELECT (SELECT count(*)::int FROM SCHEMA.lives WHERE run = $1::text)
      + (SELECT count(*)::int FROM SCHEMA.batches WHERE run = $1::text) AS rows
      WHERE NOT EXISTS (SELECT 1 FROM SCHEMA.runs WHERE run = $1::text)`,
    beyond: `SELECT count(*)::int AS rows FROM SCHEMA.batches b JOIN SCHEMA.runs r USING (run)
      WHERE run = $1::text AND (b.number > r.batches OR b.number < 1)`,
    lives: `SELECT ${lifeColumns} FROM SCHEMA.lives WHERE run = $1::text AND epoch <= $2::int ORDER BY epoch`,
    life: `SELECT ${lifeColumns} FROM SCHEMA.lives WHERE run = $1::text AND epoch = $2::int`,
    batches: `SELECT ${batchColumns} FROM SCHEMA.batches
      WHERE run = $1::text AND number >= $2::int AND number <= $3::int ORDER BY number`,
    begin: `WITH head AS (
      INSERT INTO SCHEMA.runs (run, epoch, writer, batches, records, sum)
      SELECT $2::text, 1, $3::text, 0, 0, $8::text WHERE ${durable}
      ON CONFLICT DO NOTHING RETURNING epoch, ${chain}) ${newLife}`,
    takeOver: `WITH head AS (
      UPDATE SCHEMA.runs SET epoch = epoch + 1, writer = $3::text
      WHERE run = $2::text AND epoch = $8::int AND ${durable} RETURNING epoch, ${chain}),
      displaced AS (
      UPDATE SCHEMA.lives SET ended = $9::text
      WHERE run = $2::text AND epoch = $8::int AND ended IS NULL AND EXISTS (SELECT 1 FROM head)) ${newLife}`,
    end: `UPDATE SCHEMA.lives SET ended = 'closed'
      WHERE run = $1::text AND epoch = $2::int AND nonce = $3::text AND ended IS NULL`,
    append: `WITH head AS (
      UPDATE SCHEMA.runs SET batches = $5::int, records = $7::int + $8::int - 1, sum = $11::text
      WHERE run = $2::text AND epoch = $3::int AND writer = $4::text AND batches = $5::int - 1 AND sum = $10::text
      AND pg_backend_pid() = $6::int AND ${durable} RETURNING run)
      INSERT INTO SCHEMA.batches (run, ${batchColumns})
      SELECT run, $5::int, $3::int, $7::int, $8::int, $9::text, $10::text, $11::text FROM head
      RETURNING number`,
    rewriter: `UPDATE SCHEMA.runs SET writer = $4::text
      WHERE run = $1::text AND epoch = $2::int AND writer IN ($3::text, $4::text) RETURNING ${chain}`,
    runs: 'SELECT run, epoch FROM SCHEMA.runs',
  }
  return Object.fromEntries(
    Object.entries(statements).map(([name, text]: [string, string]) => [
      name,
      text.replaceAll('SCHEMA', schema),
    ]),
  ) as unknown as Statements
}

/** True where the tables are there; refuses tables of another making. @throws FormatVersionError, NotAJournalError */
export async function hasTables(session: Session, schema: string): Promise<boolean> {
  const tables = await session.repeatable(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1::text AND tablename IN ('format', 'runs', 'lives', 'batches')`,
    schema,
  )
  if (tables.length === 0) return false
  const versions = tables.some(({ name }) => name === 'format')
    ? await session.repeatable(`SELECT max(version) AS version FROM ${schema}.format`)
    : []
  assertFormat({ file: await session.place() }, versions[0]?.['version'])
  return true
}

/** Makes the tables: all of them or none, and once however many try. */
export async function makeTables(session: Session, schema: string): Promise<void> {
  if (await hasTables(session, schema)) return
  await session.repeatable(`DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('killpoint'), hashtext('${schema}'));
    IF to_regclass('${schema}.format') IS NULL THEN
      IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA ${schema}; END IF;
      CREATE TABLE ${schema}.format (version int NOT NULL);
      INSERT INTO ${schema}.format VALUES (${tableFormat});
      CREATE TABLE ${schema}.runs (
        run text COLLATE "C" PRIMARY KEY, epoch int NOT NULL, writer text NOT NULL,
        batches int NOT NULL, records int NOT NULL, sum text NOT NULL) WITH (fillfactor = 50);
      CREATE TABLE ${schema}.lives (
        run text COLLATE "C", epoch int, nonce text NOT NULL, name text NOT NULL, owner text NOT NULL,
        session int NOT NULL, at text NOT NULL, batches int NOT NULL, records int NOT NULL, sum text NOT NULL,
        ended text CHECK (ended IN ('closed', 'died')), PRIMARY KEY (run, epoch));
      CREATE TABLE ${schema}.batches (
        run text COLLATE "C", number int, epoch int NOT NULL, seq int NOT NULL, records int NOT NULL,
        bodies text NOT NULL, prev text NOT NULL, sum text NOT NULL, PRIMARY KEY (run, number));
    END IF; END $$`)
}
