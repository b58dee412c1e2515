/**
 * A stand-in for the internal fs binding, made of Node's public synchronous functions: for a Node whose own binding cannot be
 * hooked. The hooks are put on it as on the real one, and the public functions are sent to it (`public-door.ts`).
 *
 * Only synchronous calls ever reach its originals: behind the public door everything runs in serial order.
 */
import { mutableFs } from './builtin.ts'
import type { FsBinding, Native } from './binding.ts'

type Call = (...args: never[]) => unknown

/** Binding functions whose public sister, the one with `Sync`, takes the same leading arguments: how many. */
const alike = {
  open: 3,
  close: 1,
  fsync: 1,
  fdatasync: 1,
  ftruncate: 2,
  rename: 2,
  link: 2,
  unlink: 1,
  rmdir: 1,
  copyFile: 3,
  chmod: 2,
  fchmod: 2,
  chown: 3,
  fchown: 3,
  lchown: 3,
  utimes: 3,
  futimes: 3,
  lutimes: 3,
  mkdir: 2,
  mkdtemp: 2,
} as const

/** The stand-in. `FileHandle` cannot be made by it, so the handles of `fs.promises` are wrapped themselves. */
export function publicBinding(): FsBinding {
  // Taken now: the members of `fs` are about to be replaced.
  const { symlinkSync, writeSync, writevSync, readSync } = mutableFs()
  const members = mutableFs() as unknown as Readonly<Record<string, Call>>
  const binding: Record<string, unknown> = {
    kUsePromises: Symbol('promises'),
    FileHandle: noHandle,
  }
  for (const [name, length] of Object.entries(alike)) {
    const call = members[`${name}Sync`]
    if (call === undefined) continue
    binding[name] = ((...args) => call(...(args.slice(0, length) as never[]))) satisfies Native
  }
  binding['symlink'] = ((target, path, flags) =>
    symlinkSync(target as string, path as string, symlinkTypes[flags as number])) satisfies Native
  binding['writeBuffer'] = ((fd, bytes, offset, length, position) =>
    writeSync(
      fd as number,
      bytes as Uint8Array,
      offset as number,
      length as number,
      position as number | null,
    )) satisfies Native
  binding['writeBuffers'] = ((fd, parts, position) =>
    writevSync(
      fd as number,
      parts as Uint8Array[],
      position === null ? undefined : (position as number),
    )) satisfies Native
  binding['writeString'] = ((fd, text, position, encoding) =>
    writeSync(
      fd as number,
      text as string,
      position as number | null,
      encoding as BufferEncoding,
    )) satisfies Native
  binding['read'] = ((fd, into, offset, length, position) =>
    readSync(
      fd as number,
      into as Uint8Array,
      offset as number,
      length as number,
      (position as number) < 0 ? null : (position as number),
    )) satisfies Native
  return binding as unknown as FsBinding
}

function noHandle(): never {
  throw new Error('killpoint hooks: no file handle can be made behind the public door')
}

/** Names of the types of links, by the binding's number. */
export const symlinkTypes = ['file', 'dir', 'junction'] as const
