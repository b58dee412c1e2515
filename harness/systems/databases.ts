/**
 * The reference runtime over the journals that live in databases, as systems for a configuration.
 *
 * Neither shows its own writes to `node:fs`: SQLite's are made by native code, PostgreSQL's by its server. So crash points are
 * marks, and kills fall around them and at random. SQLite's writes are seen below the process, where the native hooks can be built:
 * there the explorer cuts its power. PostgreSQL does not claim power loss here: no engine could take the claim away.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { allClaims, type BackendSystem, type Claim, type Service } from '../system.ts'
import { postgresService } from './postgres-service.ts'
import { backendSystem, referenceSources } from './reference.ts'

const claims: readonly Claim[] = allClaims.filter((claim) => claim !== 'power')

export interface SqliteSystemOptions {
  /** Default `sqlite`. */
  readonly name?: string
  /** `better-sqlite3`, `libsql` (as your project has it) or `node:sqlite`. */
  readonly binding: string
}

/** The reference runtime over the SQLite journal. */
export function sqliteSystem({ name = 'sqlite', binding }: SqliteSystemOptions): BackendSystem {
  return {
    ...backendSystem({
      name,
      module: join(referenceSources, 'sqlite-backend.ts'),
      claims: allClaims,
    }),
    environment: { KILLPOINT_SQLITE: resolved(binding) },
    unseenStore: true,
  }
}

export interface PostgresSystemOptions {
  /** Default `postgres`. */
  readonly name?: string
  /** Default: `postgresService()`, a server of its own for the campaign. One of scope `case` is killed too (scenario `server-death`). */
  readonly service?: Service
}

/** The reference runtime over the PostgreSQL journal, through porsager's `postgres` as your project has it. */
export function postgresSystem({
  name = 'postgres',
  service = postgresService(),
}: PostgresSystemOptions = {}): BackendSystem {
  return {
    ...backendSystem({
      name,
      module: join(referenceSources, 'postgres-backend.ts'),
      // Replies come when they come.
      claims: [
        ...claims.filter((claim) => claim !== 'serial'),
        'wire',
        ...(service.scope === 'case' ? (['server'] as const) : []),
      ],
    }),
    environment: { KILLPOINT_POSTGRES_CLIENT: resolved('postgres') },
    services: [service],
    unseenStore: true,
  }
}

/** Where the package stands in the project that asks: the worker runs somewhere else. */
function resolved(name: string): string {
  if (name.startsWith('node:')) return name
  return createRequire(join(process.cwd(), 'package.json')).resolve(name)
}
