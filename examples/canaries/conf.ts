/** A document in a `conf` settings file. */
import type { BackendContext } from 'killpoint'
import type { JournalBackend } from 'killpoint/journal'
import Conf from 'conf'
import { type Document, documentJournal } from './document-journal.ts'

export { claims } from './claims.ts'

export function createBackend({ dir }: BackendContext): JournalBackend {
  return documentJournal('conf', async (runId) => {
    const conf = new Conf<{ run?: Document }>({ cwd: dir, configName: runId })
    return {
      load: async () => conf.get('run'),
      save: async (document) => conf.set('run', document),
    }
  })
}
