/**
 * Calls that the binding makes out of several primitives: writeFileUtf8, recursive mkdir, mkdtemp, copyFile.
 *
 * They are taken apart here, so that a fault can strike between the parts. Where nothing of the state directory is concerned
 * the original runs. In both orders they run in place: their primitives belong together as the kernel sees them too.
 */
import { constants } from 'node:fs'
import { dirname } from 'node:path'
import type { CallForm } from '../op.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import type { DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import type { Door } from './door.ts'
import { failure, isSystemError, pathText } from './errors.ts'
import { callOf, deliver, hook, issue } from './route.ts'
import type { Call } from './route.ts'
import { changes, fileOf } from './open-calls.ts'
import { stepsOf } from './steps.ts'
import type { Steps } from './steps.ts'

/** Hooks them all; the result undoes it. */
export function hookCompositeCalls(binding: FsBinding, door: Door): Undo[] {
  return [
    hookWriteFile(binding, door),
    hookMkdir(binding, door),
    hookMkdtemp(binding, door),
    hookCopyFile(binding, door),
  ]
}

/** Runs a composite body now and gives its outcome back in the form of the call. */
export function compose(door: Door, call: Call, body: (steps: Steps) => unknown): unknown {
  const before = door.count
  const outcome = attempt(() => body(stepsOf(door, call.form)))
  if (call.form !== 'sync') {
    const isOp = door.count > before
    // Nobody learns of one of its ops before the others: they are told together, also where the last one failed.
    return deliver(
      door,
      call,
      outcome,
      isOp ? door.count : undefined,
      isOp ? before + 1 : undefined,
    )
  }
  if (outcome.error !== undefined) throw outcome.error
  return outcome.value
}

function hookWriteFile(binding: FsBinding, door: Door): Undo {
  return hook(door, binding, 'writeFileUtf8', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [target, data, flags, mode] = args as [number | DiskPath, string, number, number]
      const ops = writeFileOps(door, target, data, flags)
      if (ops === 0) return Reflect.apply(original, this, args)
      if (door.count + ops < door.due) {
        door.count += ops
        return Reflect.apply(original, this, args)
      }
      const call = callOf('writeFileUtf8', original, this, args, 4)
      return compose(door, call, (steps) => {
        const bytes = Buffer.from(data, 'utf8')
        if (typeof target === 'number') {
          steps.writeAll(target, bytes, null, failure('write'))
          return
        }
        const fd = steps.open(target, flags, mode, failure('open', target))
        try {
          steps.writeAll(fd, bytes, null, failure('write'))
        } finally {
          steps.close(fd)
        }
      })
    }
  })
}

/** How many ops it is, if nothing goes wrong: 0 where it does not concern the state directory. */
function writeFileOps(door: Door, target: number | DiskPath, data: string, flags: number): number {
  const writes = data.length > 0 ? 1 : 0
  if (typeof target === 'number') {
    const { kind } = door.files[target] ?? fileOf(door, target)
    return kind === 'state' || kind === 'ledger' ? writes : 0
  }
  if (target === door.options.ledgerPath) return writes
  if (door.options.directory.relative(target) === undefined) return 0
  return writes + (changes(flags) ? 1 : 0)
}

function hookMkdir(binding: FsBinding, door: Door): Undo {
  return hook(door, binding, 'mkdir', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [path, mode, recursive] = args as [DiskPath, number, boolean]
      const relative = door.options.directory.relative(path)
      const call = callOf('mkdir', original, this, args, 3)
      if (relative === undefined) {
        return door.options.order === 'serial' && call.form !== 'sync'
          ? compose(door, call, (steps) =>
              makeDirectories(door, steps, path, mode, recursive, call),
            )
          : Reflect.apply(original, this, args)
      }
      if (recursive) {
        return compose(door, call, (steps) => makeDirectories(door, steps, path, mode, true, call))
      }
      return issue(door, call, {
        kind: 'mkdir',
        describe: () => ({ kind: 'mkdir', path: relative, node: 0 }),
        run: () => door.disk.mkdir(path, mode),
        fail: failure('mkdir', path),
      })
    }
  })
}

/** The first directory that had to be made, like `mkdir -p`; only those that are missing (all of them in `missing`) are ops. */
export function makeDirectories(
  door: Door,
  steps: Steps,
  path: DiskPath,
  mode: number,
  recursive: boolean,
  { form = 'sync', missing = [] }: { form?: CallForm; missing?: string[] } = {},
): string | undefined {
  const failing = failure('mkdir', path)
  if (!recursive) {
    steps.mkdir(path, mode, failing)
    return undefined
  }
  const target = pathText(path)
  for (let at = target; ; at = dirname(at)) {
    const state = directoryState(door, at)
    if (state === 'missing' && dirname(at) !== at) {
      missing.unshift(at)
      continue
    }
    if (state === 'directory') break
    if (state === 'other') throw failing(missing.length === 0 ? 'EEXIST' : 'ENOTDIR')
    throw failing(state)
  }
  for (const directory of missing) {
    try {
      steps.mkdir(directory, mode, failing)
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error
      // Somebody else was faster: as good as ours, if it is a directory.
      const state = directoryState(door, directory)
      if (state === 'directory') continue
      const last = directory === target
      // A link to nothing is there and is not: Node words that differently in its two ways.
      if (state === 'missing') throw failing(last || form === 'sync' ? 'ENOENT' : 'ENOTDIR')
      throw failing(last ? 'EEXIST' : 'ENOTDIR')
    }
  }
  return missing[0]
}

function directoryState(door: Door, path: string): string {
  const outcome = attempt(() => door.disk.stat(path, false))
  if (outcome.error !== undefined) {
    if (!isSystemError(outcome.error)) throw outcome.error
    const { code } = outcome.error
    return code === 'ENOENT' ? 'missing' : code
  }
  const type = Number((outcome.value as Float64Array)[1]) & constants.S_IFMT
  return type === constants.S_IFDIR ? 'directory' : 'other'
}

/**
 * The name that libc would draw at random is counted here, so that the same seed gives the same tree; a taken name is skipped.
 */
function hookMkdtemp(binding: FsBinding, door: Door): Undo {
  let drawn = 0
  return hook(door, binding, 'mkdtemp', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const prefix = pathText(args[0] as DiskPath)
      if (door.options.directory.relative(`${prefix}x`) === undefined) {
        return Reflect.apply(original, this, args)
      }
      const call = callOf('mkdtemp', original, this, args, 2)
      return compose(door, call, (steps) => {
        for (;;) {
          const path = `${prefix}${(drawn++).toString(36).padStart(6, 'A')}`
          if (directoryState(door, path) !== 'missing' && drawn < 36 ** 4) continue
          steps.mkdir(path, 0o700, failure('mkdtemp', `${prefix}XXXXXX`))
          return encodePath(path, args[1])
        }
      })
    }
  })
}

function encodePath(path: string, encoding: unknown): unknown {
  if (encoding === undefined || encoding === 'utf8') return path
  const bytes = Buffer.from(path)
  return encoding === 'buffer' ? bytes : bytes.toString(encoding as BufferEncoding)
}

/** Bytes that one op of a copy takes. */
const copyBytesMax = 1024 * 1024

function hookCopyFile(binding: FsBinding, door: Door): Undo {
  return hook(door, binding, 'copyFile', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [from, to, mode] = args as [DiskPath, DiskPath, number | undefined]
      if (door.options.directory.relative(to) === undefined) {
        return Reflect.apply(original, this, args)
      }
      const call = callOf('copyFile', original, this, args, 3)
      return compose(door, call, (steps) => copyFile(door, steps, from, to, mode ?? 0))
    }
  })
}

/** Copies like libuv: open both, empty the target, take over the mode, then the content; a failed copy removes its target. */
export function copyFile(
  door: Door,
  steps: Steps,
  from: DiskPath,
  to: DiskPath,
  mode: number,
): void {
  const { disk } = door
  const failing = failure('copyfile', from, to)
  if ((mode & constants.COPYFILE_FICLONE_FORCE) !== 0) throw failing('ENOTSUP')
  const source = steps.open(from, constants.O_RDONLY, 0, failing)
  let target: number | undefined
  try {
    const exclusive = (mode & constants.COPYFILE_EXCL) === 0 ? 0 : constants.O_EXCL
    const size = disk.fstat(source, false)
    const fileMode = Number(size[1])
    target = steps.open(
      to,
      constants.O_WRONLY | constants.O_CREAT | exclusive,
      fileMode & 0o777,
      failing,
    )
    if (sameFile(size, disk.fstat(target, false))) return
    if (exclusive === 0) steps.truncate(target, 0, failing)
    steps.fchmod(target, fileMode & 0o7777, failing)
    copyContent(door, steps, source, target, failing)
  } catch (error) {
    if (target !== undefined) attempt(() => steps.unlink(to, failing))
    throw error
  } finally {
    steps.close(source)
    if (target !== undefined) steps.close(target)
  }
}

function copyContent(
  door: Door,
  steps: Steps,
  source: number,
  target: number,
  failing: (code: string) => Error,
): void {
  const buffer = Buffer.allocUnsafe(copyBytesMax)
  for (;;) {
    const count = door.disk.read(source, buffer, -1)
    if (count === 0) return
    steps.writeAll(target, buffer.subarray(0, count), null, failing)
  }
}

function sameFile(one: ArrayLike<number | bigint>, other: ArrayLike<number | bigint>): boolean {
  return one[0] === other[0] && one[7] === other[7]
}
