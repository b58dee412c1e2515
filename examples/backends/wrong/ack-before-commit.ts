/**
 * Wrong in one way: an append is acknowledged when it is handed over, and committed in the next turn of the event loop. A process
 * that dies in between takes it along.
 */
import type { BackendContext } from 'killpoint'
import type { JournalBackend } from 'killpoint/journal'
import { createFlawed } from './sqlite.ts'

export function createBackend(context: BackendContext): JournalBackend {
  return createFlawed('ack-before-commit', context)
}
