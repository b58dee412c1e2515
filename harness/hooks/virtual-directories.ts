/**
 * `opendir` on a disk in memory: what hands out a directory entry by entry comes from a binding that no program can reach, so the public
 * functions are replaced. Node's own tree walks (`cp`) take them from there too.
 *
 * A list is made when it is first asked for. `recursive` is refused: `Dir` opens what is below by itself, on the real disk.
 */
import type { Dir, OpenDirOptions } from 'node:fs'
import { mutableFs } from './builtin.ts'
import { replace, type FsRequest } from './binding.ts'
import type { DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import { asyncError } from './errors.ts'
import { nextTurn } from './later.ts'
import { path } from './public-call.ts'
import type { VirtualSource } from './virtual-binding.ts'
import type { VirtualDisk } from './virtual-disk.ts'

type Options = OpenDirOptions | string | null | undefined
type Callback = (error: unknown, directory?: Dir) => void

/** Replaces the functions for good. Before anything of Node's own has taken them. */
export function layVirtualDirectories(source: VirtualSource): void {
  const fs = mutableFs() as unknown as Record<string, unknown>
  /** What opens it, where it is on the disk in memory. */
  const opening = (given: unknown, options: Options): (() => Dir) | undefined => {
    const disk = source.disk()
    const name = path(given)
    if (disk?.holds(name) !== true) return undefined
    const own = typeof options === 'string' ? { encoding: options } : options
    if ((own as { recursive?: boolean } | null | undefined)?.recursive === true)
      throw source.refuse('it calls fs.opendir with `recursive`, which reads the real disk')
    return () => makeDirectory(disk, name as DiskPath, options)
  }
  replace(fs, 'opendirSync', (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const open = opening(args[0], args[1] as Options)
      return open === undefined ? Reflect.apply(original, this, args) : open()
    }
  })
  replace(fs, 'opendir', (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const tell = args.findLast((each) => typeof each === 'function') as Callback | undefined
      const open = tell && opening(args[0], tell === args[1] ? undefined : (args[1] as Options))
      if (open === undefined) return Reflect.apply(original, this, args)
      const { error, value } = attempt(open)
      nextTurn(() => (error === undefined ? tell?.(null, value as Dir) : tell?.(asyncError(error))))
      return undefined
    }
  })
  replace(fs['promises'] as Record<string, unknown>, 'opendir', (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const open = opening(args[0], args[1] as Options)
      if (open === undefined) return Reflect.apply(original, this, args)
      const { error, value } = attempt(open)
      return new Promise((resolve, reject) => {
        nextTurn(() => (error === undefined ? resolve(value) : reject(asyncError(error))))
      })
    }
  })
}

/** Node's own class over a handle like that of its binding. */
function makeDirectory(disk: VirtualDisk, name: DiskPath, options: Options): Dir {
  const list = disk.opendir(name)
  let isRead = false
  const handle = {
    /** Names and types in turn; `null` at the end. */
    read: (encoding: unknown, _bufferSize: number, request?: FsRequest): unknown => {
      const found = isRead ? null : list(encoding)
      isRead = true
      const result = found === null || found.length === 0 ? null : found
      if (request === undefined) return result
      nextTurn(() => request.oncomplete(null, result))
      return undefined
    },
    close: (request?: FsRequest): void => {
      if (request !== undefined) nextTurn(() => request.oncomplete(null))
    },
  }
  const { Dir: Directory } = mutableFs() as unknown as {
    Dir: new (handle: object, path: DiskPath, options: object) => Dir
  }
  const own = typeof options === 'string' ? { encoding: options } : options
  return new Directory(handle, name, { encoding: 'utf8', ...own })
}
