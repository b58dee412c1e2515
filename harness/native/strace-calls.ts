/** What a traced call does to the state directory or the ledger, read from its arguments: the ops of `op.ts`, by system call. */
import { UntoldError, type Doing, type Target } from './strace-ops.ts'
import type { OpenFile, TracedProcess } from './strace-processes.ts'
import type { StateTree } from './strace-tree.ts'
import { bytesOf, descriptorOf, pathOf, splitArguments, textOf } from './strace-output.ts'

/** Where a call is made. */
export interface Surroundings {
  readonly process: TracedProcess
  readonly tree: StateTree
  /** True path of the ledger. */
  readonly ledger: string
}

/** What a call does; `undefined` where it is no op. @throws UntoldError */
export function doingOf(name: string, text: string, around: Surroundings): Doing | undefined {
  const read = new Arguments(splitArguments(text), around)
  switch (name) {
    case 'open':
      return openDoing(read.named(0), read.text(1))
    case 'creat':
      return openDoing(read.named(0), 'O_CREAT|O_WRONLY|O_TRUNC')
    case 'openat':
    case 'openat2':
      return openDoing(read.namedAt(0), read.text(2))
    case 'write':
    case 'writev':
      return writeDoing(read, undefined)
    case 'pwrite64':
    case 'pwritev':
      return writeDoing(read, read.number(3))
    case 'pwritev2':
      if (read.text(4).includes('RWF_APPEND')) throw new UntoldError('pwritev2 with RWF_APPEND')
      return writeDoing(read, read.number(3) === -1 ? undefined : read.number(3))
    case 'truncate':
      return onTarget(read.namedTarget(0), (on) => ({
        kind: 'truncate',
        on,
        length: read.number(1),
      }))
    case 'ftruncate':
      return onTarget(read.target(0), (on) => ({ kind: 'truncate', on, length: read.number(1) }))
    case 'fsync':
      return onTarget(read.target(0), (on) => ({ kind: 'sync', on }))
    case 'fdatasync':
      return onTarget(read.target(0), (on) => ({ kind: 'datasync', on }))
    case 'fallocate':
      return allocateDoing(read)
    case 'rename':
      return between('rename', read.named(0), read.named(1))
    case 'renameat':
      return between('rename', read.namedAt(0), read.namedAt(2))
    case 'renameat2':
      if (/RENAME_(EXCHANGE|WHITEOUT)/.test(read.text(4)))
        throw new UntoldError('two files change places (renameat2)')
      return between('rename', read.namedAt(0), read.namedAt(2))
    case 'link':
      return between('link', read.named(0), read.named(1))
    case 'linkat':
      if (/AT_(EMPTY_PATH|SYMLINK_FOLLOW)/.test(read.text(4)))
        throw new UntoldError('a link to a file without a name (linkat)')
      return between('link', read.namedAt(0), read.namedAt(2))
    case 'symlink':
      return symlinkDoing(read.named(1), read.string(0))
    case 'symlinkat':
      return symlinkDoing(read.namedAt(1), read.string(0))
    case 'unlink':
      return onPath(read.named(0), (path) => ({ kind: 'unlink', path }))
    case 'rmdir':
      return onPath(read.named(0), (path) => ({ kind: 'rmdir', path }))
    case 'unlinkat': {
      const kind = read.text(2).includes('AT_REMOVEDIR') ? 'rmdir' : 'unlink'
      return onPath(read.namedAt(0), (path) => ({ kind, path }))
    }
    case 'mkdir':
      return onPath(read.named(0), (path) => ({ kind: 'mkdir', path }))
    case 'mkdirat':
      return onPath(read.namedAt(0), (path) => ({ kind: 'mkdir', path }))
    default:
      return attributesDoing(name, read)
  }
}

/** Calls that change no content, by name: as what they are told, and where their file stands. */
const attributeCalls: Readonly<Record<string, readonly [string, 'fd' | 'path' | 'at']>> = {
  fchmod: ['fchmod', 'fd'],
  fchown: ['fchown', 'fd'],
  chmod: ['chmod', 'path'],
  chown: ['chown', 'path'],
  lchown: ['chown', 'path'],
  fchmodat: ['chmod', 'at'],
  fchownat: ['chown', 'at'],
  utime: ['utimes', 'path'],
  utimes: ['utimes', 'path'],
  futimesat: ['utimes', 'at'],
  utimensat: ['utimes', 'at'],
}

/** Names of the calls that can be ops: what strace has to show, and where it can kill. */
export const opCalls: readonly string[] = [
  ...'open openat openat2 creat write writev pwrite64 pwritev pwritev2 truncate ftruncate'.split(
    ' ',
  ),
  ...'fallocate fsync fdatasync rename renameat renameat2 link linkat symlink symlinkat'.split(' '),
  ...'unlink unlinkat mkdir mkdirat rmdir'.split(' '),
  ...Object.keys(attributeCalls),
]

function attributesDoing(name: string, read: Arguments): Doing | undefined {
  const [call, where] = attributeCalls[name] ?? []
  if (call === undefined || where === undefined) return undefined
  if (where === 'fd') return onTarget(read.target(0), (on) => ({ kind: 'attributes', call, on }))
  // Times of an open file: utimensat without a name.
  if (where === 'at' && read.string(1) === undefined)
    return onTarget(read.target(0), (on) => ({ kind: 'attributes', call: 'futimes', on }))
  const path = where === 'at' ? read.namedAt(0) : read.named(0)
  return onTarget(read.targetAt(path), (on) => ({ kind: 'attributes', call, on }))
}

function openDoing(path: string | undefined, flags: string): Doing | undefined {
  const [create, truncate] = [flags.includes('O_CREAT'), flags.includes('O_TRUNC')]
  if (path === undefined) return undefined
  if (flags.includes('O_TMPFILE')) throw new UntoldError('a file without a name (O_TMPFILE)')
  if (!create && !truncate) return undefined
  return { kind: 'open', path, create, truncate, exclusive: create && flags.includes('O_EXCL') }
}

function writeDoing(read: Arguments, at: number | undefined): Doing | undefined {
  const file = read.file(0)
  if (file === undefined) return undefined
  const bytes = bytesOf(read.text(1))
  if (bytes === undefined) throw new UntoldError('a write that is longer than strace shows')
  if (file.isLedger) return { kind: 'mark', bytes }
  const synced = file.synced === true || /\bRWF_D?SYNC\b/.test(read.text(4))
  const offset = file.appends ? file.node?.size : (at ?? file.offset)
  if (offset === undefined)
    throw new UntoldError('a write to a descriptor that came from elsewhere')
  const on = read.targetOf(file, 0)
  return { kind: 'write', file, on, offset, moves: at === undefined, synced, bytes }
}

/** Space that makes a file longer is a truncation to that length: zeros. */
function allocateDoing(read: Arguments): Doing | undefined {
  const on = read.target(0)
  if (on === undefined) return undefined
  const [mode, length] = [read.text(1), read.number(2) + read.number(3)]
  if (!/^(0|FALLOC_FL_KEEP_SIZE)$/.test(mode)) throw new UntoldError(`fallocate with ${mode}`)
  const grows = mode === '0' && length > (on.node?.size ?? 0)
  if (grows) return { kind: 'truncate', on, length }
  return { kind: 'attributes', call: 'fallocate', on }
}

function symlinkDoing(path: string | undefined, target: string | undefined): Doing | undefined {
  return onPath(path, (each) => ({ kind: 'symlink', path: each, target: target ?? '' }))
}

function between(
  kind: 'rename' | 'link',
  from: string | undefined,
  to: string | undefined,
): Doing | undefined {
  if (from === undefined && to === undefined) return undefined
  return { kind, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

function onPath(path: string | undefined, make: (path: string) => Doing): Doing | undefined {
  return path === undefined ? undefined : make(path)
}

function onTarget(target: Target | undefined, make: (on: Target) => Doing): Doing | undefined {
  return target === undefined ? undefined : make(target)
}

/** The arguments of one call. */
export class Arguments {
  readonly #all: readonly string[]
  readonly #around: Surroundings

  constructor(all: readonly string[], around: Surroundings) {
    this.#all = all
    this.#around = around
  }

  text(index: number): string {
    return this.#all[index] ?? ''
  }

  number(index: number): number {
    return Number(this.text(index))
  }

  string(index: number): string | undefined {
    return textOf(this.#all[index])
  }

  /** Path below the state directory of a name that the working directory begins. */
  named(index: number): string | undefined {
    return this.#below(this.#around.process.directory, this.string(index))
  }

  /** The same behind a descriptor of a directory. */
  namedAt(index: number): string | undefined {
    const { directory } = this.#around.process
    return this.#below(pathOf(this.text(index)) ?? directory, this.string(index + 1))
  }

  namedTarget(index: number): Target | undefined {
    return this.targetAt(this.named(index))
  }

  /** What a path stands for, links followed. */
  targetAt(path: string | undefined): Target | undefined {
    if (path === undefined) return undefined
    const { tree } = this.#around
    const node = tree.followed(path)
    return { path, ...(node === undefined ? {} : { node }) }
  }

  /** A file of the state directory that a descriptor is open on. */
  target(index: number): Target | undefined {
    const file = this.file(index)
    return file === undefined || file.isLedger ? undefined : this.targetOf(file, index)
  }

  /** The file of an open file; its path is the one that it has now. */
  targetOf({ node, path = '' }: OpenFile, index: number): Target {
    const now = pathOf(this.text(index))
    const below = now === undefined ? undefined : this.#around.tree.below(now)
    return { path: below ?? path, ...(node === undefined ? {} : { node }) }
  }

  /** What a descriptor is open on, where that is in the state directory or the ledger. */
  file(index: number): OpenFile | undefined {
    const { process, ledger, tree } = this.#around
    const number = descriptorOf(this.text(index))
    const known = number === undefined ? undefined : process.files.get(number)?.file
    if (known !== undefined) return known.isLedger || known.node !== undefined ? known : undefined
    const path = pathOf(this.text(index))
    if (path === ledger) return { isLedger: true, offset: undefined, appends: true }
    const below = path === undefined ? undefined : tree.below(path)
    const node = below === undefined ? undefined : tree.at(below)
    if (below === undefined || node === undefined) return undefined
    return { node, path: below, isLedger: false, offset: undefined, appends: false }
  }

  #below(from: string, name: string | undefined): string | undefined {
    if (name === undefined || name === '') return undefined
    const { tree } = this.#around
    return tree.below(tree.truePath(from, name))
  }
}
