/**
 * The state directory as the calls of a life make it: which name stands for which file, and how long each is.
 *
 * strace tells calls, not inodes. So the directory is read before the life and then followed: that gives each file its node, and an
 * append its offset. What comes of it is compared with the real directory (`sight.ts`), so a mistake here is seen, not believed.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** A file, directory or symbolic link. */
export interface StateNode {
  readonly ino: number
  readonly kind: 'file' | 'directory' | 'symlink'
  /** Of a symbolic link. */
  readonly target?: string
  /** Bytes of a file. */
  size: number
}

/** A name in the directory before a life. */
export interface NameBefore extends Readonly<StateNode> {
  /** Relative to the directory. */
  readonly path: string
}

/** The names in a directory, read without following links. @throws Error where it cannot be read */
export function namesIn(directory: string, below = ''): readonly NameBefore[] {
  return readdirSync(join(directory, below)).flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`
    const stat = lstatSync(join(directory, path))
    const { ino, size } = stat
    if (stat.isDirectory())
      return [{ path, ino, size, kind: 'directory' as const }, ...namesIn(directory, path)]
    if (!stat.isSymbolicLink()) return [{ path, ino, size, kind: 'file' as const }]
    const target = readlinkSync(join(directory, path))
    return [{ path, ino, size, kind: 'symlink' as const, target }]
  })
}

/** Links that are followed in one path, as the kernel bounds them. */
const linksMax = 40

/** Numbers that stand for the inodes of what a life makes; real ones are far below. */
const freshInodes = 2 ** 50

export class StateTree {
  readonly #root: string
  readonly #names = new Map<string, StateNode>()
  #made = 0

  /** `root` is absolute and true. */
  constructor(root: string, before: readonly NameBefore[]) {
    this.#root = root
    const byInode = new Map<number, StateNode>()
    for (const { path, ...node } of before) {
      const known = byInode.get(node.ino) ?? { ...node }
      byInode.set(node.ino, known)
      this.#names.set(path, known)
    }
    this.#names.set('.', { ino: freshInodes, kind: 'directory', size: 0 })
  }

  at(path: string): StateNode | undefined {
    return this.#names.get(path)
  }

  make(path: string, kind: StateNode['kind'], target?: string): StateNode {
    const ino = freshInodes + (this.#made += 1)
    const node = { ino, kind, size: 0, ...(target === undefined ? {} : { target }) }
    this.#names.set(path, node)
    return node
  }

  remove(path: string): void {
    this.#names.delete(path)
  }

  link(node: StateNode, to: string): void {
    this.#names.set(to, node)
  }

  rename(from: string, to: string): void {
    const node = this.#names.get(from)
    if (node === undefined || node === this.#names.get(to)) return
    const below = [...this.#names].filter(([path]) => path.startsWith(`${from}/`))
    this.#names.delete(from)
    this.#names.set(to, node)
    for (const [path, each] of below) {
      this.#names.delete(path)
      this.#names.set(`${to}${path.slice(from.length)}`, each)
    }
  }

  /** The part of a true absolute path below the directory, `.` for itself; `undefined` where it lies outside. */
  below(path: string): string | undefined {
    if (path === this.#root) return '.'
    return path.startsWith(`${this.#root}/`) ? path.slice(this.#root.length + 1) : undefined
  }

  /** What a path below the directory stands for, links followed. */
  followed(path: string): StateNode | undefined {
    const below = this.below(this.truePath(this.#root, path, true))
    return below === undefined ? undefined : this.at(below)
  }

  /** The true path of a name: links among its directories followed, and its last part where `follows`. */
  truePath(from: string, name: string, follows = false): string {
    let path = '/'
    let left = resolve(from, name).split('/').slice(1)
    for (let links = 0; left.length > 0;) {
      const [part = '', ...rest] = left
      const next = resolve(path, part)
      const below = this.below(next)
      const target = below === undefined ? undefined : this.at(below)?.target
      left = rest
      if (target === undefined || !(rest.length > 0 || follows) || (links += 1) > linksMax)
        path = next
      else {
        left = [...resolve(dirname(next), target).split('/').slice(1), ...rest]
        path = '/'
      }
    }
    return path
  }
}
