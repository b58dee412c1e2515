/**
 * The public door: the functions of `node:fs` wrapped one by one, where the internal binding cannot be hooked.
 *
 * It sees less than the binding does: what Node calls inside itself (copying trees, `FileHandle` methods that a program took
 * before) passes by. The self-test says which forms. Everything runs in serial order.
 */
import { mutableFs, syncExports } from './builtin.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import { replace } from './binding.ts'
import { compose } from './composite-calls.ts'
import type { DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import type { Door } from './door.ts'
import { failure } from './errors.ts'
import {
  bytesOf,
  callBinding,
  concerned,
  flagsOf,
  isContent,
  path,
  promised,
  unconcerned,
  type Translated,
} from './public-call.ts'
import { wrapHandles } from './public-handles.ts'
import { symlinkTypes } from './public-binding.ts'
import type { Call } from './route.ts'
import type { Steps } from './steps.ts'
import { removeTree } from './tree-calls.ts'

type Translate = (args: readonly unknown[]) => Translated

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
