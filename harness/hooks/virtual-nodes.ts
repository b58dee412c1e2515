/** What a disk in memory is made of: inodes that live on without a name, and that links share. */
import type { ImageEntry } from '../directory-image.ts'
import type { RawStat } from './disk.ts'

/** What libuv says of a name in a directory. */
const direntTypes = { file: 1, directory: 2, link: 3 } as const
const device = 1

/** An inode. */
export type VirtualNode = VirtualFile | VirtualDirectory | VirtualLink

interface NodeBase {
  readonly ino: number
  mode: number
  links: number
}

/** A file of an image. */
export type FileEntry = Extract<ImageEntry, { kind: 'file' }>

/** A regular file. What it holds is taken from its image when somebody asks for its content or its size. */
export class VirtualFile implements NodeBase {
  readonly kind = 'file'
  readonly ino: number
  mode: number
  links = 1
  /** The entry of an image that its bytes belong to; absent once it has bytes of its own. */
  entry: FileEntry | undefined
  #bytes: Uint8Array | undefined
  #size = 0

  constructor(ino: number, mode: number, entry: FileEntry) {
    this.ino = ino
    this.mode = mode
    this.entry = entry
  }

  /** Nobody has asked what it holds, nor how much. */
  get isUnread(): boolean {
    return this.#bytes === undefined
  }

  /** Beyond `size` zeros. */
  get bytes(): Uint8Array {
    return this.#bytes ?? this.#load()
  }

  get size(): number {
    if (this.#bytes === undefined) this.#load()
    return this.#size
  }

  /** Gives it bytes of its own, of which so many count. */
  own(bytes: Uint8Array, size: number): void {
    this.entry = undefined
    this.#bytes = bytes
    this.#size = size
  }

  #load(): Uint8Array {
    const bytes = this.entry?.bytes ?? new Uint8Array()
    this.#bytes = bytes
    this.#size = bytes.byteLength
    return bytes
  }
}

/** A directory; `parent` is where its `..` leads, absent for the root. */
export interface VirtualDirectory extends NodeBase {
  readonly kind: 'directory'
  readonly entries: Map<string, VirtualNode>
  readonly parent: VirtualDirectory | undefined
}

/** A symbolic link. */
export interface VirtualLink extends NodeBase {
  readonly kind: 'symlink'
  readonly target: string
}

/** A directory under another parent: `..` is looked up in the node itself. */
export function reparented(node: VirtualDirectory, parent: VirtualDirectory): VirtualDirectory {
  return Object.assign(node, { parent })
}

/** Gives a file this length in bytes; what is new is zeros. */
export function resize(file: VirtualFile, length: number): void {
  if (length > file.size) {
    grow(file, length)
    return
  }
  if (file.entry !== undefined) file.own(file.bytes.slice(0, length), length)
  else file.own(file.bytes.fill(0, length, file.size), length)
}

/** Makes the file at least so long, and its bytes its own. */
export function grow(file: VirtualFile, size: number): void {
  const isShared = file.entry !== undefined
  const { bytes, size: before } = file
  if (!isShared && size <= bytes.byteLength) {
    file.own(bytes, Math.max(before, size))
    return
  }
  const larger = new Uint8Array(Math.max(size, before, isShared ? 0 : 2 * before))
  larger.set(bytes.subarray(0, before))
  file.own(larger, Math.max(before, size))
}

/** What `stat` says of a node, in the order of the binding. */
export function rawStat(node: VirtualNode, bigint: boolean): RawStat {
  const size = node.kind === 'file' ? node.size : node.kind === 'symlink' ? node.target.length : 0
  const { mode, links, ino } = node
  const fields = [device, mode, links, 0, 0, 0, 4096, ino, size, Math.ceil(size / 512)]
  const stat = new Float64Array(18)
  stat.set(fields)
  return bigint ? BigInt64Array.from(stat, BigInt) : stat
}

/** What `readdir` says of a node. */
export function direntType(node: VirtualNode | undefined): number {
  if (node?.kind === 'directory') return direntTypes.directory
  if (node?.kind === 'symlink') return direntTypes.link
  return direntTypes.file
}
