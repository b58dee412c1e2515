/**
 * The directories of a campaign: one root, one directory per case, and nothing left of them at the end.
 *
 * A kill does not need a real disk: what a process wrote before SIGKILL is in the page cache, on a disk as in memory. So the
 * root lies in memory where the host offers it, and under the temporary directory otherwise.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  rmdirSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { TroubleError } from './trouble.ts'
import type { Trouble } from './trouble.ts'

/** Bytes that must be free before a campaign, and after each case: below it, what a worker saw may be our own full disk. */
export const freeBytesMin: number = 8 * 1024 * 1024

/** Directories of one case; `state` survives lives. */
export interface CaseDirectories {
  readonly root: string
  readonly state: string
  readonly trace: string
  readonly temporary: string
  readonly ledger: string
  readonly workload: string
}

/** Names that a case's directory holds; anything else was put there by a worker. */
const expectedNames = new Set(['state', 'trace', 'tmp', 'ledger.jsonl', 'workload.json'])

/** Where scratch directories go unless told otherwise: in memory, or else the temporary directory. */
export function defaultScratchParent(): string {
  if (process.platform !== 'linux') return tmpdir()
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK)
    return freeBytes('/dev/shm') > 32 * freeBytesMin ? '/dev/shm' : tmpdir()
  } catch {
    // No such directory, or not ours to write: an ordinary host, not an error.
    return tmpdir()
  }
}

/**
 * Makes the root of a campaign. Its path is absolute, whatever `parent` is: lives begin in directories of their own.
 *
 * @throws TroubleError `scratch-full` where it cannot be made or has too little room
 */
export function makeScratch(parent: string): string {
  let root: string
  try {
    mkdirSync(parent, { recursive: true })
    root = mkdtempSync(join(resolve(parent), 'killpoint-'))
  } catch (error) {
    throw new TroubleError(scratchTrouble(parent, error), error)
  }
  const full = fullTrouble(root)
  if (full === undefined) return root
  removeTree(root)
  throw new TroubleError(full)
}

/**
 * Makes the directories of a case.
 *
 * @throws TroubleError `scratch-full`
 */
export function makeCaseDirectories(
  scratch: string,
  id: string,
  workload: string,
): CaseDirectories {
  const root = join(scratch, `case-${id}`)
  const made: CaseDirectories = {
    root,
    state: join(root, 'state'),
    trace: join(root, 'trace'),
    temporary: join(root, 'tmp'),
    ledger: join(root, 'ledger.jsonl'),
    workload: join(root, 'workload.json'),
  }
  try {
    for (const path of [root, made.state, made.trace, made.temporary]) mkdirSync(path)
    writeFileSync(made.workload, workload)
    closeSync(openSync(made.ledger, 'ax'))
  } catch (error) {
    throw new TroubleError(scratchTrouble(root, error), error)
  }
  return made
}

/** Names in a case's directory that the harness did not make. */
export function strayNames(directories: CaseDirectories): readonly string[] {
  return readdirSync(directories.root).filter((name) => !expectedNames.has(name))
}

/** Trouble where the disk under a path is nearly full; every case asks, so that a worker's ENOSPC is not taken for its own. */
export function fullTrouble(path: string): Trouble | undefined {
  const free = freeBytes(path)
  if (free >= freeBytesMin) return undefined
  return {
    kind: 'scratch-full',
    message: `the disk under ${path} has ${free} bytes left, the harness needs ${freeBytesMin}`,
    hint: 'free some room, or point --scratch at another directory',
  }
}

/** Trouble for an error of the harness's own reading and writing. */
export function scratchTrouble(path: string, error: unknown): Trouble {
  const code = (error as NodeJS.ErrnoException).code ?? unwritten(error)[0] ?? String(error)
  return {
    kind: 'scratch-full',
    message: `the harness cannot use its own directory ${path}: ${code}`,
    hint: 'free some room, or point --scratch at a directory that can be written',
  }
}

/** The same where an error, or its cause, says that there is no room to write; `undefined` where it says anything else. */
export function noRoomTrouble(path: string, error: unknown): Trouble | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  const about = [error, cause].find(
    (each) =>
      noRoomCodes.has(String((each as NodeJS.ErrnoException | undefined)?.code)) ||
      unwritten(each).length > 0,
  )
  return about === undefined ? undefined : scratchTrouble(path, about)
}

const noRoomCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS'])

/** What a bundler says that it could not write. */
function unwritten(error: unknown): readonly string[] {
  const { errors = [] } = (error ?? {}) as {
    readonly errors?: readonly { readonly text: string }[]
  }
  return errors.map(({ text }) => text).filter((text) => text.startsWith('Failed to write'))
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

/** Removes a directory and all in it, whatever modes a worker left; a path that does not exist is fine. */
export function removeTree(path: string): void {
  try {
    removeEntries(path)
  } catch {
    // Something unusual (a mode, a file that appears meanwhile): the slower and more patient way, which throws.
    openModes(path)
    rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  }
}

// `rmSync` does the same in five times the time, and this runs after every case.
function removeEntries(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) removeEntries(path)
    else unlinkSync(path)
  }
  rmdirSync(directory)
}

function openModes(directory: string): void {
  if (!existsSync(directory)) return
  chmodSync(directory, 0o700)
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) openModes(join(directory, entry.name))
}
