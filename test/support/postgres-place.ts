/**
 * Schemas of a real PostgreSQL server, opened by processes that can die, fail and lose their connections.
 */
import { createRequire } from 'node:module'
import os from 'node:os'
import fs from 'node:fs'
import path from 'node:path'
import postgres from 'postgres'
import { postgresService, postgresUrlVariable } from '../../harness/systems/postgres-service.ts'
import { findPostgres, noPostgresHint } from '../../harness/systems/postgres-programs.ts'
import type { RunningService } from '../../harness/system.ts'
import {
  type PgClient,
  type PostgresClient,
  type PostgresConnection,
  postgresJournal,
  type PostgresJournalOptions,
} from '../../src/postgres-journal.ts'
import { connectionOver } from '../../src/postgres-journal/connection.ts'
import type { LawPlace, LawProcess } from '../../harness/conformance/law-subject.ts'
import { PretendMachine } from '../../harness/conformance/machine.ts'

const require = createRequire(import.meta.url)

/** A server for a test file, or why there is none. */
export type TestServer =
  | { readonly url: string; readonly service: RunningService | undefined; stop(): Promise<void> }
  | { readonly missing: string }

/** The server that the environment names (which is never killed), or one of our own. */
export async function testServer(
  settings: Readonly<Record<string, string>> = {},
  isOwn = false,
): Promise<TestServer> {
  const named = process.env[postgresUrlVariable]
  if (named !== undefined && !isOwn)
    return { url: named, service: undefined, stop: async () => undefined }
  if (findPostgres(process.cwd()) === undefined)
    return { missing: `there is no PostgreSQL here: ${noPostgresHint}` }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-pg-test-'))
  const service = await postgresService({ settings }).start(directory)
  return {
    url: service.environment[postgresUrlVariable] ?? '',
    service,
    stop: async () => {
      await service.stop()
      fs.rmSync(directory, { recursive: true })
    },
  }
}

/** porsager's client. */
export const overPostgresJs = (url: string): PostgresClient =>
  postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined })

/** The client of `pg`. */
export const overPg = (url: string): PostgresClient => {
  const { Client } = require('pg') as { Client: new (url: string) => PgClient }
  return new Client(url)
}

let schemas = 0

/** A schema of its own; `options` are those of its journals. */
export function postgresPlace(
  url: string,
  clientOf: (url: string) => PostgresClient = overPostgresJs,
  options: Partial<PostgresJournalOptions> = {},
): LawPlace {
  const schema = `laws_${process.pid}_${++schemas}`
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined })
  const machine = new PretendMachine()
  let commits = 0
  const walBytes = async (): Promise<number> => {
    const [row] =
      await sql`SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes`
    return Number(row?.['bytes'])
  }
  return {
    start: () =>
      startProcess(
        machine,
        () => clientOf(url),
        () => commits++,
        { schema, ...options },
      ),
    damage: async (runId, drawn) => {
      const change = changes[drawn % changes.length]
      const rows = await sql.unsafe(
        `SELECT number FROM ${schema}.batches WHERE run = $1 AND epoch = 1 ORDER BY number`,
        [runId],
      )
      const row = rows[drawn % Math.max(1, rows.length - 1)]
      await sql.unsafe(`UPDATE ${schema}.batches SET ${change} WHERE run = $1 AND number = $2`, [
        runId,
        Number(row?.['number'] ?? 1),
      ])
    },
    cost: async () => ({ bytes: await walBytes(), syncs: commits }),
    dispose: async () => {
      await sql.unsafe(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await sql.end()
    },
  }
}

const changes = [
  "bodies = replace(bodies, ']', ' ]')",
  'bodies = substr(bodies, 1, length(bodies) - 1)',
  'seq = seq + 1',
  'records = records + 1',
  'epoch = 2',
  "sum = '00000000'",
  "prev = '00000000'",
  'number = number + 1000',
]

interface Failing {
  dead: boolean
  next: 'write' | 'sync' | undefined
  refused: number
}

function startProcess(
  machine: PretendMachine,
  client: () => PostgresClient,
  onAppend: () => void,
  options: Partial<PostgresJournalOptions>,
): LawProcess {
  const { identity, die } = machine.start()
  const state: Failing = { dead: false, next: undefined, refused: 0 }
  const open = new Set<PostgresConnection>()
  return {
    backend: postgresJournal({
      client: async () => {
        if (state.dead) throw new Error('the process is dead')
        if (state.refused-- > 0) throw new Error('connect ECONNREFUSED')
        state.refused = 0
        const connection = failing(await connectionOver(client()), state, onAppend)
        open.add(connection)
        return connection
      },
      identity,
      reconnectMs: 10,
      ...options,
    }),
    kill: () => {
      state.dead = true
      die()
      for (const connection of open) void connection.close()
    },
    // An append is one write: there is no second.
    failNext: (what, nth = 1) => (state.next = nth === 1 ? what : undefined),
  }
}

/** A connection whose process can die, and whose next append can fail or be left without a reply. */
function failing(
  connection: PostgresConnection,
  state: Failing,
  onAppend: () => void,
): PostgresConnection {
  return {
    query: async (text, parameters) => {
      if (state.dead) throw new Error('the process is dead')
      const isAppend = text.includes('INSERT INTO') && text.includes('pg_backend_pid()')
      if (isAppend) onAppend()
      const fails = isAppend ? state.next : undefined
      if (isAppend) state.next = undefined
      if (fails === 'write')
        throw Object.assign(new Error('could not extend file: No space left on device'), {
          severity: 'ERROR',
          code: '53100',
        })
      const rows = await connection.query(text, parameters)
      if (fails !== 'sync') return rows
      // Committed, and nobody hears of it; then the server cannot be reached for a while.
      state.refused = 1
      throw new Error('read ECONNRESET')
    },
    close: () => connection.close(),
  }
}
