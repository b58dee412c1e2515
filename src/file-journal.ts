/**
 * The file journal: one segment per life, no lock. The safety argument stands here.
 */
import { openSegment } from './file-journal/open.ts'
import { ownedJournal } from './file-journal/owned-journal.ts'
import { listRuns } from './file-journal/list.ts'
import { readRun } from './file-journal/read.ts'
import { salvageRun } from './file-journal/salvage.ts'
import { type FileJournalOptions, settingsOf } from './file-journal/settings.ts'
import type { JournalBackend } from './journal.ts'
import { runSource } from './file-journal/run-source.ts'

export type { FileJournalOptions } from './file-journal/settings.ts'

/**
 * A journal of files under `options.dir`, one directory per run. Durable across process death and power loss.
 *
 * @throws InvalidArgumentError
 */
export function fileJournal(options: FileJournalOptions): JournalBackend {
  const settings = settingsOf(options)
  return {
    name: 'file',
    durability: 'power',
    open: async (runId, openOptions = {}) => {
      const source = runSource(settings, runId)
      return ownedJournal(source, settings, await openSegment(source, settings, openOptions))
    },
    read: async (runId) => readRun(runSource(settings, runId)),
    list: () => listRuns(settings),
    salvage: async (runId) => salvageRun(runSource(settings, runId)),
  }
}
