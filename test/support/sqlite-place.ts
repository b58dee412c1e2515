/**
 * A SQLite database in a directory of its own, opened by processes that can die and fail between two calls.
 */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import type { Identity } from '../../src/identity.ts'
import type { JournalBackend } from '../../src/journal.ts'
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

/** What a process makes its backend of. */
export interface Store {
  readonly open: () => SqliteHandle
  readonly identity: Identity
}

type MakeBackend = (store: Store) => JournalBackend

/** A store on this disk; `options` are those of its journals. */
export function sqlitePlace(
  open: OpenDatabase,
  options: Partial<SqliteJournalOptions> = {},
): LawPlace {
  const place = placeOver(open, ({ open: database, identity }) =>
    sqliteJournal({ database, identity, ...options }),
  )
  return {
    ...place,
    damage: async (runId, drawn) => damageRow(open(place.file), runId, drawn),
  }
}

/** A store on this disk for any backend over SQLite. */
export function placeOver(
  open: OpenDatabase,
  make: MakeBackend,
): LawPlace & { readonly file: string } {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-sqlite-'))
  const file = path.join(dir, 'runs.db')
  const machine = new PretendMachine()
  return {
    file,
    start: () => startProcess(machine, () => open(file), make),
    cost: costOf,
    dispose: async () => fs.rmSync(dir, { recursive: true }),
  }
}

/** Commits that SQLite synced, of all processes. */
let synced = 0

function costOf(): { readonly bytes: number; readonly syncs: number } {
  // Where nobody counts bytes, only syncs are compared.
  const io = fs.existsSync('/proc/self/io') ? fs.readFileSync('/proc/self/io', 'utf8') : 'wchar: 0'
  return { bytes: Number(/^wchar: (\d+)$/m.exec(io)?.[1]), syncs: synced }
}

function startProcess(
  machine: PretendMachine,
  open: () => SqliteHandle,
  make: MakeBackend,
): LawProcess {
  const { identity, die } = machine.start()
  const state: Failing = { dead: false, next: undefined, left: 0 }
  return {
    backend: make({ open: () => failing(open(), state), identity }),
    kill: () => {
      state.dead = true
      die()
    },
    failNext: (what, nth = 1) => {
      state.next = what
      state.left = nth
    },
  }
}

interface Failing {
  dead: boolean
  next: 'write' | 'sync' | undefined
  left: number
}

/** A handle whose process can die, whose n-th write or commit can fail, and whose synced commits are counted. */
function failing(handle: SqliteHandle, state: Failing): SqliteHandle {
  let isWithin = false
  const check = (what: 'write' | 'sync' | 'other'): void => {
    if (state.dead) throw new Error('the process is dead')
    if (state.next !== what || --state.left > 0) return
    state.next = undefined
    throw Object.assign(new Error('disk I/O error'), {
      code: what === 'sync' ? 'SQLITE_IOERR_FSYNC' : 'SQLITE_IOERR_WRITE',
    })
  }
  // 2 is FULL: what is less does not sync the log in a commit.
  const countCommit = (): void => {
    const row = handle.prepare('PRAGMA synchronous').get() as { readonly synchronous: number }
    if (row.synchronous >= 2) synced++
  }
  return {
    exec: (sql) => {
      check(sql === 'COMMIT' ? 'sync' : 'other')
      const result = handle.exec(sql)
      if (sql === 'COMMIT') countCommit()
      if (sql.startsWith('BEGIN')) isWithin = true
      if (sql === 'COMMIT' || sql === 'ROLLBACK') isWithin = false
      return result
    },
    prepare: (sql) => {
      check('other')
      const statement = handle.prepare(sql)
      const isInsert = sql.startsWith('INSERT')
      return {
        run: (...parameters) => {
          check(isInsert ? 'write' : 'other')
          const result = statement.run(...parameters)
          if (isInsert && !isWithin) countCommit()
          return result
        },
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
