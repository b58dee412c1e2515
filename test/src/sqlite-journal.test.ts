import { describe, it } from 'vitest'
import { describeLaws } from '../../harness/conformance.ts'
import { nodeSqlite, openLibsql, sqlitePlace } from '../support/sqlite-place.ts'

const walPlace = () => sqlitePlace(openLibsql)
describeLaws({ describe, it }, 'sqlite (libsql, WAL)', walPlace, { runs: 6 })

const deletePlace = () => {
  // What an append costs does not depend on the journal mode.
  const { cost: _, ...place } = sqlitePlace(openLibsql, { journalMode: 'delete' })
  return place
}
describeLaws({ describe, it }, 'sqlite (libsql, DELETE)', deletePlace, { runs: 3 })

const builtin = nodeSqlite()
if ('open' in builtin) {
  const place = async () => sqlitePlace(builtin.open)
  describeLaws({ describe, it }, 'sqlite (node:sqlite)', place, { runs: 6 })
} else {
  describe('laws of the sqlite (node:sqlite) journal', () => {
    it.skip(`not judged: ${builtin.missing}`, () => undefined)
  })
}
