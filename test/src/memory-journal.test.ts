import { describe, it } from 'vitest'
import { describeLaws, type LawPlace } from '../../harness/conformance.ts'
import { memoryJournal } from '../../src/memory-journal.ts'

const place = (): LawPlace => {
  const backend = memoryJournal()
  return { start: () => ({ backend }), dispose: async () => undefined }
}

describeLaws({ describe, it }, 'memory', place, { runs: 200 })
