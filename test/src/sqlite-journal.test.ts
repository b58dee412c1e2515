import { describe, it } from 'vitest'
import { runLaws } from '../laws/run-laws.ts'
import { nodeSqlite, openLibsql, sqlitePlace } from '../support/sqlite-place.ts'

await runLaws(
  { name: 'sqlite (libsql, WAL)', place: async () => sqlitePlace(openLibsql) },
  { runs: 6 },
)

await runLaws(
  {
    name: 'sqlite (libsql, DELETE)',
    place: async () => {
      // What an append costs does not depend on the journal mode.
      const { cost: _, ...place } = sqlitePlace(openLibsql, { journalMode: 'delete' })
      return place
    },
  },
  { runs: 3 },
)

const builtin = nodeSqlite()
if ('open' in builtin) {
  const place = async () => sqlitePlace(builtin.open)
  await runLaws({ name: 'sqlite (node:sqlite)', place }, { runs: 6 })
} else {
  describe('laws of the sqlite (node:sqlite) journal', () => {
    it.skip(`not judged: ${builtin.missing}`, () => undefined)
  })
}
