/**
 * The public door: the functions of `node:fs` wrapped one by one, where the internal binding cannot be hooked.
 *
 * It sees less than the binding does: what Node calls inside itself (copying trees, `FileHandle` methods that a program took
 * before) passes by. The self-test says which forms. Everything runs in serial order.
 */
import { fileURLToPath } from 'node:url'
import { mutableFs, syncExports } from './builtin.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import { replace } from './binding.ts'
import { compose } from './composite-calls.ts'
import type { DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import type { Door } from './door.ts'
import { failure } from './errors.ts'
import { fileOf, openedFile, register } from './open-calls.ts'
import { wrapHandles } from './public-handles.ts'
import { symlinkTypes } from './public-binding.ts'
import type { Call } from './route.ts'
import type { Steps } from './steps.ts'
import { removeTree } from './tree-calls.ts'

/** A public call in the terms of the binding: which function, with which arguments, its request coming last. */
export interface Translated {
  readonly name: string
  readonly args: readonly unknown[]
}

type Translate = (args: readonly unknown[]) => Translated

const path = (value: unknown): unknown => (value instanceof URL ? fileURLToPath(value) : value)
const same =
  (name: string, length: number): Translate =>
  (args) => ({ name, args: Array.from({ length }, (_, index) => path(args[index])) })

/** Functions that are one call of the binding. */
const simple: Readonly<Record<string, Translate>> = {
  open: ([name, flags, mode]) => ({
    name: 'open',
    args: [path(name), flagsOf(flags ?? 'r'), modeOf(mode, 0o666)],
  }),
  close: same('close', 1),
  write: (args) => translateWrite(args),
  writev: ([fd, parts, position]) => ({
    name: 'writeBuffers',
    args: [fd, parts, typeof position === 'number' ? position : null],
  }),
  read: ([fd, into, offset, length, position]) => ({
    name: 'read',
    args: [
      fd,
      into,
      offset ?? 0,
      length ?? (into as NodeJS.ArrayBufferView).byteLength,
      position ?? -1,
    ],
  }),
  fsync: same('fsync', 1),
  fdatasync: same('fdatasync', 1),
  ftruncate: ([fd, length]) => ({ name: 'ftruncate', args: [fd, length ?? 0] }),
  rename: same('rename', 2),
  link: same('link', 2),
  unlink: same('unlink', 1),
  rmdir: same('rmdir', 1),
  symlink: ([target, name, type]) => ({
    name: 'symlink',
    args: [path(target), path(name), Math.max(0, symlinkTypes.indexOf((type ?? 'file') as 'file'))],
  }),
  mkdir: ([name, options]) => {
    const given = typeof options === 'object' && options !== null ? options : { mode: options }
    const { mode, recursive } = given as { mode?: unknown; recursive?: boolean }
    return { name: 'mkdir', args: [path(name), modeOf(mode, 0o777), recursive === true] }
  },
  mkdtemp: ([prefix, options]) => ({ name: 'mkdtemp', args: [path(prefix), encodingOf(options)] }),
  copyFile: ([from, to, mode]) => ({ name: 'copyFile', args: [path(from), path(to), mode ?? 0] }),
  chmod: same('chmod', 2),
  fchmod: same('fchmod', 2),
  chown: same('chown', 3),
  lchown: same('lchown', 3),
  utimes: same('utimes', 3),
  futimes: same('futimes', 3),
  lutimes: same('lutimes', 3),
}

/** Functions that are several. */
const composite: Readonly<
  Record<string, (door: Door, steps: Steps, args: readonly unknown[]) => void>
> = {
  writeFile: (_door, steps, args) => writeFile(steps, args, 'w'),
  appendFile: (_door, steps, args) => writeFile(steps, args, 'a'),
  truncate: (_door, steps, [name, length]) => {
    const target = path(name) as DiskPath
    const fd = steps.open(target, flagsOf('r+'), 0o666, failure('open', target))
    try {
      steps.truncate(fd, (length as number | undefined) ?? 0, failure('ftruncate'))
    } finally {
      steps.close(fd)
    }
  },
  rm: (door, steps, [name, options]) => {
    const { recursive, force } = (options ?? {}) as { recursive?: boolean; force?: boolean }
    const target = path(name) as string
    if (force === true && attempt(() => door.disk.lstat(target, false)).error !== undefined) return
    removeTree(door, steps, target, recursive === true, target)
  },
}

/** Wraps the public functions; the result undoes it. */
export function wrapPublicApi(binding: FsBinding, door: Door): Undo[] {
  const fs = mutableFs() as unknown as Record<string, unknown>
  const promises = fs['promises'] as Record<string, unknown>
  const undos: Undo[] = []
  const wrapAll = (name: string, run: Runner): void => {
    const wrap = (holder: Record<string, unknown>, member: string, form: Form): void => {
      undos.push(replace(holder, member, (original) => wrapForm(original, form, run)))
    }
    wrap(fs, `${name}Sync`, 'sync')
    wrap(fs, name, 'callback')
    if (name !== 'open') wrap(promises, name, 'promise')
  }
  for (const [name, translate] of Object.entries(simple)) {
    wrapAll(name, (args, request) => callBinding(binding, door, translate(args), request))
  }
  for (const [name, body] of Object.entries(composite)) {
    wrapAll(name, (args, request) => {
      if (!concerned(door, [path(args[0])])) return unconcerned
      // A stream or an iterable is written by Node itself, unseen.
      if (/^(write|append)/.test(name) && !isContent(args[1])) return unconcerned
      return compose(door, callFor(name, args, request), (steps) => body(door, steps, args))
    })
  }
  undos.push(...wrapHandles(binding, door, promises))
  syncExports()
  return undos
}

type Form = 'sync' | 'callback' | 'promise'
/** Runs a call for a request (`undefined`, an object with `oncomplete`, or a symbol), or says that it is not concerned. */
type Runner = (args: readonly unknown[], request: unknown) => unknown

/** Says that a call has nothing to do with the state directory. */
export const unconcerned: unique symbol = Symbol('unconcerned')

/** Asks for a promise. */
export const promised: unique symbol = Symbol('promised')

function wrapForm(original: Native, form: Form, run: Runner): Native {
  return function (this: unknown, ...args: unknown[]): unknown {
    const callback = form === 'callback' ? args.at(-1) : undefined
    if (form === 'callback' && typeof callback !== 'function') {
      return Reflect.apply(original, this, args)
    }
    const tell = callback as ((...results: unknown[]) => void) | undefined
    const request =
      form === 'sync' ? undefined : form === 'promise' ? promised : { oncomplete: tell }
    const result = run(form === 'callback' ? args.slice(0, -1) : args, request)
    return result === unconcerned ? Reflect.apply(original, this, args) : result
  }
}

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
  return targets.some((target) => door.options.directory.relative(target) !== undefined)
}

/** Enters a descriptor that Node itself opened. */
export function enter(door: Door, fd: number, name: unknown, flags: unknown): void {
  const relative = door.options.directory.relative(path(name))
  if (relative !== undefined) register(door, fd, openedFile(relative, flagsOf(flags ?? 'r')))
}

function callFor(name: string, args: readonly unknown[], request: unknown): Call {
  const form = request === undefined ? 'sync' : typeof request === 'symbol' ? 'promise' : 'callback'
  return {
    name,
    original: () => undefined,
    self: undefined,
    args,
    form,
    request,
    context: undefined,
  }
}

function writeFile(steps: Steps, args: readonly unknown[], defaultFlag: string): void {
  const [target, data, options] = args
  const given = typeof options === 'object' && options !== null ? options : { encoding: options }
  const { encoding, flag, mode, flush } = given as {
    encoding?: unknown
    flag?: unknown
    mode?: unknown
    flush?: boolean
  }
  const bytes = bytesOf(data, encoding)
  if (typeof target === 'number') return steps.writeAll(target, bytes, null, failure('write'))
  const name = path(target) as DiskPath
  const fd = steps.open(
    name,
    flagsOf(flag ?? defaultFlag),
    modeOf(mode, 0o666),
    failure('open', name),
  )
  try {
    steps.writeAll(fd, bytes, null, failure('write'))
    if (flush === true) steps.sync(fd, failure('fsync'))
  } finally {
    steps.close(fd)
  }
}

function translateWrite(args: readonly unknown[]): Translated {
  const [fd, data, first, second, third] = args
  if (typeof data === 'string') {
    return { name: 'writeString', args: [fd, data, numberOr(first, null), second ?? 'utf8'] }
  }
  const { byteLength } = data as NodeJS.ArrayBufferView
  const given = (
    typeof first === 'object' && first !== null
      ? first
      : { offset: first, length: second, position: third }
  ) as { offset?: unknown; length?: unknown; position?: unknown }
  const offset = numberOr(given.offset, 0) as number
  const length = numberOr(given.length, byteLength - offset)
  return { name: 'writeBuffer', args: [fd, data, offset, length, numberOr(given.position, null)] }
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

function modeOf(mode: unknown, fallback: number): number {
  return typeof mode === 'string' ? Number.parseInt(mode, 8) : (numberOr(mode, fallback) as number)
}

function encodingOf(options: unknown): unknown {
  return typeof options === 'object' && options !== null
    ? (options as { encoding?: unknown }).encoding
    : options
}

function numberOr(value: unknown, fallback: number | null): number | null {
  return typeof value === 'number' ? value : fallback
}
