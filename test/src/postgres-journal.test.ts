import { afterAll, describe, it } from 'vitest'
import { describeLaws } from '../../harness/conformance.ts'
import { overPg, overPostgresJs, postgresPlace, testServer } from '../support/postgres-place.ts'

const server = await testServer()

if ('missing' in server) {
  describe('laws of the postgres journal', () => {
    it.skip(`not judged: ${server.missing}`, () => undefined)
  })
} else {
  afterAll(() => server.stop())
  const place = async () => postgresPlace(server.url, overPostgresJs)
  describeLaws({ describe, it }, 'postgres (postgres.js)', place, { runs: 5 })

  const pgPlace = async () => {
    // What an append costs does not depend on the client.
    const { cost: _, ...rest } = postgresPlace(server.url, overPg)
    return rest
  }
  describeLaws({ describe, it }, 'postgres (pg)', pgPlace, { runs: 2 })
}
