/** What shows, from outside, that a case moves: its ledger, its op counts, its state directory. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Files of a directory that are looked at: a change beyond them shows in the directory's own time of change. */
const entriesMax = 1_000

/** Where it is looked for: directories, and the length of the ledger in bytes. */
export interface Watched {
  readonly ledgerBytes: number
  readonly trace: string
  readonly state: string
}

/** A text that changes with every mark, every counted op and every change to a file of the state directory. */
export function progressOf({ ledgerBytes, trace, state }: Watched): string {
  return [ledgerBytes, ...stampsOf(trace), ...stampsOf(state)].join(' ')
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
