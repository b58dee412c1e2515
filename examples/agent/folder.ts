/**
 * Folders of files: what is in them, and the text of one file, as it was when the folder was listed.
 */
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { systemCode } from '../../src/errors.ts'

/** A file that can be read. `path` is relative to the base of the inputs, with `/`. */
export type TextFile = {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export type LeftOut = { readonly path: string; readonly reason: string }

/** The work of one child: a directory, or a piece of one that holds many files. */
export type Part = { readonly name: string; readonly files: readonly TextFile[] }

export type Listing = { readonly parts: readonly Part[]; readonly leftOut: readonly LeftOut[] }

/** Larger files are left out. */
const fileBytesMax = 1 << 20
/** A transcript grows with every file, so a directory of more files is several parts. */
const partFilesMax = 60

/** The directory that paths are relative to: above all inputs, and above a single one too, so that its name is shown. */
export function baseOf(inputs: readonly string[]): string {
  let base = dirname(inputs[0] ?? '')
  while (!inputs.every((input) => isBelow(input, base))) base = dirname(base)
  return base
}

/** Every text file below the inputs, by directory; what is no readable text is listed with the reason. */
export async function listFolders(inputs: readonly string[]): Promise<Listing> {
  const base = baseOf(inputs)
  const found: Found = { directories: new Map(), leftOut: [] }
  for (const input of inputs) await walk(input, base, found)
  const parts = [...found.directories].flatMap(([name, files]) => partsOf(name, files))
  return {
    parts: parts.sort((left, right) => byCodeUnit(left.name, right.name)),
    leftOut: found.leftOut.sort((left, right) => byCodeUnit(left.path, right.path)),
  }
}

/** The text of a listed file. Throws where it is not any more what was listed: a report is about one state of a folder. */
export async function textOf(base: string, { path, sha256 }: TextFile): Promise<string> {
  const file = await inspect(join(base, path), path)
  if ('reason' in file)
    throw new Error(`${file.reason}, but it was text when the folder was listed`)
  if (file.sha256 !== sha256) throw new Error('it changed since the folder was listed')
  return file.text
}

interface Found {
  readonly directories: Map<string, TextFile[]>
  readonly leftOut: LeftOut[]
}

async function walk(directory: string, base: string, found: Found): Promise<void> {
  const name = shown(base, directory)
  const entries = await entriesOf(directory)
  if (typeof entries === 'string') {
    found.leftOut.push({ path: `${name}/`, reason: entries })
    return
  }
  for (const entry of entries) {
    if (entry.startsWith('.') || entry === 'node_modules') continue
    const full = join(directory, entry)
    const path = shown(base, full)
    const file = await inspect(full, path)
    if (!('reason' in file))
      add(found.directories, name, { path, bytes: file.bytes, sha256: file.sha256 })
    else if (file.reason === isDirectory) await walk(full, base, found)
    else found.leftOut.push({ path, reason: file.reason })
  }
}

async function entriesOf(directory: string): Promise<readonly string[] | string> {
  try {
    return (await readdir(directory)).sort(byCodeUnit)
  } catch (error) {
    return why(error)
  }
}

type Inspected =
  | { readonly text: string; readonly bytes: number; readonly sha256: string }
  | { readonly reason: string }

const isDirectory = 'it is a directory'

async function inspect(full: string, path: string): Promise<Inspected> {
  if (!path.isWellFormed() || path.includes('\uFFFD')) return { reason: 'its name is not UTF-8' }
  try {
    // A link may lead out of the folder or in a circle, and a pipe never ends.
    const stat = await lstat(full)
    if (stat.isDirectory()) return { reason: isDirectory }
    if (stat.isSymbolicLink()) return { reason: 'it is a symbolic link' }
    if (!stat.isFile()) return { reason: 'it is not a regular file' }
    if (stat.size > fileBytesMax) return { reason: `it is larger than ${fileBytesMax >> 20} MiB` }
    const content = await readFile(full)
    const text = decode(content)
    if (text === undefined) return { reason: 'it is binary' }
    return { text, bytes: content.length, sha256: sha256Of(content) }
  } catch (error) {
    return { reason: why(error) }
  }
}

function decode(content: Uint8Array): string | undefined {
  if (content.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return undefined
  }
}

function why(error: unknown): string {
  switch (systemCode(error)) {
    case undefined:
      throw error
    case 'ENOENT':
      return 'it is not there'
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read (no permission)'
    default:
      return `it cannot be read (${systemCode(error)})`
  }
}

function partsOf(name: string, files: readonly TextFile[]): readonly Part[] {
  const count = Math.ceil(files.length / partFilesMax)
  if (count === 1) return [{ name, files }]
  const size = Math.ceil(files.length / count)
  return Array.from({ length: count }, (_, index) => ({
    name: `${name} (${index + 1} of ${count})`,
    files: files.slice(index * size, (index + 1) * size),
  }))
}

function add(directories: Map<string, TextFile[]>, name: string, file: TextFile): void {
  const files = directories.get(name)
  if (files === undefined) directories.set(name, [file])
  else files.push(file)
}

function shown(base: string, full: string): string {
  return relative(base, full).split(sep).join('/') || basename(full) || full
}

/** True where a path lies below a directory, at any depth. */
export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep)
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
