/** What both halves of the public door share: whose concern a call is, and how it reaches the hooked binding. */
import { fileURLToPath } from 'node:url'
import type { FsBinding, Native } from './binding.ts'
import { mutableFs } from './builtin.ts'
import type { Door } from './door.ts'
import { ledgerFile } from './files.ts'
import { fileOf, openedFile, register } from './open-calls.ts'

/** A public call in the terms of the binding: which function, with which arguments, its request coming last. */
export interface Translated {
  readonly name: string
  readonly args: readonly unknown[]
}

/** The path that an argument gives. */
export const path = (value: unknown): unknown =>
  value instanceof URL ? fileURLToPath(value) : value

/** Says that a call has nothing to do with the state directory. */
export const unconcerned: unique symbol = Symbol('unconcerned')

/** Asks for a promise. */
export const promised: unique symbol = Symbol('promised')

/** Sends a translated call to the hooked binding, if it concerns the state directory. */
export function callBinding(
  binding: FsBinding,
  door: Door,
  { name, args }: Translated,
  request: unknown,
): unknown {
  if (!concerned(door, args.slice(0, 2))) return unconcerned
  const call = binding[name] as Native
  return request === undefined
    ? Reflect.apply(call, binding, args)
    : Reflect.apply(call, binding, [...args, request])
}

/** Whether one of these is a descriptor or a path of the state directory. */
export function concerned(door: Door, targets: readonly unknown[]): boolean {
  const [first] = targets
  if (typeof first === 'number') {
    const { kind } = door.files[first] ?? fileOf(door, first)
    return kind === 'state' || kind === 'ledger'
  }
  const { directory, ledgerPath } = door.options
  return targets.some(
    (target) =>
      directory.relative(target) !== undefined || (target !== undefined && target === ledgerPath),
  )
}

/** Enters a descriptor that Node itself opened. */
export function enter(door: Door, fd: number, name: unknown, flags: unknown): void {
  const relative = door.options.directory.relative(path(name))
  if (relative !== undefined) register(door, fd, openedFile(relative, flagsOf(flags ?? 'r')))
  else if (path(name) === door.options.ledgerPath) register(door, fd, ledgerFile())
}

/** Whether it can be written as it is. */
export function isContent(data: unknown): boolean {
  return typeof data === 'string' || ArrayBuffer.isView(data)
}

/** Content of a file to be written. */
export function bytesOf(data: unknown, encoding: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, (encoding ?? 'utf8') as BufferEncoding)
  const { buffer, byteOffset, byteLength } = data as NodeJS.ArrayBufferView
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** `O_…` flags of `r`, `w+`, `ax` … */
export function flagsOf(flags: unknown): number {
  if (typeof flags === 'number') return flags
  const { constants } = mutableFs()
  const letters = new Set(String(flags))
  const both = letters.has('+')
  const base = letters.has('r')
    ? both
      ? constants.O_RDWR
      : constants.O_RDONLY
    : (both ? constants.O_RDWR : constants.O_WRONLY) |
      constants.O_CREAT |
      (letters.has('w') ? constants.O_TRUNC : constants.O_APPEND)
  return (
    base | (letters.has('x') ? constants.O_EXCL : 0) | (letters.has('s') ? constants.O_SYNC : 0)
  )
}
