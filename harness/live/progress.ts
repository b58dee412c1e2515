/**
 * What shows, from outside, that a case moves: its ledger and its state directory. Not what is recorded of it: a life that waits for
 * something that never comes looks for it again and again, and looking is no progress.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Files of a directory that are looked at: a change beyond them shows in the directory's own time of change. */
const entriesMax = 1_000

/** Where it is looked for: the state directory, and the length of the ledger in bytes. */
export interface Watched {
  readonly ledgerBytes: number
  readonly state: string
}

/** A text that changes with every mark and every change to a file of the state directory. */
export function progressOf({ ledgerBytes, state }: Watched): string {
  return [ledgerBytes, ...stampsOf(state)].join(' ')
}

function stampsOf(directory: string, left = { entries: entriesMax }): readonly string[] {
  const stamps: string[] = []
  for (const name of namesIn(directory)) {
    if (left.entries-- <= 0) break
    const path = join(directory, name)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    stamps.push(`${stat.ino}:${stat.size}:${stat.mtimeMs}`)
    if (stat.isDirectory()) stamps.push(...stampsOf(path, left))
  }
  return stamps
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    // A worker may remove a directory between two looks.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
