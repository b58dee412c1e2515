/**
 * Recoveries: lives from an image to the end of the run. What came of one is remembered.
 *
 *  R1  Two lives that are told the same and find the same do the same (V4 in `virtual-life.ts`).
 *  R2  To find is to ask: of a file of which no life of a recovery asked what it holds, nor how much, it may hold anything. A blob that was torn
 *      at any of its bytes is taken away unread, and that is one recovery.
 *  R3  R2 is not believed: of the recoveries that are taken for the same by it, some are run all the same.
 */
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import { blurred, hashOfTree, type ImageTree } from '../image-tree.ts'
import type { RecoveryCost } from '../recovery.ts'
import type { Trace } from '../trace.ts'
import type { Asks, LifeGiven, Recording } from './asks.ts'
import {
  hangOf,
  isLast,
  standingAfter,
  standingKey,
  type LivedLife,
  type Standing,
} from './lives.ts'
import type { Shard } from './shard-states.ts'

/** Recoveries that are remembered. */
const memoMax = 2_048
/** The same, where their traces are remembered with them. */
const recordedMax = 256
/** Sets of files that were not read, of which the last so many are tried. */
const unreadMax = 8
/** Of so many recoveries that are taken for the same by R2 one is run all the same. */
const comparedEvery = 100

/** What came of one. */
export interface Recovery {
  readonly lives: readonly LivedLife[]
  /** Of its first life. */
  readonly trace?: Trace | undefined
  readonly cost?: RecoveryCost | undefined
}

/** A recovery that is remembered, and the tree that it began with. */
interface Remembered {
  readonly recovery: Recovery
  readonly tree: ImageTree
}

/** Runs recoveries, and remembers them. */
export class Recoveries {
  readonly #lives: Pick<Shard, 'asked' | 'counts' | 'live' | 'unsupported'>
  readonly #memo = new Map<string, Remembered>()
  /** Paths of files that some recovery did not read, by these paths; the last one last. */
  readonly #unread = new Map<string, readonly string[]>()
  #shared = 0

  /** `lives`: what lives are asked of. */
  constructor(lives: Pick<Shard, 'asked' | 'counts' | 'live' | 'unsupported'>) {
    this.#lives = lives
  }

  /** Lives until the run is over. `tree` of the image: what came of it is remembered. */
  *after(
    image: DirectoryImage,
    standing: Standing,
    tree: ImageTree | undefined,
    records: Recording,
  ): Asks<Recovery> {
    if (tree === undefined) return (yield* this.#run(image, standing, records)).recovery
    const told = `${standingKey(standing)} ${records}`
    const known = this.#find(told, tree)
    if (known !== undefined && !this.#isCompared(known, tree)) return known.recovery
    const { recovery, unread } = yield* this.#run(image, standing, records)
    if (this.#lives.unsupported !== undefined) return recovery
    if (known !== undefined && !isSame(known.recovery, recovery))
      throw new Error('a recovery depends on what it never read: it is the harness that is wrong')
    const paths = namesIn(tree, image, unread)
    this.#remember(`${told} ${keyOf(tree, paths)}`, { recovery, tree }, records)
    if (paths.length > 0) this.#tryNext(paths)
    return recovery
  }

  #find(told: string, tree: ImageTree): Remembered | undefined {
    for (const paths of [[], ...this.#unread.values()]) {
      const key = keyOf(tree, paths)
      const known = key === undefined ? undefined : this.#memo.get(`${told} ${key}`)
      if (known !== undefined) return known
    }
    return undefined
  }

  /** R3. */
  #isCompared(known: Remembered, tree: ImageTree): boolean {
    if (known.tree === tree) return false
    this.#shared += 1
    return this.#shared % comparedEvery === 1
  }

  #remember(key: string, remembered: Remembered, records: Recording): void {
    if (this.#memo.size >= (records === false ? memoMax : recordedMax))
      this.#memo.delete(this.#memo.keys().next().value ?? '')
    this.#memo.set(key, remembered)
  }

  #tryNext(paths: readonly string[]): void {
    const name = paths.join('\n')
    this.#unread.delete(name)
    this.#unread.set(name, paths)
    const [first] = this.#unread.keys()
    if (this.#unread.size > unreadMax && first !== undefined) this.#unread.delete(first)
  }

  *#run(
    image: DirectoryImage,
    standing: Standing,
    records: Recording,
  ): Asks<{ readonly recovery: Recovery; readonly unread: ReadonlySet<ImageEntry> }> {
    const lives: LivedLife[] = []
    const unread = new Set(image.values())
    let trace: Trace | undefined
    let cost: RecoveryCost | undefined
    this.#lives.counts.recoveries += 1
    let next = standing
    let left = image
    for (let count = 0; count < this.#lives.asked.order.livesGiven; count += 1) {
      const given = yield* this.#lives.live(next, left, [], count === 0 && records)
      trace ??= given.trace
      if (count === 0) cost = given.cost
      for (const entry of readIn(left, given)) unread.delete(entry)
      const lived: LivedLife = { ...next, ...given }
      lives.push(lived)
      if (isLast(lived) || hangOf(lived) || this.#lives.unsupported !== undefined) break
      left = given.image
      next = standingAfter(next, given.marks)
    }
    return { recovery: { lives: lives.map(bare), trace, cost }, unread }
  }
}

/** Files that a life found, and may have asked about. */
function readIn(image: DirectoryImage, { unread }: LifeGiven): readonly ImageEntry[] {
  const entries = [...image.values()]
  return unread === undefined ? entries : entries.filter((entry) => !unread.has(entry))
}

/** The first names of files in a tree, in order. */
function namesIn(
  tree: ImageTree,
  image: DirectoryImage,
  files: ReadonlySet<ImageEntry>,
): readonly string[] {
  return [...image]
    .filter(([path, entry]) => files.has(entry) && blurred(tree, [path]) !== undefined)
    .map(([path]) => path)
    .sort()
}

/** Equal for trees that differ in these files alone; `undefined` where one of them is not there. */
function keyOf(tree: ImageTree, files: readonly string[]): string | undefined {
  const left = blurred(tree, files)
  return left === undefined ? undefined : `${files.join('\n')} ${hashOfTree(left)}`
}

function isSame(left: Recovery, right: Recovery): boolean {
  return JSON.stringify(left.lives) === JSON.stringify(right.lives)
}

function bare(lived: LivedLife): LivedLife {
  const { life, clockMs, reboots, outside, act, marks, code, signal, quietMs } = lived
  const known = { life, clockMs, reboots, outside, marks, code, signal }
  return {
    ...known,
    ...(act === undefined ? {} : { act }),
    ...(quietMs === undefined ? {} : { quietMs }),
  }
}
