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
import type { StateDirectory } from './paths.ts'

/** Descriptors of virtual files begin here; the kernel's stay below. Small, so that tables by descriptor stay arrays. */
const virtualFdMin = 1 << 9

const { O_ACCMODE, O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_TRUNC } =
  constants as typeof constants & { O_ACCMODE?: number }
const accessMask = O_ACCMODE ?? 3
const linksMax = 40
/** What libuv says of a name in a directory. */
const direntTypes = { file: 1, directory: 2, link: 3 } as const
const device = 1

type VirtualNode = VirtualFile | VirtualDirectory | VirtualLink

interface NodeBase {
  readonly ino: number
  mode: number
  links: number
}

interface VirtualFile extends NodeBase {
  readonly kind: 'file'
  bytes: Uint8Array
  size: number
  /** Its bytes belong to an image. */
  shared: boolean
}

interface VirtualDirectory extends NodeBase {
  readonly kind: 'directory'
  readonly entries: Map<string, VirtualNode>
  readonly parent: VirtualDirectory | undefined
}

interface VirtualLink extends NodeBase {
  readonly kind: 'symlink'
  readonly target: string
}

interface Descriptor {
  readonly node: VirtualFile | VirtualDirectory
  readonly flags: number
  position: number
}

/** Where a path leads. */
interface Found {
  readonly directory: VirtualDirectory
  readonly name: string
  readonly node: VirtualNode | undefined
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
  readonly #root: VirtualDirectory
  /** Where the image stands. */
  readonly #base: VirtualDirectory
  readonly #descriptors = new Map<number, Descriptor>()
  #inodes = 0
  #nextFd = virtualFdMin
  #temporary = 0

  /** `at`: a name in `directory` under which the image stands; absent: it stands in `directory` itself. */
  constructor(directory: StateDirectory, image: DirectoryImage, outside: Disk, at?: string) {
    this.#directory = directory
    this.#outside = outside
    this.#root = this.#makeDirectory(undefined)
    this.#base = at === undefined ? this.#root : this.#makeDirectory(this.#root)
    if (at !== undefined) this.#root.entries.set(at, this.#base)
    const seen = new Map<ImageEntry, VirtualFile>()
    for (const path of [...image.keys()].sort()) {
      const entry = image.get(path)
      if (entry === undefined) continue
      const names = path.split('/')
      const name = names.pop() ?? ''
      let parent: VirtualNode | undefined = this.#base
      for (const each of names)
        parent = parent?.kind === 'directory' ? parent.entries.get(each) : undefined
      if (parent?.kind !== 'directory') throw new Error(`an image without what is above ${path}`)
      parent.entries.set(name, this.#nodeOf(entry, parent, seen))
    }
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
    const image = new Map<string, ImageEntry>()
    const seen = new Map<VirtualFile, ImageEntry>()
    const visit = (directory: VirtualDirectory, prefix: string): void => {
      for (const [name, node] of directory.entries) {
        const path = prefix + name
        if (node.kind === 'directory') {
          image.set(path, { kind: 'directory' })
          visit(node, `${path}/`)
        } else if (node.kind === 'symlink') {
          image.set(path, { kind: 'symlink', target: node.target })
        } else {
          const entry = seen.get(node) ?? { kind: 'file', bytes: node.bytes.subarray(0, node.size) }
          seen.set(node, entry)
          node.shared = true
          image.set(path, entry)
        }
      }
    }
    visit(this.#base, '')
    return image
  }

  open(path: DiskPath, flags: number, mode: number): number {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.open(path, flags, mode)
    const found = this.#find(relative, 'open', path, (flags & O_NOFOLLOW) === 0)
    const node = found.node ?? this.#create(found, flags, mode, path)
    if (found.node !== undefined && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0)
      throw systemError('EEXIST', 'open', pathText(path))
    if (node.kind === 'symlink') throw systemError('ELOOP', 'open', pathText(path))
    const writes = (flags & accessMask) !== O_RDONLY
    if (node.kind === 'directory') {
      if (writes || (flags & O_CREAT) !== 0) throw systemError('EISDIR', 'open', pathText(path))
    } else {
      if ((flags & O_DIRECTORY) !== 0) throw systemError('ENOTDIR', 'open', pathText(path))
      if ((flags & O_TRUNC) !== 0) resize(node, 0)
    }
    const fd = this.#nextFd++
    this.#descriptors.set(fd, { node, flags, position: 0 })
    return fd
  }

  close(fd: number): void {
    if (!this.owns(fd)) return this.#outside.close(fd)
    if (!this.#descriptors.delete(fd)) throw systemError('EBADF', 'close')
  }

  read(fd: number, into: NodeJS.ArrayBufferView, position: number | bigint): number {
    if (!this.owns(fd)) return this.#outside.read(fd, into, position)
    const descriptor = this.#descriptor(fd, 'read')
    const { node } = descriptor
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
    const own = position === null
    const offset = (flags & O_APPEND) !== 0 ? node.size : (position ?? descriptor.position)
    if (bytes.byteLength > 0) {
      grow(node, offset + bytes.byteLength)
      node.bytes.set(bytes, offset)
    }
    if (own) descriptor.position = offset + bytes.byteLength
    this.spent.writtenBytes += bytes.byteLength
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
    const [source, target] = this.#ends('rename', from, to)
    if (source === undefined || target === undefined) return this.#outside.rename(from, to)
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
    const [source, target] = this.#ends('link', from, to)
    if (source === undefined || target === undefined) return this.#outside.link(from, to)
    const fail = (code: string): Error => systemError(code, 'link', pathText(from), pathText(to))
    if (source.node === undefined) throw fail('ENOENT')
    if (target.node !== undefined) throw fail('EEXIST')
    if (source.node.kind === 'directory') throw fail('EPERM')
    source.node.links += 1
    target.directory.entries.set(target.name, source.node)
  }

  unlink(path: DiskPath): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.unlink(path)
    const { directory, name, node } = this.#existing(relative, 'unlink', path, false)
    if (node.kind === 'directory') throw systemError('EISDIR', 'unlink', pathText(path))
    node.links -= 1
    directory.entries.delete(name)
  }

  symlink(target: DiskPath, path: DiskPath, flags: number): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.symlink(target, path, flags)
    const found = this.#find(relative, 'symlink', path, false)
    if (found.node !== undefined)
      throw systemError('EEXIST', 'symlink', pathText(target), pathText(path))
    found.directory.entries.set(found.name, this.#makeLink(pathText(target)))
  }

  mkdir(path: DiskPath, mode: number): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.mkdir(path, mode)
    const found = this.#find(relative, 'mkdir', path, false)
    if (found.node !== undefined) throw systemError('EEXIST', 'mkdir', pathText(path))
    const made = this.#makeDirectory(found.directory)
    made.mode = constants.S_IFDIR | (mode & 0o777)
    found.directory.entries.set(found.name, made)
  }

  rmdir(path: DiskPath): void {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.rmdir(path)
    const { directory, name, node } = this.#existing(relative, 'rmdir', path, false)
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

  readlink(path: DiskPath, encoding: unknown): unknown {
    if (!this.holds(path)) return this.#outside.readlink(path, encoding)
    const node = this.#at(path, 'readlink', false)
    if (node.kind !== 'symlink') throw systemError('EINVAL', 'readlink', pathText(path))
    return encoded(node.target, encoding)
  }

  realpath(path: DiskPath, encoding: unknown): unknown {
    const relative = this.#directory.relative(path)
    if (relative === undefined) return this.#outside.realpath(path, encoding)
    const parts: string[] = []
    const found = this.#find(relative, 'realpath', path, true, parts)
    if (found.node === undefined) throw systemError('ENOENT', 'realpath', pathText(path))
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
    const file: VirtualFile = {
      kind: 'file',
      ino: ++this.#inodes,
      mode: constants.S_IFREG | (mode & 0o777),
      links: 1,
      bytes: new Uint8Array(),
      size: 0,
      shared: true,
    }
    found.directory.entries.set(found.name, file)
    return file
  }

  #nodeOf(
    entry: ImageEntry,
    parent: VirtualDirectory,
    seen: Map<ImageEntry, VirtualFile>,
  ): VirtualNode {
    if (entry.kind === 'directory') return this.#makeDirectory(parent)
    if (entry.kind === 'symlink') return this.#makeLink(entry.target)
    const known = seen.get(entry)
    if (known !== undefined) {
      known.links += 1
      return known
    }
    const file: VirtualFile = {
      kind: 'file',
      ino: ++this.#inodes,
      mode: constants.S_IFREG | 0o644,
      links: 1,
      bytes: entry.bytes,
      size: entry.bytes.byteLength,
      shared: true,
    }
    seen.set(entry, file)
    return file
  }

  #makeDirectory(parent: VirtualDirectory | undefined): VirtualDirectory {
    const mode = constants.S_IFDIR | 0o755
    return { kind: 'directory', ino: ++this.#inodes, mode, links: 2, entries: new Map(), parent }
  }

  #makeLink(target: string): VirtualLink {
    return {
      kind: 'symlink',
      ino: ++this.#inodes,
      mode: constants.S_IFLNK | 0o777,
      links: 1,
      target,
    }
  }

  #descriptor(fd: number, syscall: string): Descriptor {
    const descriptor = this.#descriptors.get(fd)
    if (descriptor === undefined) throw systemError('EBADF', syscall)
    return descriptor
  }

  #ends(syscall: string, from: DiskPath, to: DiskPath): [Found | undefined, Found | undefined] {
    const [source, target] = [this.#directory.relative(from), this.#directory.relative(to)]
    if (source === undefined && target === undefined) return [undefined, undefined]
    if (source === undefined || target === undefined)
      throw systemError('EXDEV', syscall, pathText(from), pathText(to))
    return [this.#find(source, syscall, from, false), this.#find(target, syscall, to, false)]
  }

  #at(path: DiskPath, syscall: string, follow: boolean): VirtualNode {
    return this.#existing(this.#directory.relative(path) ?? '.', syscall, path, follow).node
  }

  /** The same as `stat` and `lstat`; `undefined` where there is nothing. Absence is no error here, and errors are dear. */
  peek(path: DiskPath, bigint: boolean, follow: boolean): RawStat | undefined {
    const relative = this.#directory.relative(path) ?? '.'
    const quick = this.#quick(relative)
    if (quick === undefined)
      return rawStat(this.#at(path, follow ? 'stat' : 'lstat', follow), bigint)
    return quick.node === undefined ? undefined : rawStat(quick.node, bigint)
  }

  /** Where a path leads that has no links and no dots in it and whose directories are there; `undefined` for any other. */
  #quick(relative: string): Found | undefined {
    let directory = this.#root
    for (let from = 0; ;) {
      const slash = relative.indexOf('/', from)
      const name = slash < 0 ? relative.slice(from) : relative.slice(from, slash)
      if (name === '' || name === '.' || name === '..') return undefined
      const node = directory.entries.get(name)
      if (slash < 0) return node?.kind === 'symlink' ? undefined : { directory, name, node }
      if (node?.kind !== 'directory') return undefined
      directory = node
      from = slash + 1
    }
  }

  #existing(
    relative: string,
    syscall: string,
    path: DiskPath,
    follow: boolean,
  ): Found & { readonly node: VirtualNode } {
    const { node, ...found } = this.#find(relative, syscall, path, follow)
    if (node === undefined) throw systemError('ENOENT', syscall, pathText(path))
    return { ...found, node }
  }

  /** Walks a path of the state directory; `parts` receives its names with links resolved. */
  #find(
    relative: string,
    syscall: string,
    path: DiskPath,
    follow: boolean,
    parts?: string[],
  ): Found {
    const quick = parts === undefined ? this.#quick(relative) : undefined
    return quick ?? this.#walk(relative, syscall, path, follow, parts ?? [])
  }

  #walk(
    relative: string,
    syscall: string,
    path: DiskPath,
    follow: boolean,
    parts: string[],
  ): Found {
    const rest = relative.split('/').filter((part) => part !== '' && part !== '.')
    let directory = this.#root
    let found: Found = { directory, name: '.', node: directory }
    for (let links = 0; rest.length > 0;) {
      const name = rest.shift() as string
      if (name === '..') {
        directory = directory.parent ?? this.#root
        parts.pop()
        found = { directory, name: '.', node: directory }
        continue
      }
      const node = directory.entries.get(name)
      if (node?.kind === 'symlink' && (rest.length > 0 || follow)) {
        if (++links > linksMax) throw systemError('ELOOP', syscall, pathText(path))
        if (node.target.startsWith('/')) throw systemError('EXDEV', syscall, pathText(path))
        rest.unshift(...node.target.split('/').filter((part) => part !== '' && part !== '.'))
        continue
      }
      parts.push(name)
      found = { directory, name, node }
      if (rest.length === 0) break
      if (node === undefined) throw systemError('ENOENT', syscall, pathText(path))
      if (node.kind !== 'directory') throw systemError('ENOTDIR', syscall, pathText(path))
      directory = node
    }
    return found
  }
}

/** A directory under another parent: `..` is looked up in the node itself. */
function reparented(node: VirtualDirectory, parent: VirtualDirectory): VirtualDirectory {
  return Object.assign(node, { parent })
}

function resize(file: VirtualFile, length: number): void {
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
function grow(file: VirtualFile, size: number): void {
  if (file.shared || size > file.bytes.byteLength) {
    const larger = new Uint8Array(Math.max(size, file.size, file.shared ? 0 : 2 * file.size))
    larger.set(file.bytes.subarray(0, file.size))
    file.bytes = larger
    file.shared = false
  }
  file.size = Math.max(file.size, size)
}

function rawStat(node: VirtualNode, bigint: boolean): RawStat {
  const size = node.kind === 'file' ? node.size : node.kind === 'symlink' ? node.target.length : 0
  const { mode, links, ino } = node
  const fields = [device, mode, links, 0, 0, 0, 4096, ino, size, Math.ceil(size / 512)]
  const stat = new Float64Array(18)
  stat.set(fields)
  return bigint ? BigInt64Array.from(stat, BigInt) : stat
}

function direntType(node: VirtualNode | undefined): number {
  if (node?.kind === 'directory') return direntTypes.directory
  if (node?.kind === 'symlink') return direntTypes.link
  return direntTypes.file
}

function encoded(text: string, encoding: unknown): unknown {
  if (encoding === 'buffer') return Buffer.from(text)
  const isPlain =
    encoding === undefined || encoding === null || encoding === 'utf8' || encoding === 'utf-8'
  return isPlain ? text : Buffer.from(text).toString(encoding as BufferEncoding)
}
