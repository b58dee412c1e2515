/**
 * Calls that change nothing. In serial order the asynchronous ones, too, run in place and are told in order, or their timing
 * would order the ops that follow them; and where somebody asks for it, those in the state directory are numbered as reads.
 */
import type { ReadKind } from '../op.ts'
import { failure, syscallOf } from './errors.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import type { Disk, DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import type { Door } from './door.ts'
import { outside } from './files.ts'
import type { OpenFile } from './files.ts'
import { fileOf } from './open-calls.ts'
import { callOf, deliver, hook, serve } from './route.ts'

interface ReadCall {
  readonly name: string
  /** Name of the system call in errors. */
  readonly syscall: string
  /** Index of the request argument. */
  readonly request: number
  readonly kind: ReadKind
  /** Whether the first argument is a descriptor or a path. */
  readonly on: 'descriptor' | 'path'
  readonly run: (disk: Disk, args: ArrayLike<unknown>) => unknown
}

const readCalls: readonly ReadCall[] = [
  descriptorCall('read', 5, 'read', (disk, args) =>
    disk.read(
      args[0] as number,
      view(args[1] as NodeJS.ArrayBufferView, args[2] as number, args[3] as number),
      position(args[4]),
    ),
  ),
  descriptorCall('readBuffers', 3, 'read', (disk, args) =>
    readAll(disk, args[0] as number, args[1] as NodeJS.ArrayBufferView[], position(args[2])),
  ),
  descriptorCall('fstat', 2, 'look', (disk, args) =>
    disk.fstat(args[0] as number, args[1] === true),
  ),
  pathCall('stat', 2, 'look', (disk, args) => disk.stat(path(args), args[1] === true)),
  pathCall('lstat', 2, 'look', (disk, args) => disk.lstat(path(args), args[1] === true)),
  pathCall('statfs', 2, 'look', (disk, args) => disk.statfs(path(args), args[1] === true)),
  pathCall('access', 2, 'look', (disk, args) => disk.access(path(args), args[1] as number)),
  pathCall('readlink', 2, 'look', (disk, args) => disk.readlink(path(args), args[1])),
  pathCall('realpath', 2, 'look', (disk, args) => disk.realpath(path(args), args[1])),
  pathCall('readdir', 3, 'list', (disk, args) =>
    disk.readdir(path(args), args[1], args[2] === true),
  ),
]

/** Hooks them all; the result undoes it. */
export function hookReadCalls(binding: FsBinding, door: Door): Undo[] {
  return [
    ...readCalls.map((spec) => hookRead(binding, door, spec)),
    hookExists(binding, door),
    hookReadFile(binding, door),
  ]
}

function hookRead(binding: FsBinding, door: Door, spec: ReadCall): Undo {
  const { name, request, on } = spec
  return hook(door, binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      if (args[request] === undefined && !door.watchesReads) {
        return Reflect.apply(original, this, args)
      }
      const file = on === 'descriptor' ? fileAt(door, args[0] as number) : outside
      if (file.kind === 'foreign') return Reflect.apply(original, this, args)
      const relative = on === 'path' ? door.options.directory.relative(args[0]) : statePath(file)
      const call = callOf(name, original, this, args, request)
      if (relative === undefined || !door.watchesReads) {
        return serve(door, call, () => spec.run(door.disk, args))
      }
      return watch(door, spec, call, relative, file)
    }
  })
}

function watch(
  door: Door,
  spec: ReadCall,
  call: ReturnType<typeof callOf>,
  relative: string,
  file: OpenFile,
): unknown {
  const { args } = call
  const fail = failure(spec.syscall, spec.on === 'path' ? args[0] : undefined)
  const look = (run: () => unknown): unknown => {
    const value = door.look(spec.kind, relative, fail, run)
    if (spec.kind === 'read' && position(args[spec.request - 1]) < 0) file.position += Number(value)
    return value
  }
  if (call.form === 'sync') return look(() => Reflect.apply(call.original, call.self, args))
  // In native order, too: a watched read is done in place, or it would be numbered when nobody can say where it falls.
  const outcome = attempt(() => look(() => spec.run(door.disk, args)))
  return deliver(door, call, outcome, undefined)
}

function hookExists(binding: FsBinding, door: Door): Undo {
  return hook(door, binding, 'existsSync', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      if (!door.watchesReads) return Reflect.apply(original, this, args)
      const relative = door.options.directory.relative(args[0])
      if (relative === undefined) return Reflect.apply(original, this, args)
      try {
        return door.look('look', relative, failure('access', args[0]), () =>
          Reflect.apply(original, this, args),
        )
      } catch {
        // This function has no other way to say that it could not see.
        return false
      }
    }
  })
}

/** Open, read and close in one call: two reads. */
function hookReadFile(binding: FsBinding, door: Door): Undo {
  return hook(door, binding, 'readFileUtf8', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      if (!door.watchesReads) return Reflect.apply(original, this, args)
      const [target] = args as [number | DiskPath]
      const relative =
        typeof target === 'number'
          ? statePath(fileAt(door, target))
          : door.options.directory.relative(target)
      if (relative === undefined) return Reflect.apply(original, this, args)
      const read = (): unknown =>
        door.look('read', relative, failure('read'), () => Reflect.apply(original, this, args))
      if (typeof target === 'number') return read()
      return door.look('open', relative, failure('open', target), read)
    }
  })
}

function descriptorCall(
  name: string,
  request: number,
  kind: ReadKind,
  run: ReadCall['run'],
): ReadCall {
  return { name, syscall: syscallOf(name), request, kind, on: 'descriptor', run }
}

function pathCall(name: string, request: number, kind: ReadKind, run: ReadCall['run']): ReadCall {
  return { name, syscall: syscallOf(name), request, kind, on: 'path', run }
}

function path(args: ArrayLike<unknown>): DiskPath {
  return args[0] as DiskPath
}

function fileAt(door: Door, fd: number): OpenFile {
  return door.files[fd] ?? fileOf(door, fd)
}

function statePath(file: OpenFile): string | undefined {
  return file.kind === 'state' ? file.path : undefined
}

function view(buffer: NodeJS.ArrayBufferView, offset: number, length: number): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)
}

function position(value: unknown): number | bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? value : -1
}

function readAll(
  disk: Disk,
  fd: number,
  buffers: readonly NodeJS.ArrayBufferView[],
  from: number | bigint,
): number {
  let total = 0
  for (const buffer of buffers) {
    const at = from < 0 ? -1 : Number(from) + total
    const count = disk.read(fd, view(buffer, 0, buffer.byteLength), at)
    total += count
    if (count < buffer.byteLength) break
  }
  return total
}
