/**
 * Whole trees in one native call: `rmSync`, and the native parts of `cp`, which newer Nodes have.
 *
 * Removing is taken apart here. For copying, Node itself has a walk in JavaScript that it takes where the program gives a
 * filter; it is made to take it, and every step of it is seen.
 */
import { copyFileSync, cpSync, constants, statSync, unlinkSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { replace } from './binding.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import type { DiskPath } from './disk.ts'
import { attempt } from './door.ts'
import type { Door } from './door.ts'
import { failure, pathText } from './errors.ts'
import { makeDirectories } from './composite-calls.ts'
import { nextTurn } from './later.ts'
import { hook } from './route.ts'
import { stepsOf } from './steps.ts'
import type { Steps } from './steps.ts'

// Captured: program code may replace members of `fs`.
const fs = { copyFileSync, cpSync, statSync, unlinkSync, utimesSync }

/** Hooks them all, where this Node has them; the result undoes it. */
export function hookTreeCalls(binding: FsBinding, door: Door): Undo[] {
  return [
    hookSync(binding, door, 'rmSync', 0, (original, self, args) => {
      const [path, , recursive] = args as [DiskPath, number, boolean]
      remove(door, original, self, args, path, recursive)
    }),
    hookSync(binding, door, 'cpSyncCheckPaths', 1, (original, self, args) => {
      const made = makeParent(door, pathText(args[1] as DiskPath))
      const outcome = attempt(() => Reflect.apply(original, self, args))
      if (outcome.error === undefined) return outcome.value
      // The check failed: it would not have made them.
      const steps = stepsOf(door, 'sync')
      for (const path of made.reverse()) steps.rmdir(path, failure('rmdir', path))
      throw outcome.error
    }),
    hookSync(binding, door, 'cpSyncOverrideFile', 1, (_original, _self, args) => {
      const [from, to, mode, keepTimes] = args as [string, string, number, boolean]
      fs.unlinkSync(to)
      fs.copyFileSync(from, to, mode)
      if (!keepTimes) return
      const { atime, mtime } = fs.statSync(from)
      fs.utimesSync(to, atime, mtime)
    }),
    hookSync(binding, door, 'cpSyncCopyDir', 1, (_original, _self, args) => copyTree(args)),
    hookCopyJob(binding, door),
  ]
}

/** Hooks a function that takes no request; `on` is the index of the path that it changes. */
function hookSync(
  binding: FsBinding,
  door: Door,
  name: string,
  on: number,
  run: (original: Native, self: unknown, args: readonly unknown[]) => unknown,
): Undo {
  return hook(door, binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const concerned = door.options.directory.relative(args[on]) !== undefined
      return concerned ? run(original, this, args) : Reflect.apply(original, this, args)
    }
  })
}

function remove(
  door: Door,
  original: Native,
  self: unknown,
  args: readonly unknown[],
  path: DiskPath,
  recursive: boolean,
): void {
  const steps = stepsOf(door, 'sync')
  const outcome = attempt(() => removeTree(door, steps, pathText(path), recursive, path))
  if (outcome.error === undefined) return
  if (door.isInjected(outcome.error)) throw outcome.error
  // Its errors are worded by the original alone; it meets the same obstacle.
  Reflect.apply(original, self, args)
}

/** Removes a file or a tree, in the order of directory lists. */
export function removeTree(
  door: Door,
  steps: Steps,
  path: string,
  recursive: boolean,
  top: DiskPath,
): void {
  const failing = failure('rm', top)
  const stat = attempt(() => door.disk.lstat(path, false))
  if (stat.error !== undefined) throw stat.error
  const type = Number((stat.value as Float64Array)[1]) & constants.S_IFMT
  if (type !== constants.S_IFDIR) return steps.unlink(path, failing)
  if (!recursive) throw failing('EISDIR')
  for (const name of door.disk.readdir(path, 'utf8', false) as readonly string[]) {
    removeTree(door, steps, join(path, name), true, top)
  }
  steps.rmdir(path, failing)
}

function makeParent(door: Door, path: string): string[] {
  const missing: string[] = []
  makeDirectories(door, stepsOf(door, 'sync'), dirname(path), 0o777, true, { missing })
  return missing
}

function copyTree(args: readonly unknown[]): void {
  const [from, to, force, dereference, errorOnExist, verbatimSymlinks, preserveTimestamps] =
    args as [string, string, boolean, boolean, boolean, boolean, boolean]
  fs.cpSync(from, to, {
    recursive: true,
    force,
    dereference,
    errorOnExist,
    verbatimSymlinks,
    preserveTimestamps,
    filter: () => true,
  })
}

interface CopyJob {
  ondone: (error: unknown) => void
  readonly run: () => void
}

/** `fs.promises.cp` of a whole directory. */
function hookCopyJob(binding: FsBinding, door: Door): Undo {
  return replace(binding, 'CpDirJob', (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      if (door.options.directory.relative(args[1]) === undefined) {
        return Reflect.construct(original, args)
      }
      const job: CopyJob = {
        ondone: () => undefined,
        run: () => {
          const { error } = attempt(() => copyTree(args))
          nextTurn(() => job.ondone(error))
        },
      }
      return job
    }
  })
}
