/** A document in a `lowdb` database, written by its JSON file adapter. */
import { join } from 'node:path'
import type { BackendContext } from 'killpoint'
import type { JournalBackend } from 'killpoint/journal'
import { JSONFilePreset } from 'lowdb/node'
import { type Document, documentJournal } from './document-journal.ts'

export { claims } from './claims.ts'

export function createBackend({ dir }: BackendContext): JournalBackend {
  return documentJournal('lowdb', async (runId) => {
    const db = await JSONFilePreset<{ run?: Document }>(join(dir, `${runId}.json`), {})
    return {
      load: async () => db.data.run,
      save: async (document) => {
        db.data.run = document
        await db.write()
      },
    }
  })
}
