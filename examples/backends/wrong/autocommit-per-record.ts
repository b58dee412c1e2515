/**
 * Wrong in one way: every record of an append is a commit of its own. Whoever dies between two of them leaves half of a decision.
 */
import type { BackendContext } from 'killpoint'
import type { JournalBackend } from 'killpoint/journal'
import { createFlawed } from './sqlite.ts'

export function createBackend(context: BackendContext): JournalBackend {
  return createFlawed('autocommit-per-record', context)
}
