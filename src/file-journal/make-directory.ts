/**
 * Step 1 of `open`: the run directory, durable under every directory above it.
 *
 * From the top down each directory is made where it is missing, and its parent is synced, before the next one is made.
 * So of the directories that a run needs, only the deepest that exists can have an entry that is not durable: its maker
 * may have died before the sync. Where the caller vouches for none, that one is made durable again and those above it
 * are trusted: whoever made it had synced them, or they were there before there were runs.
 */
import path from 'node:path'
import { systemCode } from '../errors.ts'
import type { FileSystem } from '../file-system.ts'
import { storageError } from './storage-errors.ts'

/** @throws StorageError, NotAJournalError */
export async function makeRunDirectory(
  fileSystem: FileSystem,
  directory: string,
  vouched: string | undefined,
): Promise<void> {
  const top = vouched ?? path.dirname(deepestThatExists(fileSystem, directory))
  for (const level of levelsBelow(top, directory)) {
    const result = await make(fileSystem, level)
    // Whoever may not even open it cannot have made a directory in it: it counts as vouched for.
    const trusted = result === 'existed' && level !== directory && vouched === undefined
    await syncDirectory(fileSystem, path.dirname(level), trusted)
  }
}

function deepestThatExists(fileSystem: FileSystem, directory: string): string {
  let level = directory
  try {
    while (!fileSystem.exists(level) && path.dirname(level) !== level) level = path.dirname(level)
  } catch (cause) {
    throw storageError('find', level, cause)
  }
  return level
}

/** From the highest to the lowest; `top` is not among them. */
function levelsBelow(top: string, lowest: string): readonly string[] {
  const levels: string[] = []
  for (let level = lowest; level !== top && path.dirname(level) !== level;) {
    levels.unshift(level)
    level = path.dirname(level)
  }
  return levels
}

async function make(fileSystem: FileSystem, directory: string): Promise<'made' | 'existed'> {
  try {
    return await fileSystem.makeDirectory(directory)
  } catch (cause) {
    throw storageError('make the directory', directory, cause)
  }
}

async function syncDirectory(
  fileSystem: FileSystem,
  directory: string,
  trusted: boolean,
): Promise<void> {
  try {
    await fileSystem.syncDirectory(directory)
  } catch (cause) {
    const code = systemCode(cause)
    if (trusted && (code === 'EACCES' || code === 'EPERM')) return
    throw storageError('sync the directory', directory, cause)
  }
}
