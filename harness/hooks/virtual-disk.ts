/**
 * A disk in memory for the paths below one directory; everything else goes to another disk.
 *
 * It starts from an image and shares its contents until they are written. It behaves as Linux does, as far as a program can see
 * through `node:fs`: files are inodes that live on without a name, links share them, errors carry the kernel's codes. Times
 * stand still, modes are kept and not enforced, and a sync does nothing: what a crash would leave is the disk model's business.
 */
import { constants } from 'node:fs'
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import type { AttributeCall, Disk, DiskPath, RawList, RawStat } from './disk.ts'
import { pathText, systemError } from './errors.ts'
import { isSynced } from './files.ts'
import type { StateDirectory } from './paths.ts'
import {
  direntType,
  grow,
  rawStat,
  reparented,
  resize,
  type VirtualDirectory,
  type VirtualFile,
  type VirtualNode,
} from './virtual-nodes.ts'
import { VirtualTree, type Found } from './virtual-tree.ts'

/** Descriptors of virtual files begin here; the kernel's stay below. Small, so that tables by descriptor stay arrays. */
const virtualFdMin = 1 << 9

const {
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
} = constants as typeof constants & { O_ACCMODE?: number }
const accessMask = O_ACCMODE ?? 3

/** A file that may be opened by its path and takes what is written, at its end; it is no part of the image. */
export interface Sink {
  readonly path: string
  /** Gives back how many bytes it took. */
  readonly take: (bytes: Uint8Array) => number
}

interface Descriptor {
  readonly node: VirtualFile | VirtualDirectory
  readonly flags: number
  position: number
  readonly take?: Sink['take']
}

/** The disk; one per life of a process. */
export class VirtualDisk implements Disk {
  /** What the program did with its files so far. */
  readonly spent: { readBytes: number; writtenBytes: number; syncs: number } = {
    readBytes: 0,
    writtenBytes: 0,
    syncs: 0,
  }
  readonly #directory: StateDirectory
  readonly #outside: Disk
  readonly #tree: VirtualTree
  readonly #sink: Sink | undefined
  readonly #descriptors = new Map<number, Descriptor>()
  #nextFd = virtualFdMin
  #temporary = 0

  /** `at`: a name in `directory` under which the image stands; absent: it stands in `directory` itself. */
  constructor(
    directory: StateDirectory,
    image: DirectoryImage,
    outside: Disk,
    { at, sink }: { readonly at?: string; readonly sink?: Sink } = {},
  ) {
    this.#directory = directory
    this.#sink = sink
    this.#outside = outside
    this.#tree = new VirtualTree(image, at)
  }

  /** Whether it keeps the path itself. */
  holds(path: unknown): boolean {
    return this.#directory.relative(path) !== undefined
  }

  /** Whether the descriptor is one of its own. */
  owns(fd: unknown): boolean {
    return typeof fd === 'number' && fd >= virtualFdMin
  }

  /** What stands on it now; names of one file share one entry. Valid until something is written. */
  image(): DirectoryImage {
    return this.#tree.image()
  }

  /** Files of the image that it began with of which nobody has asked what they hold, nor how much. */
  unread(): ReadonlySet<ImageEntry> {
    return this.#tree.unread()
  }

  open(path: DiskPath, flags: number, mode: number): number {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.open(path, flags, mode)
    if (this.#sink?.path === path) {
      const { take } = this.#sink
      return this.#enter({ node: this.#tree.makeFile(0o644), flags, position: 0, take })
    }
    // Who wants to be the one that creates it follows no link.
    const isExclusive = (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0
    const follows = !isExclusive && (flags & O_NOFOLLOW) === 0
    const found = this.#tree.find({ relative, syscall: 'open', path }, follows)
    const node = found.node ?? this.#create(found, flags, mode, path)
    if (found.node !== undefined && isExclusive) throw systemError('EEXIST', 'open', pathText(path))
    if (node.kind === 'symlink')
      throw systemError((flags & O_DIRECTORY) === 0 ? 'ELOOP' : 'ENOTDIR', 'open', pathText(path))
    const writes = (flags & accessMask) !== O_RDONLY
    if (node.kind === 'directory') {
      if (writes || (flags & O_CREAT) !== 0) throw systemError('EISDIR', 'open', pathText(path))
    } else {
      if ((flags & O_DIRECTORY) !== 0) throw systemError('ENOTDIR', 'open', pathText(path))
      if ((flags & O_TRUNC) !== 0) resize(node, 0)
    }
    return this.#enter({ node, flags, position: 0 })
  }

  close(fd: number): void {
    if (!this.owns(fd)) return this.#outside.close(fd)
    if (!this.#descriptors.delete(fd)) throw systemError('EBADF', 'close')
  }

  read(fd: number, into: NodeJS.ArrayBufferView, position: number | bigint): number {
    if (!this.owns(fd)) return this.#outside.read(fd, into, position)
    const descriptor = this.#descriptor(fd, 'read')
    const { node, flags } = descriptor
    if ((flags & accessMask) === O_WRONLY) throw systemError('EBADF', 'read')
    if (node.kind === 'directory') throw systemError('EISDIR', 'read')
    const from = position < 0 ? descriptor.position : Number(position)
    const part = node.bytes.subarray(from, Math.min(node.size, from + into.byteLength))
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(part)
    if (position < 0) descriptor.position += part.byteLength
    this.spent.readBytes += part.byteLength
    return part.byteLength
  }

  write(fd: number, bytes: Uint8Array, position: number | null): number {
    if (!this.owns(fd)) return this.#outside.write(fd, bytes, position)
    const descriptor = this.#descriptor(fd, 'write')
    const { node, flags } = descriptor
    if (node.kind === 'directory' || (flags & accessMask) === O_RDONLY)
      throw systemError('EBADF', 'write')
    if (descriptor.take !== undefined) return descriptor.take(bytes)
    const own = position === null
    const offset = (flags & O_APPEND) !== 0 ? node.size : (position ?? descriptor.position)
    if (bytes.byteLength > 0) {
      grow(node, offset + bytes.byteLength)
      node.bytes.set(bytes, offset)
      if (own) descriptor.position = offset + bytes.byteLength
    }
    this.spent.writtenBytes += bytes.byteLength
    if (isSynced(flags)) this.spent.syncs += 1
    return bytes.byteLength
  }

  truncate(fd: number, length: number): void {
    if (!this.owns(fd)) return this.#outside.truncate(fd, length)
    const { node, flags } = this.#descriptor(fd, 'ftruncate')
    if (node.kind === 'directory' || (flags & accessMask) === O_RDONLY)
      throw systemError('EINVAL', 'ftruncate')
    resize(node, length)
  }

  sync(fd: number): void {
    if (!this.owns(fd)) return this.#outside.sync(fd)
    this.#descriptor(fd, 'fsync')
    this.spent.syncs += 1
  }

  datasync(fd: number): void {
    if (!this.owns(fd)) return this.#outside.datasync(fd)
    this.#descriptor(fd, 'fdatasync')
    this.spent.syncs += 1
  }

  rename(from: DiskPath, to: DiskPath): void {
    const ends = this.#ends('rename', from, to)
    if (ends === undefined) return this.#outside.rename(from, to)
    const source = this.#find(ends[0], 'rename', from)
    const target = this.#find(ends[1], 'rename', to)
    const { node } = source
    const fail = (code: string): Error => systemError(code, 'rename', pathText(from), pathText(to))
    if (node === undefined) throw fail('ENOENT')
    if (target.node === node) return
    if (node.kind === 'directory') {
      for (let at: VirtualDirectory | undefined = target.directory; at; at = at.parent)
        if (at === node) throw fail('EINVAL')
    }
    if (target.node !== undefined) {
      if (node.kind === 'directory' && target.node.kind !== 'directory') throw fail('ENOTDIR')
      if (node.kind !== 'directory' && target.node.kind === 'directory') throw fail('EISDIR')
      if (target.node.kind === 'directory' && target.node.entries.size > 0) throw fail('ENOTEMPTY')
      target.node.links -= 1
    }
    source.directory.entries.delete(source.name)
    target.directory.entries.set(
      target.name,
      node.kind === 'directory' ? reparented(node, target.directory) : node,
    )
  }

  link(from: DiskPath, to: DiskPath): void {
    const ends = this.#ends('link', from, to)
    if (ends === undefined) return this.#outside.link(from, to)
    const fail = (code: string): Error => systemError(code, 'link', pathText(from), pathText(to))
    const { node } = this.#find(ends[0], 'link', from)
    if (node === undefined) throw fail('ENOENT')
    const target = this.#find(ends[1], 'link', to)
    if (target.node !== undefined) throw fail('EEXIST')
    if (node.kind === 'directory') throw fail('EPERM')
    node.links += 1
    target.directory.entries.set(target.name, node)
  }

  unlink(path: DiskPath): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.unlink(path)
    const { directory, name, node } = this.#tree.existing(
      { relative, syscall: 'unlink', path },
      false,
    )
    if (node.kind === 'directory') throw systemError('EISDIR', 'unlink', pathText(path))
    node.links -= 1
    directory.entries.delete(name)
  }

  symlink(target: DiskPath, path: DiskPath, flags: number): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.symlink(target, path, flags)
    const found = this.#find(relative, 'symlink', path)
    if (found.node !== undefined)
      throw systemError('EEXIST', 'symlink', pathText(target), pathText(path))
    found.directory.entries.set(found.name, this.#tree.makeLink(pathText(target)))
  }

  mkdir(path: DiskPath, mode: number): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.mkdir(path, mode)
    const found = this.#find(relative, 'mkdir', path)
    if (found.node !== undefined) throw systemError('EEXIST', 'mkdir', pathText(path))
    const made = this.#tree.makeDirectory(found.directory)
    made.mode = constants.S_IFDIR | (mode & 0o777)
    found.directory.entries.set(found.name, made)
  }

  rmdir(path: DiskPath): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.rmdir(path)
    const { directory, name, node } = this.#tree.existing(
      { relative, syscall: 'rmdir', path },
      false,
    )
    if (node.kind !== 'directory') throw systemError('ENOTDIR', 'rmdir', pathText(path))
    if (node.entries.size > 0) throw systemError('ENOTEMPTY', 'rmdir', pathText(path))
    directory.entries.delete(name)
  }

  attributes(call: AttributeCall, args: readonly unknown[]): void {
    const [on, mode] = args
    const isOwn = typeof on === 'number' ? this.owns(on) : this.holds(on)
    if (!isOwn) return this.#outside.attributes(call, args)
    const node =
      typeof on === 'number'
        ? this.#descriptor(on, call).node
        : this.#at(on as DiskPath, call, !call.startsWith('l'))
    if (call === 'chmod' || call === 'fchmod')
      node.mode = (node.mode & constants.S_IFMT) | (Number(mode) & 0o7777)
  }

  stat(path: DiskPath, bigint: boolean): RawStat {
    if (!this.holds(path)) return this.#outside.stat(path, bigint)
    return rawStat(this.#at(path, 'stat', true), bigint)
  }

  lstat(path: DiskPath, bigint: boolean): RawStat {
    if (!this.holds(path)) return this.#outside.lstat(path, bigint)
    return rawStat(this.#at(path, 'lstat', false), bigint)
  }

  fstat(fd: number, bigint: boolean): RawStat {
    if (!this.owns(fd)) return this.#outside.fstat(fd, bigint)
    return rawStat(this.#descriptor(fd, 'fstat').node, bigint)
  }

  statfs(path: DiskPath, bigint: boolean): RawStat {
    if (!this.holds(path)) return this.#outside.statfs(path, bigint)
    // Type, block size, and room enough: tmpfs says much the same.
    const room = [0x01021994, 4096, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20]
    return bigint ? BigInt64Array.from(room, BigInt) : Float64Array.from(room)
  }

  access(path: DiskPath, mode: number): void {
    if (!this.holds(path)) return this.#outside.access(path, mode)
    this.#at(path, 'access', true)
  }

  readdir(path: DiskPath, encoding: unknown, withTypes: boolean): RawList {
    if (!this.holds(path)) return this.#outside.readdir(path, encoding, withTypes)
    const node = this.#at(path, 'scandir', true)
    if (node.kind !== 'directory') throw systemError('ENOTDIR', 'scandir', pathText(path))
    // The kernel promises no order; a fixed one makes cases repeat.
    const names = [...node.entries.keys()].sort()
    const shown = names.map((name) => encoded(name, encoding))
    if (!withTypes) return shown
    return [shown, names.map((name) => direntType(node.entries.get(name)))]
  }

  /** What lists a directory, name and type in turn, when it is asked. */
  opendir(path: DiskPath): (encoding: unknown) => readonly unknown[] {
    const node = this.#at(path, 'opendir', true)
    if (node.kind !== 'directory') throw systemError('ENOTDIR', 'opendir', pathText(path))
    return (encoding) =>
      [...node.entries]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .flatMap(([name, entry]) => [encoded(name, encoding), direntType(entry)])
  }

  readlink(path: DiskPath, encoding: unknown): unknown {
    if (!this.holds(path)) return this.#outside.readlink(path, encoding)
    const node = this.#at(path, 'readlink', false)
    if (node.kind !== 'symlink') throw systemError('EINVAL', 'readlink', pathText(path))
    return encoded(node.target, encoding)
  }

  realpath(path: DiskPath, encoding: unknown): unknown {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.realpath(path, encoding)
    const parts = this.#tree.resolved({ relative, syscall: 'realpath', path })
    return encoded([this.#directory.root, ...parts].join('/'), encoding)
  }

  mkdtemp(prefix: DiskPath, encoding: unknown): unknown {
    if (!this.holds(`${pathText(prefix)}x`)) return this.#outside.mkdtemp(prefix, encoding)
    const path = pathText(prefix) + (this.#temporary++).toString(36).padStart(6, '0')
    this.mkdir(path, 0o700)
    return encoded(path, encoding)
  }

  #create(found: Found, flags: number, mode: number, path: DiskPath): VirtualFile {
    if ((flags & O_CREAT) === 0) throw systemError('ENOENT', 'open', pathText(path))
    const file = this.#tree.makeFile(mode)
    found.directory.entries.set(found.name, file)
    return file
  }

  #enter(descriptor: Descriptor): number {
    const fd = this.#nextFd++
    this.#descriptors.set(fd, descriptor)
    return fd
  }

  #descriptor(fd: number, syscall: string): Descriptor {
    const descriptor = this.#descriptors.get(fd)
    if (descriptor === undefined) throw systemError('EBADF', syscall)
    return descriptor
  }

  /** Both paths in the tree; `undefined` where neither is. */
  #ends(syscall: string, from: DiskPath, to: DiskPath): readonly [string, string] | undefined {
    const [source, target] = [this.#directory.relative(from), this.#directory.relative(to)]
    if (source === undefined && target === undefined) return undefined
    if (source === undefined || target === undefined)
      throw systemError('EXDEV', syscall, pathText(from), pathText(to))
    return [source, target]
  }

  /** Where a path leads, a link at its end not followed. */
  #find(relative: string, syscall: string, path: DiskPath): Found {
    return this.#tree.find({ relative, syscall, path }, false)
  }

  #at(path: DiskPath, syscall: string, follow: boolean): VirtualNode {
    const relative = this.#directory.relative(path) ?? '.'
    return this.#tree.existing({ relative, syscall, path }, follow).node
  }

  /** The same as `stat` and `lstat`; `undefined` where there is nothing. Absence is no error here, and errors are dear. */
  peek(path: DiskPath, bigint: boolean, follow: boolean): RawStat | undefined {
    const asked = {
      relative: this.#directory.relative(path) ?? '.',
      syscall: follow ? 'stat' : 'lstat',
      path,
    }
    const node = this.#tree.peek(asked, follow)
    return node === undefined ? undefined : rawStat(node, bigint)
  }
}

function encoded(text: string, encoding: unknown): unknown {
  if (encoding === 'buffer') return Buffer.from(text)
  const isPlain =
    encoding === undefined || encoding === null || encoding === 'utf8' || encoding === 'utf-8'
  return isPlain ? text : Buffer.from(text).toString(encoding as BufferEncoding)
}
