/**
 * A disk in memory under the file-system port, driven by hand: it counts the calls of each process, fails or stops at any
 * of them, and loses power.
 *
 *  - A file has what every process sees (the page cache) and what is on the medium; between them the writes and cuts that
 *    no sync has covered. A directory likewise, with its entries.
 *  - A process that is killed goes on in nobody's sight: its calls have no effect and never return.
 *  - Power loss keeps or loses every unsynced change, as `keep` says: whole, lost, or torn. What is kept behind
 *    something lost leaves a hole of zeros.
 *  - A sync that fails drops the changes it should have stored, and says so once: the page cache still shows them, until
 *    it forgets them.
 */
import { Buffer } from 'node:buffer'
import path from 'node:path'
import type { FileSystem, WritableFile } from '../../src/file-system.ts'

export type OpKind =
  | 'make-directory'
  | 'list'
  | 'open'
  | 'create'
  | 'link'
  | 'rename'
  | 'unlink'
  | 'sync-directory'
  | 'exists'
  | 'is-visible'
  | 'read'
  | 'size'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'close'

export interface Op {
  /** 1, 2, 3 … per process. */
  readonly number: number
  readonly kind: OpKind
  readonly path: string
  /** Of a write. */
  readonly bytes: number
}

/** What happens at an op: it is done, at once or later, and its end is heard at once or later; or it fails; or the process dies. */
export type Fate =
  | { readonly kind: 'go' }
  | { readonly kind: 'fail'; readonly code: string; readonly writtenFirst?: number }
  | { readonly kind: 'short'; readonly written: number }
  | { readonly kind: 'die'; readonly when: 'before' | 'after'; readonly written?: number }
  | {
      readonly kind: 'pause'
      readonly until: Promise<void>
      readonly andThen?: () => Promise<void>
    }

/** Decides over each unsynced change at power loss: all of it, none of it, or that many first bytes of a write. */
export type Keep = (change: Change) => boolean | number

export interface Change {
  readonly kind: 'write' | 'truncate' | 'entry'
  /** The file or directory that it changes. */
  readonly path: string
  readonly bytes: number
  /** Position among all pending changes, oldest first. */
  readonly index: number
  readonly count: number
}

interface FileNode {
  readonly kind: 'file'
  seen: Buffer
  stored: Buffer
  pending: (
    | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer; order: number }
    | { readonly kind: 'truncate'; readonly length: number; order: number }
  )[]
}

interface DirectoryNode {
  readonly kind: 'directory'
  readonly seen: Map<string, Node>
  stored: Map<string, Node>
  pending: { readonly name: string; readonly node: Node | undefined; order: number }[]
}

type Node = FileNode | DirectoryNode

const go: Fate = { kind: 'go' }

export class SimDisk {
  readonly #root: DirectoryNode = directoryNode()
  #order = 0

  /** A process on this disk. `fate` is asked before each op. */
  process(fate: (op: Op) => Fate = () => go): SimProcess {
    return new SimProcess(this, fate)
  }

  /** Loses what is not on the medium, but for what `keep` keeps. Every process must have been killed. */
  losePower(keep: Keep): void {
    const changes = this.#pendingChanges()
    for (const [index, change] of changes.entries()) {
      const about = { kind: change.kind, path: change.path, bytes: change.bytes }
      change.apply(keep({ ...about, index, count: changes.length }))
    }
    for (const [, node] of this.#nodes()) settle(node)
  }

  /** Memory pressure: what failed syncs dropped can no longer be read. */
  forget(): void {
    for (const [, node] of this.#nodes()) {
      if (node.kind !== 'file') continue
      node.seen = Buffer.from(node.stored)
      for (const change of node.pending) {
        if (change.kind === 'write') node.seen = overwritten(node.seen, change.bytes, change.at)
        else node.seen = resized(node.seen, change.length)
      }
    }
  }

  pendingCount(): number {
    return this.#pendingChanges().length
  }

  /** A copy with nothing pending apart from what is pending here. */
  clone(): SimDisk {
    const copy = new SimDisk()
    const known = new Map<Node, Node>()
    copyDirectory(this.#root, copy.#root, known)
    copy.#order = this.#order
    return copy
  }

  /** One text per distinct state, what is pending included. */
  fingerprint(): string {
    const parts: string[] = []
    for (const [name, node] of this.#nodes()) parts.push(`${name}=${describe(node)}`)
    return parts.sort().join('|')
  }

  /** What a process would read. */
  bytesOf(file: string): Buffer {
    const node = this.#find(file)
    if (node?.kind !== 'file') throw codeError('ENOENT', file)
    return node.seen
  }

  /** Changes a file behind everybody's back, durably. */
  damage(file: string, change: (bytes: Buffer) => Buffer): void {
    const node = this.#find(file)
    if (node?.kind !== 'file') throw codeError('ENOENT', file)
    node.seen = change(Buffer.from(node.seen))
    node.stored = Buffer.from(node.seen)
    node.pending = []
  }

  paths(): readonly string[] {
    return [...new Set([...this.#nodes()].map(([name]) => name))].sort()
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  nodeAt(name: string): Node {
    const node = this.#find(name)
    if (node === undefined) throw codeError('ENOENT', name)
    return node
  }

  directoryOf(name: string): DirectoryNode {
    const node = this.nodeAt(path.dirname(name))
    if (node.kind !== 'directory') throw codeError('ENOTDIR', name)
    return node
  }

  setEntry(name: string, node: Node | undefined): void {
    const directory = this.directoryOf(name)
    const entry = path.basename(name)
    if (node === undefined) directory.seen.delete(entry)
    else directory.seen.set(entry, node)
    directory.pending.push({ name: entry, node, order: this.#order++ })
  }

  writeTo(node: FileNode, bytes: Uint8Array, at: number): void {
    node.seen = overwritten(node.seen, bytes, at)
    node.pending.push({ kind: 'write', at, bytes: Buffer.from(bytes), order: this.#order++ })
  }

  truncate(node: FileNode, length: number): void {
    node.seen = resized(node.seen, length)
    node.pending.push({ kind: 'truncate', length, order: this.#order++ })
  }

  #find(name: string): Node | undefined {
    let node: Node = this.#root
    for (const part of name.split('/').filter((part) => part !== '')) {
      if (node.kind !== 'directory') throw codeError('ENOTDIR', name)
      const next = node.seen.get(part)
      if (next === undefined) return undefined
      node = next
    }
    return node
  }

  *#nodes(): Generator<readonly [string, Node]> {
    const seen = new Set<Node>()
    const walk = function* walk(name: string, node: Node): Generator<readonly [string, Node]> {
      yield [name, node]
      if (seen.has(node) || node.kind === 'file') return
      seen.add(node)
      for (const [entry, child] of [...node.stored, ...node.seen])
        yield* walk(`${name}/${entry}`, child)
    }
    yield* walk('', this.#root)
  }

  #pendingChanges(): {
    kind: Change['kind']
    path: string
    bytes: number
    order: number
    apply: (kept: boolean | number) => void
  }[] {
    const changes = []
    const done = new Set<Node>()
    for (const [name, node] of this.#nodes()) {
      if (done.has(node)) continue
      done.add(node)
      if (node.kind === 'directory') {
        for (const { name: entry, node: child, order } of node.pending) {
          const apply = (kept: boolean | number): void => {
            if (kept === false) return
            if (child === undefined) node.stored.delete(entry)
            else node.stored.set(entry, child)
          }
          changes.push({ kind: 'entry' as const, path: `${name}/${entry}`, bytes: 0, order, apply })
        }
        continue
      }
      for (const change of node.pending) {
        const bytes = change.kind === 'write' ? change.bytes.length : 0
        const apply = (kept: boolean | number): void => {
          if (kept === false) return
          if (change.kind === 'truncate') node.stored = resized(node.stored, change.length)
          else {
            const part = kept === true ? change.bytes : change.bytes.subarray(0, kept)
            node.stored = overwritten(node.stored, part, change.at)
          }
        }
        changes.push({ kind: change.kind, path: name, bytes, order: change.order, apply })
      }
    }
    return changes.sort((left, right) => left.order - right.order)
  }
}

export class SimProcess {
  readonly fileSystem: FileSystem
  /** Resolves when the process dies at an op. */
  readonly death: Promise<void>
  readonly ops: Op[] = []
  alive = true
  readonly #disk: SimDisk
  readonly #fate: (op: Op) => Fate
  #onDeath: () => void = () => undefined

  constructor(disk: SimDisk, fate: (op: Op) => Fate) {
    this.#disk = disk
    this.#fate = fate
    this.death = new Promise((resolve) => (this.#onDeath = resolve))
    this.fileSystem = this.#port()
  }

  kill(): void {
    this.alive = false
    this.#onDeath()
  }

  #port(): FileSystem {
    const disk = this.#disk
    return {
      makeDirectory: (name) =>
        this.#async('make-directory', name, () => {
          if (disk.has(name)) return 'existed' as const
          disk.setEntry(name, directoryNode())
          return 'made' as const
        }),
      list: (name) =>
        this.#async('list', name, () => {
          const node = disk.nodeAt(name)
          if (node.kind !== 'directory') throw codeError('ENOTDIR', name)
          return [...node.seen.keys()]
        }),
      open: (name) =>
        this.#async('open', name, () => {
          const node = disk.nodeAt(name)
          if (node.kind !== 'file') throw codeError('EISDIR', name)
          return this.#file(name, node)
        }),
      create: (name) =>
        this.#async('create', name, () => {
          if (disk.has(name)) throw codeError('EEXIST', name)
          const node = fileNode()
          disk.setEntry(name, node)
          return this.#file(name, node)
        }),
      link: (from, to) =>
        this.#async('link', to, () => {
          const node = disk.nodeAt(from)
          if (disk.has(to)) throw codeError('EEXIST', to)
          disk.setEntry(to, node)
        }),
      rename: (from, to) =>
        this.#async('rename', to, () => {
          const node = disk.nodeAt(from)
          disk.setEntry(to, node)
          disk.setEntry(from, undefined)
        }),
      unlink: (name) =>
        this.#async('unlink', name, () => {
          disk.nodeAt(name)
          disk.setEntry(name, undefined)
        }),
      syncDirectory: (name) =>
        this.#sync('sync-directory', name, () => {
          const node = disk.nodeAt(name)
          if (node.kind !== 'directory') throw codeError('ENOTDIR', name)
          return node
        }),
      listNow: (name) =>
        this.#now('list', name, 0, () => {
          const node = disk.nodeAt(name)
          if (node.kind !== 'directory') throw codeError('ENOTDIR', name)
          return [...node.seen.keys()]
        }),
      exists: (name) => this.#now('exists', name, 0, () => disk.has(name)),
      isVisible: (name) => this.#now('is-visible', name, 0, () => disk.has(name)),
    }
  }

  #file(name: string, node: FileNode): WritableFile {
    const disk = this.#disk
    return {
      read: (target, position) =>
        this.#async('read', name, () => {
          const part = node.seen.subarray(position, position + target.length)
          target.set(part)
          return part.length
        }),
      size: () => this.#async('size', name, () => node.seen.length),
      write: (bytes, position) =>
        this.#now(
          'write',
          name,
          bytes.length,
          () => {
            disk.writeTo(node, bytes, position)
            return bytes.length
          },
          (written) => disk.writeTo(node, bytes.subarray(0, written), position),
        ),
      sync: () => this.#sync('sync', name, () => node),
      truncate: (length) => this.#async('truncate', name, () => disk.truncate(node, length)),
      close: () => this.#async('close', name, () => undefined),
    }
  }

  async #sync(kind: OpKind, name: string, find: () => Node): Promise<void> {
    const node = find()
    // What is changed while it runs is not covered.
    const covered = [...node.pending]
    await this.#async(
      kind,
      name,
      () => store(node, covered),
      // A file system that journals its entries keeps them for the next sync.
      () => node.kind === 'file' && drop(node, covered),
    )
  }

  async #async<T>(kind: OpKind, name: string, act: () => T, onFail?: () => void): Promise<T> {
    const fate = this.#begin(kind, name, 0)
    // Nobody hears what a dead process asked for.
    if (fate === undefined || (fate.kind === 'die' && fate.when === 'before')) return this.#hang()
    if (fate.kind === 'pause') await fate.until
    else await Promise.resolve()
    if (!this.alive && fate.kind !== 'die') return this.#hang()
    if (fate.kind === 'fail') {
      onFail?.()
      throw codeError(fate.code, name)
    }
    const result = act()
    if (fate.kind === 'die') return this.#hang()
    if (fate.kind === 'pause') await fate.andThen?.()
    return this.alive ? result : this.#hang()
  }

  #now<T>(
    kind: OpKind,
    name: string,
    bytes: number,
    act: () => T,
    actPart?: (written: number) => void,
  ): T {
    const fate = this.#begin(kind, name, bytes)
    if (fate === undefined) throw new ProcessDeadError()
    switch (fate.kind) {
      case 'go':
      case 'pause':
        return act()
      case 'short':
        actPart?.(fate.written)
        return fate.written as T
      case 'fail':
        if (fate.writtenFirst !== undefined) actPart?.(fate.writtenFirst)
        throw codeError(fate.code, name)
      case 'die':
        if (fate.written !== undefined) actPart?.(fate.written)
        else if (fate.when === 'after') act()
        throw new ProcessDeadError()
    }
  }

  #begin(kind: OpKind, name: string, bytes: number): Fate | undefined {
    if (!this.alive) return undefined
    const op = { number: this.ops.length + 1, kind, path: name, bytes }
    this.ops.push(op)
    const fate = this.#fate(op)
    if (fate.kind === 'die') this.kill()
    return fate
  }

  #hang(): Promise<never> {
    return new Promise(() => undefined)
  }
}

/** Thrown into a killed process where it cannot be made to wait. */
export class ProcessDeadError extends Error {
  readonly code = 'PROCESS_DEAD'
}

/** Everything unsynced is lost. */
export const loseAll: Keep = () => false

/** Everything unsynced is kept: what a killed process leaves. */
export const keepAll: Keep = () => true

function store(node: Node, covered: readonly unknown[]): void {
  const isCovered = new Set(covered)
  if (node.kind === 'directory') {
    for (const change of node.pending.filter((change) => isCovered.has(change))) {
      if (change.node === undefined) node.stored.delete(change.name)
      else node.stored.set(change.name, change.node)
    }
  } else {
    for (const change of node.pending.filter((change) => isCovered.has(change))) {
      node.stored =
        change.kind === 'write'
          ? overwritten(node.stored, change.bytes, change.at)
          : resized(node.stored, change.length)
    }
  }
  drop(node, covered)
}

function drop(node: Node, covered: readonly unknown[]): void {
  const isCovered = new Set(covered)
  if (node.kind === 'directory')
    node.pending = node.pending.filter((change) => !isCovered.has(change))
  else node.pending = node.pending.filter((change) => !isCovered.has(change))
}

function settle(node: Node): void {
  if (node.kind === 'file') {
    node.seen = Buffer.from(node.stored)
    node.pending = []
    return
  }
  node.seen.clear()
  for (const [name, child] of node.stored) node.seen.set(name, child)
  node.pending = []
}

function copyDirectory(from: DirectoryNode, to: DirectoryNode, known: Map<Node, Node>): void {
  const copyOf = (node: Node): Node => {
    const done = known.get(node)
    if (done !== undefined) return done
    const copy: Node =
      node.kind === 'file'
        ? { kind: 'file', seen: node.seen, stored: node.stored, pending: [...node.pending] }
        : directoryNode()
    known.set(node, copy)
    if (node.kind === 'directory' && copy.kind === 'directory') copyDirectory(node, copy, known)
    return copy
  }
  for (const [name, node] of from.seen) to.seen.set(name, copyOf(node))
  for (const [name, node] of from.stored) to.stored.set(name, copyOf(node))
  to.pending = from.pending.map(({ name, node, order }) => ({
    name,
    node: node === undefined ? undefined : copyOf(node),
    order,
  }))
}

function describe(node: Node): string {
  if (node.kind === 'directory') {
    const pending = node.pending.map(({ name, node }) => `${node === undefined ? '-' : '+'}${name}`)
    return `d(${[...node.seen.keys()].sort().join(',')};${[...node.stored.keys()].sort().join(',')};${pending.join(',')})`
  }
  const pending = node.pending.map((change) =>
    change.kind === 'write'
      ? `w${change.at}:${change.bytes.toString('latin1')}`
      : `t${change.length}`,
  )
  return `f(${node.seen.toString('latin1')};${node.stored.toString('latin1')};${pending.join(',')})`
}

function overwritten(old: Buffer, bytes: Uint8Array, at: number): Buffer {
  const result = Buffer.alloc(Math.max(old.length, at + bytes.length))
  old.copy(result)
  result.set(bytes, at)
  return result
}

function resized(old: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length)
  old.copy(result, 0, 0, length)
  return result
}

function fileNode(): FileNode {
  return { kind: 'file', seen: Buffer.alloc(0), stored: Buffer.alloc(0), pending: [] }
}

function directoryNode(): DirectoryNode {
  return { kind: 'directory', seen: new Map(), stored: new Map(), pending: [] }
}

function codeError(code: string, name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${name}`), { code })
}
