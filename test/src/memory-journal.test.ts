import { memoryJournal } from '../../src/memory-journal.ts'
import { runLaws } from '../laws/run-laws.ts'

await runLaws(
  {
    name: 'memory',
    place: async () => {
      const backend = memoryJournal()
      return { start: () => ({ backend }), dispose: async () => undefined }
    },
  },
  { runs: 200 },
)
