/**
 * The backend over PostgreSQL; where the server is, its service says, and which client, the system. Every case has a schema
 * of its own: they share a server, and their runs have one name.
 */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type { JournalBackend } from '../../../src/journal.ts'
import { type PostgresClient, postgresJournal } from '../../../src/postgres-journal.ts'
import type { BackendContext } from './backend.ts'

type PostgresJs = (url: string, options: object) => PostgresClient

export function createBackend({ dir, identity, random, clock }: BackendContext): JournalBackend {
  const url = process.env['KILLPOINT_POSTGRES_URL'] ?? ''
  const client = process.env['KILLPOINT_POSTGRES_CLIENT'] ?? 'postgres'
  const postgres = createRequire(import.meta.url)(client) as PostgresJs
  const schema = `case_${createHash('sha256').update(dir).digest('hex').slice(0, 20)}`
  return postgresJournal({
    client: () => postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined }),
    schema,
    identity,
    random,
    clock,
  })
}
