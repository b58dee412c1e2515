/**
 * Forms: every way in which a program can ask for an op, and the primitive ops that it must be seen as.
 *
 * The tables serve the self-test (does the door see all of it in this Node?) and the tests. A form runs in a directory of its
 * own, after `before`; `ops` are the lines of `describeOp`, with paths relative to that directory.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

/** A way to ask for ops. `directory` is empty but for what `before` made. */
export interface Form {
  readonly name: string
  readonly ops: readonly string[]
  readonly run: (directory: string) => unknown
  readonly before: (directory: string) => void
}

/** A row of a table. */
export function form(
  name: string,
  ops: readonly string[],
  run: Form['run'],
  before: Form['before'] = () => undefined,
): Form {
  return { name, ops, run, before }
}

/** What is seen of an open with flags `w`. */
export const createTruncate: string = 'open f create truncate'

/** Makes the file `f` of ten bytes. */
export function file(directory: string): void {
  writeFileSync(join(directory, 'f'), '0123456789')
}

/** Runs `use` with a descriptor of the file `f`. */
export function opened<T>(directory: string, flags: string | number, use: (fd: number) => T): T {
  const fd = openSync(join(directory, 'f'), flags)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** Runs a callback function of `node:fs` on a descriptor of the existing file `f`. */
export async function calledBack(
  directory: string,
  call: (fd: number, done: (error?: Error | null) => void) => void,
): Promise<void> {
  const fd = openSync(join(directory, 'f'), 'r+')
  await waitFor((done) => call(fd, done))
  closeSync(fd)
}

/** Resolves when `done` is called, rejects when it is called with an error. */
export function waitFor(call: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === null || error === undefined) resolve()
      else reject(error)
    })
  })
}

/** Runs a use of a `FileHandle` of the file `f`. */
export async function handled(
  directory: string,
  use: (handle: FileHandle) => unknown,
  flags = 'r+',
): Promise<void> {
  const handle = await open(join(directory, 'f'), flags)
  await use(handle)
  await handle.close()
}
