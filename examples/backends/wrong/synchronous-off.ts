/**
 * Wrong in one way: it says `power`, and `synchronous = OFF` lets the operating system write when it likes. No kill will ever tell.
 */
import type { BackendContext } from 'killpoint'
import type { JournalBackend } from 'killpoint/journal'
import { createFlawed } from './sqlite.ts'

export function createBackend(context: BackendContext): JournalBackend {
  return createFlawed('synchronous-off', context)
}
