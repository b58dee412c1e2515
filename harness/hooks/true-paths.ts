/** Paths of the state directory with the links among their directories followed, so that one name has one spelling in a trace. */
import { dirname, join, posix } from 'node:path'
import type { Op } from '../op.ts'
import type { Disk } from './disk.ts'
import { attempt } from './door.ts'

export class TruePaths {
  readonly #disk: Disk
  readonly #root: string
  /** By directory, as a program spells it. */
  readonly #known = new Map<string, string>()

  constructor(disk: Disk, root: string) {
    this.#disk = disk
    this.#root = root
  }

  /** The same op with true paths. The last part of a path is left as it is: an op may mean a link itself. */
  of(op: Op): Op {
    switch (op.kind) {
      case 'rename':
      case 'link':
        return {
          ...op,
          ...(op.from === undefined ? {} : { from: this.#truePath(op.from) }),
          ...(op.to === undefined ? {} : { to: this.#truePath(op.to) }),
        }
      case 'mark':
        return op
      default:
        return { ...op, path: this.#truePath(op.path) }
    }
  }

  /** To be told of each op that took effect: it may have changed where links lead. */
  after(op: Op): void {
    if (['rename', 'symlink', 'unlink', 'rmdir'].includes(op.kind)) this.#known.clear()
  }

  #truePath(path: string): string {
    const directory = dirname(path)
    if (directory === '.') return path
    let truth = this.#known.get(directory)
    if (truth === undefined) {
      truth = this.#follow(directory)
      this.#known.set(directory, truth)
    }
    return truth === '.' ? posix.basename(path) : `${truth}/${posix.basename(path)}`
  }

  #follow(directory: string): string {
    const { value } = attempt(() => this.#disk.realpath(join(this.#root, directory), 'utf8'))
    // Not there, or out of the state directory: the op will say what comes of it.
    if (typeof value !== 'string') return directory
    if (value === this.#root) return '.'
    return value.startsWith(`${this.#root}/`) ? value.slice(this.#root.length + 1) : directory
  }
}
