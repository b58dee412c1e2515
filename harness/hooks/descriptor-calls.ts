/** Calls on a descriptor that change or sync state: writes, truncate, sync, datasync, and attributes. */
import type { Op } from '../op.ts'
import { failure, syscallOf } from './errors.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import type { AttributeCall } from './disk.ts'
import type { Door } from './door.ts'
import type { Primitive, WritePrimitive } from './primitive.ts'
import { fileOf } from './open-calls.ts'
import type { OpenFile } from './files.ts'
import { callOf, hook, issue, serve } from './route.ts'

/** Hooks them all; the result undoes it. */
export function hookDescriptorCalls(binding: FsBinding, door: Door): Undo[] {
  return [
    hookWrite(binding, door, 'writeBuffer', 5, (args) => ({
      bytes: () => slice(args[1] as NodeJS.ArrayBufferView, args[2], args[3]),
      position: numberOrNull(args[4]),
    })),
    hookWrite(binding, door, 'writeBuffers', 3, (args) => ({
      bytes: () => Buffer.concat((args[1] as NodeJS.ArrayBufferView[]).map((part) => slice(part))),
      position: numberOrNull(args[2]),
    })),
    hookWrite(binding, door, 'writeString', 4, (args) => ({
      bytes: () => Buffer.from(args[1] as string, args[3] as BufferEncoding | undefined),
      position: numberOrNull(args[2]),
    })),
    hookSync(binding, door, 'fsync'),
    hookSync(binding, door, 'fdatasync'),
    hookTruncate(binding, door),
    ...(['fchmod', 'fchown', 'futimes'] as const).map((name) =>
      hookAttributes(binding, door, name),
    ),
  ]
}

interface WriteCall {
  readonly bytes: () => Uint8Array
  readonly position: number | null
}

/** A write of `bytes` at `position`, as a numbered primitive. */
export function writePrimitive(
  door: Door,
  fd: number,
  file: OpenFile,
  { bytes: decode, position }: WriteCall,
): Primitive {
  let decoded: Uint8Array | undefined
  const bytes = (): Uint8Array => (decoded ??= decode())
  const offset = (): number => offsetOf(door, fd, file, position)
  const write: WritePrimitive = {
    file,
    position,
    bytes,
    some: (count) => door.disk.write(fd, bytes().subarray(0, count), position),
    offset,
    grows: () => {
      const size = Number(door.disk.fstat(fd, false)[8])
      return Math.max(0, offset() + bytes().byteLength - size)
    },
  }
  return {
    kind: file.kind === 'ledger' ? 'mark' : 'write',
    describe: () => describeWrite(door, fd, file, bytes().byteLength, position),
    run: () => door.disk.write(fd, bytes(), position),
    fail: failure('write'),
    write,
  }
}

/** Where a write lands, in bytes from the start of the file. */
export function offsetOf(door: Door, fd: number, file: OpenFile, position: number | null): number {
  // Linux appends whatever the position says.
  if (file.append && (position === null || process.platform === 'linux')) {
    return file.pending > 0 ? file.position : Number(door.disk.fstat(fd, false)[8])
  }
  return position ?? file.position
}

function describeWrite(
  door: Door,
  fd: number,
  file: OpenFile,
  length: number,
  position: number | null,
): Op {
  if (file.kind === 'ledger') return { kind: 'mark', length }
  const offset = offsetOf(door, fd, file, position)
  const { path, node, synced } = file
  return { kind: 'write', path, node, offset, length, ...(synced ? { synced: true } : {}) }
}

function hookWrite(
  binding: FsBinding,
  door: Door,
  name: string,
  at: number,
  decode: (args: ArrayLike<unknown>) => WriteCall,
): Undo {
  return hook(door, binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const fd = args[0] as number
      const file = door.files[fd] ?? fileOf(door, fd)
      if (file.kind === 'foreign') return Reflect.apply(original, this, args)
      const numbered = file.kind === 'state' || file.kind === 'ledger'
      if (args[at] === undefined) {
        if (!numbered) return Reflect.apply(original, this, args)
        if (door.count + 1 < door.due) {
          door.count += 1
          return Reflect.apply(original, this, args)
        }
      }
      const call = callOf(name, original, this, args, at)
      const decoded = decode(args)
      if (numbered) return issue(door, call, writePrimitive(door, fd, file, decoded))
      return serve(door, call, () => door.disk.write(fd, decoded.bytes(), decoded.position))
    }
  })
}

function hookSync(binding: FsBinding, door: Door, name: 'fsync' | 'fdatasync'): Undo {
  return hook(door, binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const fd = args[0] as number
      const file = door.files[fd] ?? fileOf(door, fd)
      if (file.kind === 'state' && args[1] === undefined && door.count + 1 < door.due) {
        door.count += 1
        return Reflect.apply(original, this, args)
      }
      if (file.kind === 'foreign') return Reflect.apply(original, this, args)
      const call = callOf(name, original, this, args, 1)
      const run = (): void => (name === 'fsync' ? door.disk.sync(fd) : door.disk.datasync(fd))
      if (file.kind !== 'state') return serve(door, call, run)
      return issue(door, call, syncPrimitive(name, file, run))
    }
  })
}

/** A sync of data or of all, as a numbered primitive. */
export function syncPrimitive(
  name: 'fsync' | 'fdatasync',
  file: OpenFile,
  run: () => void,
): Primitive {
  const kind = name === 'fsync' ? 'sync' : 'datasync'
  return {
    kind,
    describe: () => ({
      kind: file.directory ? 'sync-directory' : kind,
      path: file.path,
      node: file.node,
    }),
    run,
    fail: failure(name),
  }
}

function hookTruncate(binding: FsBinding, door: Door): Undo {
  return hook(door, binding, 'ftruncate', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const fd = args[0] as number
      const length = args[1] as number
      const file = door.files[fd] ?? fileOf(door, fd)
      if (file.kind === 'foreign') return Reflect.apply(original, this, args)
      const call = callOf('ftruncate', original, this, args, 2)
      if (file.kind !== 'state') return serve(door, call, () => door.disk.truncate(fd, length))
      return issue(door, call, truncatePrimitive(door, fd, file, length))
    }
  })
}

/** A truncation, as a numbered primitive. */
export function truncatePrimitive(
  door: Door,
  fd: number,
  file: OpenFile,
  length: number,
): Primitive {
  return {
    kind: 'truncate',
    describe: () => ({ kind: 'truncate', path: file.path, node: file.node, length }),
    run: () => door.disk.truncate(fd, length),
    fail: failure('ftruncate'),
  }
}

function hookAttributes(binding: FsBinding, door: Door, name: AttributeCall): Undo {
  const at = name === 'fchmod' ? 2 : 3
  return hook(door, binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const file = door.files[args[0] as number] ?? fileOf(door, args[0] as number)
      if (file.kind === 'foreign') return Reflect.apply(original, this, args)
      const call = callOf(name, original, this, args, at)
      const run = (): void => door.disk.attributes(name, args.slice(0, at))
      if (file.kind !== 'state') return serve(door, call, run)
      return issue(door, call, {
        kind: 'attributes',
        describe: () => ({ kind: 'attributes', call: name, path: file.path, node: file.node }),
        run,
        fail: failure(syscallOf(name)),
      })
    }
  })
}

function slice(view: NodeJS.ArrayBufferView, offset?: unknown, length?: unknown): Uint8Array {
  const from = typeof offset === 'number' ? offset : 0
  const count = typeof length === 'number' ? length : view.byteLength - from
  return new Uint8Array(view.buffer, view.byteOffset + from, count)
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? value : null
}
