import { afterAll, describe, it } from 'vitest'
import { runLaws } from '../laws/run-laws.ts'
import { overPg, overPostgresJs, postgresPlace, testServer } from '../support/postgres-place.ts'

const server = await testServer()

if ('missing' in server) {
  describe('laws of the postgres journal', () => {
    it.skip(`not judged: ${server.missing}`, () => undefined)
  })
} else {
  afterAll(() => server.stop())
  const place = async () => postgresPlace(server.url, overPostgresJs)
  await runLaws({ name: 'postgres (postgres.js)', place }, { runs: 5 })

  const pgPlace = async () => {
    // What an append costs does not depend on the client.
    const { cost: _, ...rest } = postgresPlace(server.url, overPg)
    return rest
  }
  await runLaws({ name: 'postgres (pg)', place: pgPlace }, { runs: 2 })
}
