/** What a descriptor of this thread stands for. */
import { constants } from 'node:fs'

// Captured: program code may replace members of `fs`. Not every system has each of the two.
const {
  O_APPEND,
  O_SYNC = 0,
  O_DSYNC = 0,
} = constants as Partial<typeof constants> & {
  readonly O_APPEND: number
}

/** A descriptor that the hooks know. */
export interface OpenFile {
  /**
   * `state`: below the state directory. `outside`: opened by path elsewhere. `foreign`: not opened by path in this thread
   * (a pipe, a socket, a terminal). `ledger`: the ledger.
   */
  readonly kind: 'state' | 'outside' | 'foreign' | 'ledger'
  /** Relative to the state directory, as it was opened; empty unless `state`. */
  readonly path: string
  readonly append: boolean
  /** Opened with O_SYNC or O_DSYNC: a write through it is durable once it has returned. */
  readonly synced: boolean
  /** Node number, 0 until an observer has given one. */
  node: number
  directory: boolean
  /** Position of reads and writes without one, in bytes; kept where an observer needs it. */
  position: number
  /** Writes under way, in native order. */
  pending: number
}

export const outside: OpenFile = Object.freeze(blank('outside'))
export const foreign: OpenFile = Object.freeze(blank('foreign'))

/** A file of the state directory, opened with these flags. */
export function stateFile(path: string, flags: number): OpenFile {
  const append = (flags & O_APPEND) !== 0
  return { ...blank('state'), path, append, synced: isSynced(flags) }
}

/** Whether writes through a descriptor of these flags are durable once they have returned. */
export function isSynced(flags: number): boolean {
  return (flags & (O_SYNC | O_DSYNC)) !== 0
}

/** The ledger's descriptor. */
export function ledgerFile(): OpenFile {
  return blank('ledger')
}

function blank(kind: OpenFile['kind']): OpenFile {
  return {
    kind,
    path: '',
    append: false,
    synced: false,
    node: 0,
    directory: false,
    position: 0,
    pending: 0,
  }
}

/**
 * A write that is about to begin at `offset`. One without a position moves the descriptor's own; overlapping ones queue up
 * behind each other.
 */
export function reserve(
  file: OpenFile,
  position: number | null,
  offset: number,
  length: number,
): void {
  file.pending += 1
  if (position === null) file.position = offset + length
}

/** The same write took `written` of its `length` bytes. */
export function settle(
  file: OpenFile,
  position: number | null,
  length: number,
  written: number,
): void {
  file.pending -= 1
  if (position === null) file.position -= length - written
}
