/**
 * What a failed call on the disk means, in words: one place, so that every message says what to do.
 */
import {
  JournalCorruptError,
  JournalUnreadableError,
  KillpointError,
  NotAJournalError,
  StorageError,
  systemCode,
} from '../errors.ts'
import type { Seq } from '../journal.ts'

/** For a call that changes or syncs the disk. An error of our own passes unchanged. */
export function storageError(action: string, path: string, cause: unknown): KillpointError {
  if (cause instanceof KillpointError) return cause
  const code = systemCode(cause)
  if (code === 'ENOTDIR') return notADirectory(path, cause)
  return new StorageError(`could not ${action} ${path}: ${reason(cause)}`, {
    hint: hints[code ?? ''] ?? 'open the run again once the storage works',
    details: { path, action, systemCode: code },
    cause,
  })
}

/** For a call that reads. "Not found" never comes here: it is an answer, not an error. */
export function unreadableError(path: string, cause: unknown): KillpointError {
  if (cause instanceof KillpointError) return cause
  const code = systemCode(cause)
  if (code === 'ENOTDIR') return notADirectory(path, cause)
  return new JournalUnreadableError(`could not read ${path}: ${reason(cause)}`, {
    hint: hints[code ?? ''] ?? 'the run may be whole: make it readable and open it again',
    details: { path, systemCode: code },
    cause,
  })
}

/** Committed bytes are not what was committed. `seq`: the first record that is gone. */
export function corruptError(
  file: string,
  offset: number,
  seq: Seq,
  came: string,
): JournalCorruptError {
  return new JournalCorruptError(
    `${file} is damaged at byte ${offset}: expected record ${seq}, ${came}`,
    {
      hint: 'restore the file from a backup, or read what is left with salvage(); opening again will not help',
      details: { file, offset, seq },
    },
  )
}

function notADirectory(path: string, cause: unknown): NotAJournalError {
  return new NotAJournalError(`expected a directory at ${path}, or above it, and found a file`, {
    hint: 'give the journal a directory of its own',
    details: { path },
    cause,
  })
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space and open the run again: nothing acknowledged is lost',
  EDQUOT:
    'raise the quota or free some space, and open the run again: nothing acknowledged is lost',
  EACCES: 'give this process the right to read and write the journal directory',
  EPERM:
    'give this process the right to read and write the journal directory, on a file system with hard links',
  EROFS: 'the file system is mounted read-only: remount it, or choose another directory',
  EMFILE: 'this process has too many files open: close some, or raise its limit (ulimit -n)',
  ENFILE: 'the machine has too many files open: close some, or raise its limit',
  EIO: 'the device failed: check it before anything else, then open the run again',
  ENOTSUP: 'use a local file system with hard links and directory syncs',
  EINVAL: 'use a local file system with hard links and directory syncs',
  ENAMETOOLONG: 'choose a shorter directory or run id',
}
