/** Calls on names that change state: rename, link, unlink, symlink, mkdir, rmdir, and attributes. */
import type { Op } from '../op.ts'
import { failure, syscallOf } from './errors.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import type { AttributeCall, DiskPath } from './disk.ts'
import type { Door } from './door.ts'
import { callOf, hook, issue, serve } from './route.ts'

interface PathCall {
  readonly name: string
  /** Index of the request argument. */
  readonly request: number
  /** Indices of the arguments that are paths. */
  readonly paths: readonly number[]
  /** `places`: the same paths relative to the state directory. */
  readonly op: (places: readonly (string | undefined)[], args: ArrayLike<unknown>) => Op
  readonly run: (door: Door, args: ArrayLike<unknown>) => void
}

const node = 0

const simpleCalls: readonly PathCall[] = [
  {
    name: 'rename',
    request: 2,
    paths: [0, 1],
    op: ([from, to]) => ({ kind: 'rename', node, ...ends(from, to) }),
    run: (door, args) => door.disk.rename(args[0] as DiskPath, args[1] as DiskPath),
  },
  {
    name: 'link',
    request: 2,
    paths: [0, 1],
    op: ([from, to]) => ({ kind: 'link', node, ...ends(from, to) }),
    run: (door, args) => door.disk.link(args[0] as DiskPath, args[1] as DiskPath),
  },
  {
    name: 'unlink',
    request: 1,
    paths: [0],
    op: ([path]) => ({ kind: 'unlink', path: path ?? '', node }),
    run: (door, args) => door.disk.unlink(args[0] as DiskPath),
  },
  {
    name: 'rmdir',
    request: 1,
    paths: [0],
    op: ([path]) => ({ kind: 'rmdir', path: path ?? '', node }),
    run: (door, args) => door.disk.rmdir(args[0] as DiskPath),
  },
  {
    name: 'symlink',
    request: 3,
    paths: [1],
    op: ([path], args) => ({ kind: 'symlink', path: path ?? '', target: String(args[0]), node }),
    run: (door, args) =>
      door.disk.symlink(args[0] as DiskPath, args[1] as DiskPath, args[2] as number),
  },
  ...(
    [
      ['chmod', 2],
      ['chown', 3],
      ['lchown', 3],
      ['utimes', 3],
      ['lutimes', 3],
    ] as const
  ).map(([name, request]) => attributeCall(name, request)),
]

/** Hooks them all; the result undoes it. `mkdir` is a composite call and not among them. */
export function hookPathCalls(binding: FsBinding, door: Door): Undo[] {
  return simpleCalls.map((spec) => hookPathCall(binding, door, spec))
}

function attributeCall(name: AttributeCall, request: number): PathCall {
  return {
    name,
    request,
    paths: [0],
    op: ([path]) => ({ kind: 'attributes', call: name, path: path ?? '', node }),
    run: (door, args) => door.disk.attributes(name, Array.from(args).slice(0, request)),
  }
}

function hookPathCall(binding: FsBinding, door: Door, spec: PathCall): Undo {
  const { name, request, paths } = spec
  return hook(door, binding, name, (original: Native): Native => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const numbered = concerns(door, args, paths)
      if (args[request] === undefined) {
        if (!numbered) return Reflect.apply(original, this, args)
        if (door.count + 1 < door.due) {
          door.count += 1
          return Reflect.apply(original, this, args)
        }
      }
      const call = callOf(name, original, this, args, request)
      const run = (): void => spec.run(door, args)
      if (!numbered) return serve(door, call, run)
      const op = spec.op(
        paths.map((index) => door.options.directory.relative(args[index])),
        args,
      )
      const [path, dest] = name === 'symlink' ? [args[0], args[1]] : paths.map((at) => args[at])
      return issue(door, call, {
        kind: op.kind,
        describe: () => op,
        run,
        fail: failure(syscallOf(name), path, dest),
      })
    }
  })
}

function concerns(door: Door, args: readonly unknown[], paths: readonly number[]): boolean {
  for (const index of paths) {
    if (door.options.directory.relative(args[index]) !== undefined) return true
  }
  return false
}

function ends(from: string | undefined, to: string | undefined): { from?: string; to?: string } {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}
