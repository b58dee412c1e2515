/**
 * The ledger as the hooks use it: descriptor 3, or, in a child that has something else there, the file by its path.
 *
 * Descriptor 3 is believed to be the ledger if it is the file at the ledger's path; where no path was given, if it is a
 * regular file at all: in a process without a ledger it is a socket, a pipe or closed.
 */
import { fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { ledgerFd } from '../life.ts'
import { withOwn } from './gate.ts'
import type { Gate } from './gate.ts'

// Captured: program code may replace members of `fs`.
const write = writeSync
const open = openSync

export interface Ledger {
  /** Where the program writes its marks, if it can. */
  readonly descriptor: number | undefined
  /** Absolute path, where the harness gave it. */
  readonly path: string | undefined
  /** Appends a line; `false` where there is no ledger. */
  readonly append: (line: string) => boolean
}

/** The ledger of this process. */
export function findLedger(path: string | undefined, gate: Gate): Ledger {
  const descriptor = isLedger(path, gate) ? ledgerFd : undefined
  let fd = descriptor
  return {
    descriptor,
    path,
    append: (line) => {
      if (fd === undefined && path !== undefined) fd = withOwn(gate, () => open(path, 'a'))
      const target = fd
      if (target === undefined) return false
      withOwn(gate, () => write(target, line))
      return true
    },
  }
}

function isLedger(path: string | undefined, gate: Gate): boolean {
  try {
    return withOwn(gate, () => {
      const there = fstatSync(ledgerFd)
      if (path === undefined) return there.isFile()
      const ledger = statSync(path)
      return there.ino === ledger.ino && there.dev === ledger.dev
    })
  } catch {
    // Not open, or no such file: this process has no ledger there.
    return false
  }
}
