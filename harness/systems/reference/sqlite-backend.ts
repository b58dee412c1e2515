/** The backend over SQLite; which binding, the system says in `KILLPOINT_SQLITE`. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { JournalBackend } from '../../../src/journal.ts'
import { sqliteJournal, type SqliteHandle } from '../../../src/sqlite-journal.ts'
import type { BackendContext } from './backend.ts'

type Constructor = new (file: string) => SqliteHandle

export function createBackend({ dir, identity, random, clock }: BackendContext): JournalBackend {
  const Database = constructorOf(process.env['KILLPOINT_SQLITE'] ?? 'node:sqlite')
  const file = join(dir, 'runs.db')
  return sqliteJournal({ database: () => new Database(file), identity, random, clock })
}

function constructorOf(binding: string): Constructor {
  const loaded: unknown = createRequire(import.meta.url)(binding)
  if (typeof loaded === 'function') return loaded as Constructor
  return (loaded as { readonly DatabaseSync: Constructor }).DatabaseSync
}
