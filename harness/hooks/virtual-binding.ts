/**
 * Synchronous calls of the fs binding, answered by a virtual disk.
 *
 * The hooks let a synchronous call run by the original binding function; this layer lies under them and is that original.
 * Asynchronous calls never come here: in serial order the hooks run those on the `Disk` itself. Node wants its errors thrown,
 * or filled into a context object, or (a stat that may find nothing) as `undefined`, according to function and version.
 *
 *  B1  No path of the disk in memory is ever looked up on the real one: a function that is neither answered here nor taken apart by the
 *      hooks refuses the life, and says which it is.
 */
import { constants } from 'node:fs'
import { internalBinding, replace } from './binding.ts'
import type { FsBinding, Native } from './binding.ts'
import { mutableFs } from './builtin.ts'
import type { AttributeCall, DiskPath, RawStat } from './disk.ts'
import { isSystemError, pathText } from './errors.ts'
import type { VirtualDisk } from './virtual-disk.ts'

interface SyncCall {
  readonly name: string
  /** Index of the request argument: what stands behind it says how errors are wanted. */
  readonly request: number
  readonly on: 'descriptor' | 'path'
  /** Indices of the paths that decide; default: the first argument. */
  readonly at?: readonly number[]
  readonly run: (disk: VirtualDisk, args: readonly unknown[]) => unknown
}

const path = (value: unknown): DiskPath => value as DiskPath
const number = (value: unknown): number => value as number
const view = (value: unknown): NodeJS.ArrayBufferView => value as NodeJS.ArrayBufferView

const calls: readonly SyncCall[] = [
  named('open', 3, (disk, [name, flags, mode]) =>
    disk.open(path(name), number(flags), number(mode)),
  ),
  named('stat', 2, (disk, [name, bigint]) => disk.stat(path(name), bigint === true)),
  named('lstat', 2, (disk, [name, bigint]) => disk.lstat(path(name), bigint === true)),
  named('statfs', 2, (disk, [name, bigint]) => disk.statfs(path(name), bigint === true)),
  named('access', 2, (disk, [name, mode]) => disk.access(path(name), number(mode))),
  named('readdir', 3, (disk, [name, encoding, types]) =>
    disk.readdir(path(name), encoding, types === true),
  ),
  named('readlink', 2, (disk, [name, encoding]) => disk.readlink(path(name), encoding)),
  named('realpath', 2, (disk, [name, encoding]) => disk.realpath(path(name), encoding)),
  {
    ...named('rename', 2, (disk, [from, to]) => disk.rename(path(from), path(to))),
    at: [0, 1],
  },
  { ...named('link', 2, (disk, [from, to]) => disk.link(path(from), path(to))), at: [0, 1] },
  named('unlink', 1, (disk, [name]) => disk.unlink(path(name))),
  named('rmdir', 1, (disk, [name]) => disk.rmdir(path(name))),
  named('mkdir', 3, (disk, [name, mode]) => disk.mkdir(path(name), number(mode))),
  named('mkdtemp', 2, (disk, [prefix, encoding]) => disk.mkdtemp(path(prefix), encoding)),
  {
    ...named('symlink', 3, (disk, [target, name, flags]) =>
      disk.symlink(path(target), path(name), number(flags)),
    ),
    at: [1],
  },
  ...(['chmod', 'chown', 'lchown', 'utimes', 'lutimes'] as const).map((name) =>
    attribute(name, 'path'),
  ),
  ...(['fchmod', 'fchown', 'futimes'] as const).map((name) => attribute(name, 'descriptor')),
  onDescriptor('close', 1, (disk, [fd]) => disk.close(number(fd))),
  onDescriptor('fstat', 2, (disk, [fd, bigint]) => disk.fstat(number(fd), bigint === true)),
  onDescriptor('fsync', 1, (disk, [fd]) => disk.sync(number(fd))),
  onDescriptor('fdatasync', 1, (disk, [fd]) => disk.datasync(number(fd))),
  onDescriptor('ftruncate', 2, (disk, [fd, length]) => disk.truncate(number(fd), number(length))),
  onDescriptor('read', 5, (disk, [fd, into, offset, length, at]) =>
    disk.read(number(fd), part(into, offset, length), place(at) ?? -1),
  ),
  onDescriptor('readBuffers', 3, (disk, [fd, into, at]) => {
    let total = 0
    for (const buffer of into as readonly NodeJS.ArrayBufferView[]) {
      const from = place(at)
      const count = disk.read(number(fd), part(buffer), from === null ? -1 : from + total)
      total += count
      if (count < buffer.byteLength) break
    }
    return total
  }),
  onDescriptor('writeBuffer', 5, (disk, [fd, bytes, offset, length, at]) =>
    disk.write(number(fd), part(bytes, offset, length), place(at)),
  ),
  onDescriptor('writeBuffers', 3, (disk, [fd, parts, at]) =>
    disk.write(
      number(fd),
      Buffer.concat((parts as readonly NodeJS.ArrayBufferView[]).map((each) => part(each))),
      place(at),
    ),
  ),
  onDescriptor('writeString', 4, (disk, [fd, text, at, encoding]) =>
    disk.write(
      number(fd),
      Buffer.from(text as string, encoding as BufferEncoding | undefined),
      place(at),
    ),
  ),
]

/** What answers: the disk of the life that runs, and what becomes of lines to the ledger. */
export interface VirtualSource {
  readonly disk: () => VirtualDisk | undefined
  /** Takes what is written to the ledger's descriptor. */
  readonly ledger: (bytes: Uint8Array) => number
  readonly ledgerFd: number
  /** Files that can be read and nothing else, by absolute path. */
  readonly files: ReadonlyMap<string, string>
  /** Ends the life that runs, for what cannot be had in memory; the result is to be thrown. */
  readonly refuse: (why: string) => Error
}

/** Puts the layer in; it stays for the life of the process. Before the hooks, so that it is the original to them. */
export function layVirtualBinding(binding: FsBinding, source: VirtualSource): void {
  for (const call of calls) layCall(binding, source, call)
  layTreeCalls(binding, source)
  replace(binding, 'existsSync', (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const disk = source.disk()
      if (disk === undefined || !disk.holds(args[0])) return Reflect.apply(original, this, args)
      try {
        return disk.peek(path(args[0]), false, true) !== undefined
      } catch {
        // This function has no other answer.
        return false
      }
    }
  })
  replace(binding, 'readFileUtf8', (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [target, flags] = args
      const kept = typeof target === 'string' ? source.files.get(target) : undefined
      if (kept !== undefined) return kept
      const disk = source.disk()
      if (disk === undefined || !(disk.owns(target) || disk.holds(target)))
        return Reflect.apply(original, this, args)
      return readText(disk, target as number | DiskPath, number(flags))
    }
  })
  replace(binding, 'writeFileUtf8', (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [target, data, flags, mode] = args
      const disk = source.disk()
      if (disk === undefined) return Reflect.apply(original, this, args)
      const bytes = Buffer.from(data as string)
      if (target === source.ledgerFd) source.ledger(bytes)
      else if (disk.owns(target) || disk.holds(target))
        writeText(disk, target as number | DiskPath, bytes, number(flags), number(mode))
      else return Reflect.apply(original, this, args)
      return undefined
    }
  })
  for (const name of Object.keys(binding)) {
    if (!servedCalls.has(name) && typeof binding[name] === 'function' && !pathless.has(name))
      refuseCall(binding, source, name)
  }
  for (const watcher of [binding['StatWatcher'], eventBinding()['FSEvent']]) {
    const { prototype } = watcher as { prototype: Record<string, unknown> }
    refuseCall(prototype, source, 'start')
  }
  refuseCall(mutableFs(), source, 'openAsBlob')
}

/** Functions of the binding that the layer answers; the hooks take the others apart, or they are refused. */
export const servedCalls: ReadonlySet<string> = new Set([
  ...calls.map(({ name }) => name),
  'existsSync',
  'readFileUtf8',
  'writeFileUtf8',
  'rmSync',
  'cpSyncCheckPaths',
])

/** Classes that take no path. */
const pathless: ReadonlySet<string> = new Set(['FSReqCallback', 'FileHandle', 'StatWatcher'])

/** Refuses a life that asks the real disk for what is on that in memory (B1). */
function refuseCall(holder: Record<string, unknown>, source: VirtualSource, name: string): void {
  replace(holder, name, (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const disk = source.disk()
      if (disk !== undefined && args.some((each) => isPath(each) && disk.holds(each)))
        throw source.refuse(`it calls ${name} of fs, which the disk in memory does not have`)
      return new.target === undefined
        ? Reflect.apply(original, this, args)
        : (Reflect.construct(original, args) as unknown)
    }
  })
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array || value instanceof URL
}

function eventBinding(): Record<string, unknown> {
  return internalBinding('fs_event_wrap') as Record<string, unknown>
}

/**
 * What the hooks leave of the calls for whole trees, in Nodes that have them: `rmSync` where there is nothing, and the check before a copy.
 * Only its good end is answered: how it words what is in its way is its own.
 */
function layTreeCalls(binding: FsBinding, source: VirtualSource): void {
  const lay = (
    name: string,
    at: number,
    run: (disk: VirtualDisk, args: readonly unknown[]) => boolean,
  ): void => {
    replace(binding, name, (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const disk = source.disk()
        if (disk === undefined || !disk.holds(args[at])) return Reflect.apply(original, this, args)
        if (run(disk, args)) return undefined
        throw source.refuse(`it calls ${name} of fs in a way that the disk in memory does not have`)
      }
    })
  }
  lay('rmSync', 0, (disk, [name]) => disk.peek(path(name), false, false) === undefined)
  lay('cpSyncCheckPaths', 1, (disk, [from, to, dereference, recursive]) => {
    if (!disk.holds(from)) return false
    const follow = dereference === true
    const source = disk.peek(path(from), false, follow)
    const target = disk.peek(path(to), false, follow)
    if (source === undefined || (isDirectory(source) && recursive !== true)) return false
    if (`${pathText(path(to))}/`.startsWith(`${pathText(path(from))}/`)) return false
    return target === undefined || isDirectory(source) === isDirectory(target)
  })
}

function isDirectory(stat: RawStat): boolean {
  return (Number(stat[1]) & constants.S_IFMT) === constants.S_IFDIR
}

function layCall(binding: FsBinding, source: VirtualSource, call: SyncCall): void {
  const { name, request, on, at = [0], run } = call
  const writes = name.startsWith('write')
  replace(binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const disk = source.disk()
      if (disk === undefined) return Reflect.apply(original, this, args)
      if (writes && args[0] === source.ledgerFd) return run(ledgerDisk(source), args)
      const isOwn =
        on === 'descriptor' ? disk.owns(args[0]) : at.some((index) => disk.holds(args[index]))
      if (!isOwn) return Reflect.apply(original, this, args)
      try {
        // `throwIfNoEntry: false`
        if (args[request + 1] === false && (name === 'stat' || name === 'lstat'))
          return disk.peek(path(args[0]), args[1] === true, name === 'stat')
        return run(disk, args)
      } catch (error) {
        return fail(error, args[request + 1])
      }
    }
  })
}

/** A disk with one file, that takes marks. */
function ledgerDisk(source: VirtualSource): VirtualDisk {
  return {
    write: (_fd: number, bytes: Uint8Array) => source.ledger(bytes),
  } as unknown as VirtualDisk
}

function fail(error: unknown, behind: unknown): undefined {
  if (!isSystemError(error)) throw error
  if (behind === false && error.code === 'ENOENT') return undefined
  if (typeof behind !== 'object' || behind === null) throw error
  const { errno, code, syscall, path: from, dest } = error
  Object.assign(behind, { errno, code, syscall }, from === undefined ? {} : { path: from })
  if (dest !== undefined) Object.assign(behind, { dest })
  return undefined
}

function readText(disk: VirtualDisk, target: number | DiskPath, flags: number): string {
  const fd = typeof target === 'number' ? target : disk.open(target, flags, 0o666)
  try {
    const bytes = Buffer.alloc(Number(disk.fstat(fd, false)[8]))
    const count = disk.read(fd, bytes, typeof target === 'number' ? -1 : 0)
    return bytes.toString('utf8', 0, count)
  } finally {
    if (typeof target !== 'number') disk.close(fd)
  }
}

function writeText(
  disk: VirtualDisk,
  target: number | DiskPath,
  bytes: Uint8Array,
  flags: number,
  mode: number,
): void {
  const fd = typeof target === 'number' ? target : disk.open(target, flags, mode)
  try {
    if (bytes.byteLength > 0) disk.write(fd, bytes, null)
  } finally {
    if (typeof target !== 'number') disk.close(fd)
  }
}

function named(name: string, request: number, run: SyncCall['run']): SyncCall {
  return { name, request, on: 'path', run }
}

function onDescriptor(name: string, request: number, run: SyncCall['run']): SyncCall {
  return { name, request, on: 'descriptor', run }
}

function attribute(name: AttributeCall, on: SyncCall['on']): SyncCall {
  const request = name === 'chmod' || name === 'fchmod' ? 2 : 3
  return { name, request, on, run: (disk, args) => disk.attributes(name, args.slice(0, request)) }
}

function part(bytes: unknown, offset?: unknown, length?: unknown): Uint8Array {
  const { buffer, byteOffset, byteLength } = view(bytes)
  const from = typeof offset === 'number' ? offset : 0
  const count = typeof length === 'number' ? length : byteLength - from
  return new Uint8Array(buffer, byteOffset + from, count)
}

function place(value: unknown): number | null {
  if (typeof value === 'bigint') return value < 0n ? null : Number(value)
  return typeof value === 'number' && value >= 0 ? value : null
}
