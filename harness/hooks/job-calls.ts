/**
 * Whole files in one round trip to the thread pool: newer Nodes do `readFile` and `writeFile` by jobs.
 *
 * `fs.promises` looks the job classes up in the binding at each call; they are replaced there. The callback functions hold them
 * from the start, out of reach: those two are wrapped in the public API and sent by way of their `fs.promises` sisters.
 */
import { constants } from 'node:fs'
import { replace } from './binding.ts'
import { mutableFs, syncExports } from './builtin.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import type { DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import type { Door, Outcome } from './door.ts'
import { asyncError, failure } from './errors.ts'
import { blocks } from './open-calls.ts'
import { stepsOf } from './steps.ts'

/** Hooks jobs, where this Node has them; the result undoes it. */
export function hookJobCalls(binding: FsBinding, door: Door): Undo[] {
  if (typeof binding['WriteFileJob'] !== 'function') return []
  return [
    hookWriteJob(binding, door),
    hookReadJob(binding, door),
    wrapPublic('writeFile', door),
    wrapPublic('readFile', door),
  ]
}

interface Job {
  ondone: (...results: unknown[]) => void
  readonly run: () => undefined
}

/** A job that does `body` now and tells in a later turn; `tell` gets what came of it. */
function createJob(
  door: Door,
  body: () => unknown,
  tell: (job: Job, outcome: Outcome) => void,
): Job {
  const job: Job = {
    ondone: () => undefined,
    run: () => {
      const before = door.count
      const outcome = attempt(body)
      const isOp = door.count > before
      door.later(
        isOp ? door.count : undefined,
        () => tell(job, outcome),
        isOp ? before + 1 : undefined,
      )
      return undefined
    },
  }
  return job
}

function hookWriteJob(binding: FsBinding, door: Door): Undo {
  return replace(binding, 'WriteFileJob', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [path, flags, mode, data] = args as [DiskPath, number, number, NodeJS.ArrayBufferView]
      if (!takesOver(door, path)) return Reflect.construct(original, args)
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      const body = (): void => {
        const steps = stepsOf(door, 'promise')
        const fd = steps.open(path, flags, mode, failure('open', path))
        try {
          steps.writeAll(fd, bytes, null, failure('write'))
        } finally {
          steps.close(fd)
        }
      }
      return createJob(door, body, (job, { error }) => job.ondone(asyncError(error)))
    }
  })
}

function hookReadJob(binding: FsBinding, door: Door): Undo {
  return replace(binding, 'ReadFileJob', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [path, flags, bytesMax] = args as [DiskPath, number, number]
      if (!takesOver(door, path)) return Reflect.construct(original, args)
      return createJob(
        door,
        () => readFile(door, path, flags, bytesMax),
        (job, { error, value }) =>
          error === undefined ? job.ondone(...(value as unknown[])) : job.ondone(asyncError(error)),
      )
    }
  })
}

/** What the job hands over: a small file's content, or an open descriptor and the size of a large one. */
function readFile(door: Door, path: DiskPath, flags: number, bytesMax: number): unknown[] {
  const relative = door.options.directory.relative(path)
  const look = <T>(kind: 'open' | 'read', run: () => T): T =>
    relative === undefined || !door.watchesReads
      ? run()
      : door.look(kind, relative, failure(kind, path), run)
  const fd = look('open', () =>
    stepsOf(door, 'promise').open(path, flags, 0, failure('open', path)),
  )
  const stat = door.disk.fstat(fd, false)
  const regular = (Number(stat[1]) & constants.S_IFMT) === constants.S_IFREG
  const size = Number(stat[8])
  if (!regular || size > bytesMax) return [null, undefined, fd, regular ? size : undefined]
  try {
    const buffer = Buffer.allocUnsafeSlow(size)
    const count = look('read', () => door.disk.read(fd, buffer, -1))
    return [null, buffer.subarray(0, count), -1]
  } finally {
    stepsOf(door, 'promise').close(fd)
  }
}

/** Whether the hooks do the job instead of the thread pool. */
function takesOver(door: Door, path: DiskPath): boolean {
  if (door.options.directory.relative(path) !== undefined) return true
  return door.options.order === 'serial' && !blocks(door, path)
}

type Callback = (error: unknown, value?: unknown) => void

function wrapPublic(name: 'writeFile' | 'readFile', door: Door): Undo {
  const fs = mutableFs()
  const holder = fs as unknown as Record<string, Native>
  const sister = (
    fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  )[name]
  const undo = replace(holder, name, (original) => {
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      const callback = args.at(-1)
      const [path] = args
      if (typeof callback !== 'function' || typeof path === 'number' || sister === undefined) {
        return Reflect.apply(original, this, args)
      }
      const where = path instanceof URL ? path.pathname : (path as DiskPath)
      if (!takesOver(door, where)) return Reflect.apply(original, this, args)
      const tell = callback as Callback
      sister(...args.slice(0, -1)).then(
        (value) => process.nextTick(tell, null, ...(name === 'readFile' ? [value] : [])),
        (error: unknown) => process.nextTick(tell, error),
      )
      return undefined
    }
    return wrapped
  })
  syncExports()
  return () => {
    undo()
    syncExports()
  }
}
