/**
 * All runs under a directory.
 */
import path from 'node:path'
import { JournalUnreadableError, KillpointError, NotAJournalError, systemCode } from '../errors.ts'
import type { RunSummary } from '../journal.ts'
import { runIdOfDirectoryName } from '../run-id.ts'
import { runFiles } from './run-files.ts'
import type { Settings } from './settings.ts'
import { listRun, segmentNumbers } from './source.ts'
import { unreadableError } from './storage-errors.ts'

/** Every run that can be seen; then, where some could not, one error that names them (J8: they hide no others). */
export async function* listRuns(settings: Settings): AsyncGenerator<RunSummary> {
  const unreadable: string[] = []
  for (const runId of await runIds(settings)) {
    try {
      const names = await listRun({ run: runFiles(settings.dir, runId), ...settings })
      const epoch = segmentNumbers(names ?? []).at(-1)
      if (epoch !== undefined) yield { runId, epoch }
    } catch (error) {
      // A file with a name like a run's is no run.
      if (error instanceof NotAJournalError) continue
      if (!(error instanceof KillpointError)) throw error
      unreadable.push(runId)
    }
  }
  if (unreadable.length === 0) return
  throw new JournalUnreadableError(
    `could not read ${unreadable.length} run directories: ${unreadable.join(', ')}`,
    {
      hint: 'the other runs were listed; make these readable',
      details: { dir: settings.dir, runs: unreadable.join(', ') },
    },
  )
}

async function runIds(settings: Settings): Promise<readonly string[]> {
  try {
    const names = await settings.fileSystem.list(settings.dir)
    return names.map(runIdOfDirectoryName).filter((runId) => runId !== undefined)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw unreadableError(path.resolve(settings.dir), error)
  }
}
