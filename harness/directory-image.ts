/**
 * Directory images: a directory as a value, rebuilt from a trace or read from a disk.
 *
 *  G1  The image after all ops of a life equals the real directory byte for byte (law test over arbitrary programs).
 *  G2  A file is its node: it keeps its content through renames, links and unlinks while anything refers to it.
 *
 * Rebuilding applies completed ops and knows no loss: what a crash may leave is the disk model's business.
 */
import { lstat, readFile, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Op } from './op.ts'
import { effects } from './trace.ts'
import type { Trace, TracedOp } from './trace.ts'

/** One name in a directory image. */
export type ImageEntry =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }

/** By path relative to the directory, which itself is not in it. */
export type DirectoryImage = ReadonlyMap<string, ImageEntry>

/**
 * The directory after the ops numbered up to `atOp` of a stream, from what it was before the life.
 *
 * @throws Error where an op acts on something that neither the ops nor `initial` made: the trace is not of this directory
 */
export function rebuildDirectory(
  trace: Trace | readonly Trace[],
  atOp: number = Infinity,
  initial: DirectoryImage = new Map(),
): DirectoryImage {
  const traces = 'ops' in trace ? [trace] : trace
  const tree = new Tree(initial, traces)
  for (const traced of effects(traces)) {
    const { code, lied } = traced.result
    if (traced.n <= atOp && code === undefined && lied !== true) tree.apply(traced)
  }
  return tree.image()
}

/** A directory holds what no image can: a socket, a pipe, a device. */
export class SpecialFileError extends Error {}

/** Reads a real directory. @throws SpecialFileError; Error where it cannot be read */
export async function readImage(directory: string): Promise<DirectoryImage> {
  const image = new Map<string, ImageEntry>()
  const visit = async (relative: string): Promise<void> => {
    for (const name of (await readdir(join(directory, relative))).sort()) {
      const path = relative === '' ? name : `${relative}/${name}`
      image.set(path, await readEntry(directory, path))
      if (image.get(path)?.kind === 'directory') await visit(path)
    }
  }
  await visit('')
  return image
}

/** Bytes in the files of an image; a file of several names counts once. */
export function bytesOf(image: DirectoryImage): number {
  let bytes = 0
  for (const entry of new Set(image.values()))
    if (entry.kind === 'file') bytes += entry.bytes.byteLength
  return bytes
}

/** What differs between two images, a line per path; empty where they are equal. */
export function compareImages(expected: DirectoryImage, actual: DirectoryImage): readonly string[] {
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].sort()
  return paths.flatMap((path) => {
    const left = describe(expected.get(path))
    const right = describe(actual.get(path))
    return left === right ? [] : [`${path}: ${left} / ${right}`]
  })
}

async function readEntry(directory: string, name: string): Promise<ImageEntry> {
  const path = join(directory, name)
  const stat = await lstat(path)
  if (stat.isDirectory()) return { kind: 'directory' }
  if (stat.isSymbolicLink()) return { kind: 'symlink', target: await readlink(path) }
  if (stat.isFile()) return { kind: 'file', bytes: await readFile(path) }
  const kept = stat.isSocket() ? 'socket' : stat.isFIFO() ? 'named pipe' : 'device'
  throw new SpecialFileError(`it keeps a ${kept} in its directory: ${name}`)
}

function describe(entry: ImageEntry | undefined): string {
  if (entry === undefined) return 'absent'
  if (entry.kind === 'directory') return 'directory'
  if (entry.kind === 'symlink') return `link to ${entry.target}`
  return `file ${JSON.stringify(Buffer.from(entry.bytes).toString('latin1'))}`
}

type Inode =
  { readonly kind: 'directory' } | { readonly kind: 'symlink'; readonly target: string } | FileInode

class FileInode {
  readonly kind = 'file'
  #bytes: Uint8Array
  #size: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice()
    this.#size = bytes.byteLength
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    this.#grow(offset + bytes.byteLength)
    this.#bytes.set(bytes, offset)
  }

  truncate(length: number): void {
    if (length < this.#size) this.#bytes.fill(0, length, this.#size)
    else this.#grow(length)
    this.#size = length
  }

  #grow(size: number): void {
    if (size > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.byteLength))
      larger.set(this.#bytes.subarray(0, this.#size))
      this.#bytes = larger
    }
    this.#size = Math.max(this.#size, size)
  }
}

class Tree {
  readonly #names = new Map<string, Inode>()
  /** By inode number: nodes are numbered by each stream on its own. */
  readonly #inodes = new Map<number, Inode>()
  readonly #traces: ReadonlyMap<string, Trace>

  constructor(initial: DirectoryImage, traces: readonly Trace[]) {
    this.#traces = new Map(traces.map((trace) => [trace.stream, trace]))
    for (const [path, entry] of initial) {
      this.#names.set(path, entry.kind === 'file' ? new FileInode(entry.bytes) : entry)
    }
  }

  image(): DirectoryImage {
    const image = new Map<string, ImageEntry>()
    for (const path of [...this.#names.keys()].sort()) {
      const inode = this.#names.get(path)
      if (inode === undefined) continue
      image.set(path, inode instanceof FileInode ? { kind: 'file', bytes: inode.bytes() } : inode)
    }
    return image
  }

  apply(traced: TracedOp): void {
    const { op, bytes, result } = traced
    switch (op.kind) {
      case 'open':
        return this.#open(traced, op)
      case 'write':
        return this.#file(traced, op).write(
          op.offset,
          (bytes ?? new Uint8Array()).subarray(0, result.written),
        )
      case 'truncate':
        return this.#file(traced, op).truncate(op.length)
      case 'rename':
        return this.#rename(traced, op.from, op.to)
      case 'link': {
        const inode = this.#named(op.from ?? '(outside)')
        this.#bind(traced, op.node, inode)
        if (op.to !== undefined) this.#names.set(op.to, inode)
        return
      }
      case 'unlink':
        this.#bind(traced, op.node, this.#named(op.path))
        this.#names.delete(op.path)
        return
      case 'rmdir':
        this.#names.delete(op.path)
        return
      case 'mkdir':
        this.#names.set(op.path, { kind: 'directory' })
        return
      case 'symlink':
        this.#names.set(op.path, { kind: 'symlink', target: op.target })
        return
      case 'sync':
      case 'datasync':
      case 'sync-directory':
      case 'attributes':
      case 'mark':
        return
    }
  }

  #open(traced: TracedOp, op: Extract<Op, { kind: 'open' }>): void {
    if (traced.result.created === true) {
      const created = new FileInode(new Uint8Array())
      this.#names.set(this.#resolve(op.path), created)
      this.#bind(traced, op.node, created)
      return
    }
    const file = this.#file(traced, op)
    if (op.truncate) file.truncate(0)
  }

  #file(traced: TracedOp, { path, node }: { path: string; node: number }): FileInode {
    const ino = this.#ino(traced, node)
    const known = ino === undefined ? undefined : this.#inodes.get(ino)
    const inode = known ?? this.#named(this.#resolve(path))
    if (!(inode instanceof FileInode)) throw new Error(`not a file in the image: ${path}`)
    this.#bind(traced, node, inode)
    return inode
  }

  #ino({ stream }: TracedOp, node: number): number | undefined {
    return this.#traces.get(stream)?.nodes.get(node)?.ino
  }

  #bind(traced: TracedOp, node: number, inode: Inode): void {
    const ino = this.#ino(traced, node)
    if (ino !== undefined) this.#inodes.set(ino, inode)
  }

  #named(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new Error(`not in the image: ${path}`)
    return inode
  }

  /** Follows links, which an open does. */
  #resolve(path: string): string {
    const parts: string[] = []
    const rest = path.split('/')
    for (let steps = 0; rest.length > 0; steps += 1) {
      const part = rest.shift()
      if (part === undefined || part === '' || part === '.') continue
      if (part === '..') {
        parts.pop()
        continue
      }
      parts.push(part)
      const inode = this.#names.get(parts.join('/'))
      if (inode?.kind !== 'symlink' || steps > linksMax) continue
      if (inode.target.startsWith('/')) throw new Error(`a link out of the image: ${path}`)
      parts.pop()
      rest.unshift(...inode.target.split('/'))
    }
    return parts.join('/')
  }

  #rename(traced: TracedOp, from: string | undefined, to: string | undefined): void {
    if (from === undefined) throw new Error(`moved in from outside, content unknown: ${to ?? ''}`)
    const inode = this.#named(from)
    if (traced.op.kind === 'rename') this.#bind(traced, traced.op.node, inode)
    if (to !== undefined && this.#names.get(to) === inode) return
    const moved: [string, Inode][] = []
    for (const [path, each] of this.#names) {
      if (path === from || path.startsWith(`${from}/`)) moved.push([path.slice(from.length), each])
    }
    for (const [suffix] of moved) this.#names.delete(from + suffix)
    if (to === undefined) return
    for (const [suffix, each] of moved) this.#names.set(to + suffix, each)
  }
}

const linksMax = 1_000
