/**
 * A run of a million records, made without a sync per append: only its bytes matter.
 */
import fs from 'node:fs'
import { fileJournal } from '../src/file-journal.ts'
import { type FileSystem, systemFileSystem } from '../src/file-system.ts'
import { stepBody } from './append-rate.ts'

export const largeRecords = 1_000_000

/** Appends `largeRecords` records of 100 bytes to a run, `perBatch` in a batch. */
export async function makeLargeRun(dir: string, runId: string, perBatch: number): Promise<void> {
  const journal = await fileJournal({ dir, fileSystem: unsynced }).open(runId)
  for (let index = 0; index < largeRecords; index += perBatch) {
    const bodies = Array.from({ length: perBatch }, (_, offset) => stepBody(index + offset))
    await journal.append(bodies)
  }
  await journal.close()
}

/** The segment of the run's first life. */
export function segmentOf(dir: string, runId: string): string {
  return `${dir}/${runId}/000001.log`
}

/** The bodies alone, one a line: what a journal without frames would hold. */
export function writePlainLines(file: string): void {
  const fd = fs.openSync(file, 'w')
  for (let index = 0; index < largeRecords; index += 1000) {
    const lines = Array.from({ length: 1000 }, (_, offset) =>
      JSON.stringify(stepBody(index + offset)),
    )
    fs.writeSync(fd, `${lines.join('\n')}\n`)
  }
  fs.closeSync(fd)
}

const unsynced: FileSystem = {
  ...systemFileSystem,
  create: async (path) => ({
    ...(await systemFileSystem.create(path)),
    sync: async () => undefined,
  }),
}
