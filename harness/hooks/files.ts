/** What a descriptor of this thread stands for. */

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

/** A file of the state directory. */
export function stateFile(path: string, append: boolean): OpenFile {
  return { kind: 'state', path, append, node: 0, directory: false, position: 0, pending: 0 }
}

/** The ledger's descriptor. */
export function ledgerFile(): OpenFile {
  return blank('ledger')
}

function blank(kind: OpenFile['kind']): OpenFile {
  return { kind, path: '', append: false, node: 0, directory: false, position: 0, pending: 0 }
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
