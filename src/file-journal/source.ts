/**
 * Where a run is read from: its files, the disk, its blobs.
 */
import { systemCode } from '../errors.ts'
import type { FileSystem, ReadableFile } from '../file-system.ts'
import type { BlobReader } from './batch-reader.ts'
import { epochOfName, type RunFiles } from './run-files.ts'
import { unreadableError } from './storage-errors.ts'

export interface RunSource {
  readonly run: RunFiles
  readonly fileSystem: FileSystem
  /** For the records of the segment at this path. */
  readonly blobReader: (segment: string) => BlobReader
}

/** Opens the segment of a life for `use` and closes it whatever happens. @throws JournalUnreadableError */
export async function withSegment<T>(
  source: RunSource,
  epoch: number,
  use: (file: ReadableFile, path: string) => Promise<T>,
): Promise<T> {
  const path = source.run.segment(epoch)
  try {
    const file = await source.fileSystem.open(path)
    try {
      return await use(file, path)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadableError(path, error)
  }
}

/**
 * The names in the run's directory; `undefined` where there is no such directory.
 *
 * @throws JournalUnreadableError, NotAJournalError
 */
export async function listRun(source: {
  readonly run: RunFiles
  readonly fileSystem: FileSystem
}): Promise<readonly string[] | undefined> {
  const { directory } = source.run
  try {
    return await source.fileSystem.list(directory)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw unreadableError(directory, error)
  }
}

/** The numbers of the segments among these names, rising. */
export function segmentNumbers(names: readonly string[]): readonly number[] {
  return names
    .map(epochOfName)
    .filter((epoch) => epoch !== undefined)
    .sort((left, right) => left - right)
}
