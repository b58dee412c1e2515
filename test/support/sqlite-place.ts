/**
 * A SQLite database in a directory of its own, opened by processes that can die and fail between two calls.
 */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import {
  sqliteJournal,
  type SqliteHandle,
  type SqliteJournalOptions,
} from '../../src/sqlite-journal.ts'
import type { LawPlace, LawProcess } from '../../harness/conformance/law-subject.ts'
import { PretendMachine } from '../../harness/conformance/machine.ts'

const require = createRequire(import.meta.url)

/** Opens a database file. */
export type OpenDatabase = (file: string) => SqliteHandle

/** libsql: better-sqlite3's interface, prebuilt. */
export const openLibsql: OpenDatabase = (file) => {
  const Database = require('libsql') as new (file: string) => SqliteHandle
  return new Database(file)
}

/** `node:sqlite`, or why it is not there. */
export function nodeSqlite(): { readonly open: OpenDatabase } | { readonly missing: string } {
  if (Number(process.versions.node.split('.')[0]) < 22)
    return { missing: `node:sqlite needs Node 22, this is ${process.versions.node}` }
  const { DatabaseSync } = require('node:sqlite') as {
    DatabaseSync: new (file: string) => SqliteHandle
  }
  return { open: (file) => new DatabaseSync(file) }
}

/** A store on this disk; `options` are those of its journals. */
export function sqlitePlace(
  open: OpenDatabase,
  options: Partial<SqliteJournalOptions> = {},
): LawPlace {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-sqlite-'))
  const file = path.join(dir, 'runs.db')
  const machine = new PretendMachine()
  return {
    start: () => startProcess(machine, () => open(file), options),
    damage: async (runId, drawn) => damageRow(open(file), runId, drawn),
    ...(fs.existsSync('/proc/self/io') ? { cost: costOf } : {}),
    dispose: async () => fs.rmSync(dir, { recursive: true }),
  }
}

let commits = 0

function costOf(): { readonly bytes: number; readonly syncs: number } {
  const io = fs.readFileSync('/proc/self/io', 'utf8')
  return { bytes: Number(/^wchar: (\d+)$/m.exec(io)?.[1]), syncs: commits }
}

function startProcess(
  machine: PretendMachine,
  open: () => SqliteHandle,
  options: Partial<SqliteJournalOptions>,
): LawProcess {
  const { identity, die } = machine.start()
  const state: Failing = { dead: false, next: undefined }
  return {
    backend: sqliteJournal({
      database: () => failing(open(), state),
      identity,
      ...options,
    }),
    kill: () => {
      state.dead = true
      die()
    },
    failNext: (what) => (state.next = what),
  }
}

interface Failing {
  dead: boolean
  next: 'write' | 'sync' | undefined
}

/** A handle whose process can die, and whose next write or commit can fail. */
function failing(handle: SqliteHandle, state: Failing): SqliteHandle {
  const check = (what: 'write' | 'sync' | 'other'): void => {
    if (state.dead) throw new Error('the process is dead')
    if (state.next !== what) return
    state.next = undefined
    throw Object.assign(new Error('disk I/O error'), {
      code: what === 'sync' ? 'SQLITE_IOERR_FSYNC' : 'SQLITE_IOERR_WRITE',
    })
  }
  return {
    exec: (sql) => {
      check(sql === 'COMMIT' ? 'sync' : 'other')
      if (sql === 'COMMIT') commits++
      return handle.exec(sql)
    },
    prepare: (sql) => {
      check('other')
      const statement = handle.prepare(sql)
      const what = sql.startsWith('INSERT') ? 'write' : 'other'
      return {
        run: (...parameters) => (check(what), statement.run(...parameters)),
        get: (...parameters) => (check('other'), statement.get(...parameters)),
        all: (...parameters) => (check('other'), statement.all(...parameters)),
      }
    },
    close: () => handle.close(),
  }
}

/** Changes one value in a row of the first life, its last row apart. */
function damageRow(handle: SqliteHandle, runId: string, drawn: number): void {
  const rows = handle
    .prepare('SELECT number FROM killpoint_batches WHERE run = ? AND epoch = 1 ORDER BY number')
    .all(runId) as { number: number }[]
  const row = rows[drawn % Math.max(1, rows.length - 1)]
  const change = changes[drawn % changes.length]
  handle
    .prepare(`UPDATE killpoint_batches SET ${change} WHERE run = ? AND number = ?`)
    .run(runId, row?.number ?? 1)
  handle.close()
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
