/**
 * The processes of a traced life: what each of their descriptors stands for, and where each of them is.
 *
 * A descriptor's position in its file is shared by all its copies, whoever holds them; so an open file is an object, and a table of
 * descriptors refers to it. Threads share a table, a child begins with a copy of its parent's.
 */
import type { StateNode } from './strace-tree.ts'

/** What an `open` made. */
export interface OpenFile {
  /** A file or directory of the state directory. */
  readonly node?: StateNode
  /** Its path there when it was opened. */
  readonly path?: string
  readonly isLedger: boolean
  /** Bytes from the start; `undefined` where nobody knows. */
  offset: number | undefined
  appends: boolean
  /** Opened with O_SYNC or O_DSYNC. */
  readonly synced?: boolean
}

/** A table of descriptors, and a working directory. */
export class TracedProcess {
  readonly files: Map<number, { file: OpenFile; closesOnExec: boolean }>
  directory: string

  constructor(directory: string, files: TracedProcess['files'] = new Map()) {
    this.directory = directory
    this.files = files
  }

  open(descriptor: number, file: OpenFile, closesOnExec: boolean): void {
    this.files.set(descriptor, { file, closesOnExec })
  }

  /** Makes `to` a copy of `from`; of one that nobody knows nothing is known either. */
  copy(from: number, to: number, closesOnExec: boolean): void {
    const known = this.files.get(from)
    if (known === undefined) this.files.delete(to)
    else if (from !== to) this.open(to, known.file, closesOnExec)
  }

  setClosesOnExec(descriptor: number, closes: boolean): void {
    const known = this.files.get(descriptor)
    if (known !== undefined) known.closesOnExec = closes
  }

  /** A child with a table of its own. */
  fork(): TracedProcess {
    const files = [...this.files].map(([number, each]) => [number, { ...each }] as const)
    return new TracedProcess(this.directory, new Map(files))
  }

  exec(): void {
    for (const [number, { closesOnExec }] of this.files) if (closesOnExec) this.files.delete(number)
  }

  closeRange(first: number, last: number, onExec: boolean): void {
    for (const [number, each] of this.files) {
      if (number < first || number > last) continue
      if (onExec) each.closesOnExec = true
      else this.files.delete(number)
    }
  }
}
