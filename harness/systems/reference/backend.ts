/**
 * What a module has to export to be tested as a journal backend: `createBackend`. It is called once per life.
 */
import type { Clock } from '../../../src/clock.ts'
import type { Identity } from '../../../src/identity.ts'
import type { JournalBackend } from '../../../src/journal.ts'
import type { Random } from '../../../src/random.ts'

/** What a life gives a backend. A backend that ignores all but `dir` is tested just as well, only not byte for byte. */
export interface BackendContext {
  /** The directory that survives lives. */
  readonly dir: string
  readonly identity: Identity
  readonly random: Random
  readonly clock: Clock
}

export type CreateBackend = (context: BackendContext) => JournalBackend | Promise<JournalBackend>
