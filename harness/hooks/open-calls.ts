/**
 * Opening and closing: which descriptor is which file.
 *
 * An open that may create or truncate is an op; any other is a read. Threads share descriptors but not this table, and a
 * child may inherit one: a descriptor that the table does not know is looked up once, by the name that the kernel gives it.
 */
import { constants, readFileSync, readlinkSync } from 'node:fs'
import { failure } from './errors.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import type { DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import type { Door, Outcome } from './door.ts'
import type { Primitive } from './primitive.ts'
import { foreign, ledgerFile, outside, stateFile } from './files.ts'
import type { OpenFile } from './files.ts'
import { withOwn } from './gate.ts'
import { callOf, deliver, hook, issue, serve } from './route.ts'

// Captured: program code may replace members of `fs`.
const readlink = readlinkSync
const read = readFileSync

const { O_CREAT, O_EXCL, O_TRUNC } = constants

/** Hooks `open`, `openFileHandle`, `close` and the closing methods of file handles; the result undoes it. */
export function hookOpenCalls(binding: FsBinding, door: Door): Undo[] {
  return [
    hookOpen(binding, door, 'open', undefined),
    hookOpen(binding, door, 'openFileHandle', (fd) => new binding.FileHandle(fd as number)),
    hookClose(binding, door),
    ...hookHandle(binding, door),
  ]
}

/** The file behind a descriptor that the table does not know yet. */
export function fileOf(door: Door, fd: number): OpenFile {
  const name = kernelName(door, fd)
  const path = name === undefined ? undefined : door.options.directory.relative(name)
  const file = path === undefined ? foreign : stateFile(path, kernelFlags(door, fd))
  register(door, fd, file)
  return file
}

/** Enters an open descriptor into the table. */
export function register(door: Door, fd: number, file: OpenFile): void {
  door.files[fd] = file
  if (file.kind === 'state') door.observer?.opened(file, fd)
}

/** Takes a descriptor out of the table. */
export function forget(door: Door, fd: number): void {
  const file = door.files[fd]
  if (file === undefined) return
  door.files[fd] = undefined
  if (file.kind === 'state') door.observer?.closed(file)
}

/** An open that may create or truncate, as a numbered primitive. */
export function openPrimitive(
  door: Door,
  path: DiskPath,
  relative: string,
  flags: number,
  mode: number,
): Primitive {
  return {
    kind: 'open',
    describe: () => ({
      kind: 'open',
      path: relative,
      node: 0,
      create: (flags & O_CREAT) !== 0,
      truncate: (flags & O_TRUNC) !== 0,
      exclusive: (flags & O_EXCL) !== 0,
    }),
    run: () => door.disk.open(path, flags, mode),
    fail: failure('open', path),
  }
}

/** Whether an open with these flags is an op. */
export function changes(flags: number): boolean {
  return (flags & (O_CREAT | O_TRUNC)) !== 0
}

/** A new table entry for an open of a path of the state directory. */
export function openedFile(relative: string, flags: number): OpenFile {
  return stateFile(relative, flags)
}

/** A new table entry for an open of any other path: the ledger may be opened by its own. */
export function outsideFile({ options }: Door, path: DiskPath): OpenFile {
  return path === options.ledgerPath ? ledgerFile() : outside
}

function hookOpen(
  binding: FsBinding,
  door: Door,
  name: string,
  encode: ((value: unknown) => unknown) | undefined,
): Undo {
  return hook(door, binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [path, flags, mode] = args as [DiskPath, number, number]
      const relative = door.options.directory.relative(path)
      if (args[3] === undefined && door.count + 1 < door.due && !door.watchesReads) {
        if (relative !== undefined && changes(flags)) door.count += 1
        const fd = Reflect.apply(original, this, args) as number
        door.files[fd] =
          relative === undefined ? outsideFile(door, path) : openedFile(relative, flags)
        return fd
      }
      const call = { ...callOf(name, original, this, args, 3), encode }
      const settled = (outcome: Outcome): void => {
        const fd = descriptorOf(outcome.value)
        if (fd === undefined) return
        register(
          door,
          fd,
          relative === undefined ? outsideFile(door, path) : openedFile(relative, flags),
        )
      }
      if (relative === undefined) {
        const run = (): number => door.disk.open(path, flags, mode)
        if (call.form === 'sync' || !blocks(door, path)) return serve(door, call, run, settled)
        return Reflect.apply(original, this, args)
      }
      if (changes(flags)) {
        return issue(door, call, openPrimitive(door, path, relative, flags, mode), settled)
      }
      return openToRead(door, call, relative, settled)
    }
  })
}

function openToRead(
  door: Door,
  call: ReturnType<typeof callOf>,
  relative: string,
  settled: (outcome: Outcome) => void,
): unknown {
  const [path, flags, mode] = call.args as unknown as [DiskPath, number, number]
  const run = (): unknown => door.disk.open(path, flags, mode)
  if (!door.watchesReads) return serve(door, call, run, settled)
  const look = (open: () => unknown): unknown =>
    door.look('open', relative, failure('open', path), open)
  if (call.form === 'sync') {
    const value = look(() => Reflect.apply(call.original, call.self, call.args))
    settled({ value })
    return value
  }
  const outcome = attempt(() => look(run))
  settled(outcome)
  return deliver(door, call, outcome, undefined)
}

function hookClose(binding: FsBinding, door: Door): Undo {
  return hook(door, binding, 'close', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const fd = args[0] as number
      const file = door.files[fd]
      if (file === undefined) return Reflect.apply(original, this, args)
      forget(door, fd)
      if (args[1] === undefined || file.kind === 'foreign')
        return Reflect.apply(original, this, args)
      return serve(door, callOf('close', original, this, args, 1), () => door.disk.close(fd))
    }
  })
}

interface Handle {
  readonly fd: number
  readonly releaseFD: () => void
}

function hookHandle(binding: FsBinding, door: Door): Undo[] {
  const { prototype } = binding.FileHandle
  const forgetting = (original: Native): Native =>
    function (this: unknown, ...args: unknown[]): unknown {
      forget(door, (this as Handle).fd)
      return Reflect.apply(original, this, args)
    }
  return [
    hook(door, prototype, 'releaseFD', (original) => forgetting(original)),
    hook(door, prototype, 'closeSync', (original) => forgetting(original)),
    hook(door, prototype, 'close', (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const handle = this as Handle
        const { fd } = handle
        const file = door.files[fd]
        forget(door, fd)
        if (file === undefined || file.kind === 'foreign' || door.options.order === 'native') {
          return Reflect.apply(original, this, args)
        }
        const outcome = attempt(() => {
          handle.releaseFD()
          door.disk.close(fd)
        })
        const call = callOf('close', original, this, [binding.kUsePromises], 0)
        return deliver(door, call, outcome, undefined)
      }
    }),
  ]
}

function descriptorOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'object' || value === null) return undefined
  const { fd } = value as { fd?: unknown }
  return typeof fd === 'number' ? fd : undefined
}

/** Opening a pipe, and reading from a terminal, can wait for another process: not to be done in place. */
export function blocks(door: Door, path: DiskPath): boolean {
  const outcome = attempt(() => door.disk.stat(path, false))
  if (outcome.error !== undefined) return false
  const type = Number((outcome.value as Float64Array)[1]) & constants.S_IFMT
  return type !== constants.S_IFREG && type !== constants.S_IFDIR
}

function kernelName(door: Door, fd: number): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return withOwn(door.gate, () => readlink(`/proc/self/fd/${fd}`))
  } catch {
    // Not open, or no /proc: the call itself will say what is wrong.
    return undefined
  }
}

/** The `O_…` flags of an open descriptor; none where they cannot be known. */
function kernelFlags(door: Door, fd: number): number {
  try {
    const told = withOwn(door.gate, () => read(`/proc/self/fdinfo/${fd}`, 'latin1'))
    return Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(told)?.[1] ?? '0', 8)
  } catch {
    // As above.
    return 0
  }
}
