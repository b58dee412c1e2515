/** What a disk in memory is made of: inodes that live on without a name, and that links share. */
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

/** A regular file. */
export interface VirtualFile extends NodeBase {
  readonly kind: 'file'
  /** Beyond `size` zeros. */
  bytes: Uint8Array
  size: number
  /** Its bytes belong to an image. */
  shared: boolean
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
  if (file.shared) {
    file.bytes = file.bytes.slice(0, length)
    file.shared = false
  } else file.bytes.fill(0, length, file.size)
  file.size = length
}

/** Makes the file at least so long, and its bytes its own. */
export function grow(file: VirtualFile, size: number): void {
  if (file.shared || size > file.bytes.byteLength) {
    const larger = new Uint8Array(Math.max(size, file.size, file.shared ? 0 : 2 * file.size))
    larger.set(file.bytes.subarray(0, file.size))
    file.bytes = larger
    file.shared = false
  }
  file.size = Math.max(file.size, size)
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
