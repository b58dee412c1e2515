/** A document in a file that `write-file-atomic` replaces: a temporary file, synced, renamed. */
import fs from 'node:fs'
import { join } from 'node:path'
import type { BackendContext } from 'killpoint'
import type { JournalBackend } from 'killpoint/journal'
import writeFileAtomic from 'write-file-atomic'
import { type Document, documentJournal } from './document-journal.ts'

export { claims } from './claims.ts'

export function createBackend({ dir }: BackendContext): JournalBackend {
  return documentJournal('write-file-atomic', async (runId) => {
    const path = join(dir, `${runId}.json`)
    return {
      load: async () =>
        fs.existsSync(path) ? (JSON.parse(fs.readFileSync(path, 'utf8')) as Document) : undefined,
      save: (document) => writeFileAtomic(path, JSON.stringify(document)),
    }
  })
}
