/** The backend that the worker runs over unless it is told another one: the file journal. */
import { fileJournal } from '../../../src/file-journal.ts'
import type { JournalBackend } from '../../../src/journal.ts'
import type { BackendContext } from './backend.ts'

export function createBackend({ dir, identity, random, clock }: BackendContext): JournalBackend {
  return fileJournal({ dir, identity, random, clock })
}
