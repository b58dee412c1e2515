/**
 * Who had to know what: the one place where lives that overlap are reasoned about.
 *
 * Two processes may hold one run at the same time: a zombie and its successor, resumers at a barrier, an owner inside an
 * effect while `always` takes the run away. Then the order of two lines says little, and a checker that trusts it raises
 * false alarms. What is sure:
 *
 *  W1  a process that started after something was acknowledged must know it
 *  W2  where epochs are the system's own (claim `fencing`), an owner that resolved a later epoch after it must know it too
 *  W3  an owner knows what it saw itself
 *  W4  an owner is *superseded* from the moment at which a later epoch is seen to have resolved; it may be in the middle of
 *      an effect, or stopped right before one, and nobody can hold that against it
 */
import type { History, Open } from '../history.ts'
import { endOf } from '../history.ts'

/** A life's tenure: one epoch of one life. */
export interface Owner {
  readonly life: number
  readonly epoch: number
}

/** Something that happened under an owner. */
export interface Happened extends Owner {
  readonly index: number
}

/** The reasoning about one history. */
export class Ownership {
  readonly #history: History
  readonly #hasEpochs: boolean
  readonly #byLife = new Map<number, Open[]>()

  /** `hasEpochs`: the system claims fencing, so that epochs are its own and rise strictly. */
  constructor(history: History, hasEpochs: boolean) {
    this.#history = history
    this.#hasEpochs = hasEpochs
    for (const open of history.opens) {
      const opens = this.#byLife.get(open.life)
      if (opens === undefined) this.#byLife.set(open.life, [open])
      else opens.push(open)
    }
  }

  /** Who `life` is at a place in the ledger: its latest open before it, or epoch = life where it reports none. */
  ownerAt(life: number, index: number): Owner {
    const open = this.#byLife.get(life)?.findLast((each) => each.index < index)
    return { life, epoch: open?.epoch ?? life }
  }

  /**
   * True where everything that an owner is seen to have appended before it acted is in the image of a later open: what it
   * acted under is known there, so that its successor had to know it.
   */
  isInImage(acted: Happened, { hashes }: Open): boolean {
    const image = new Set(hashes)
    const own = this.#history.appends.filter(
      (append) => isSame(append, acted) && append.index < acted.index,
    )
    return own.length > 0 && own.every((append) => append.hashes.every((hash) => image.has(hash)))
  }

  /** True where `owner`, acting at `index`, had to know what `happened` (W1-W3). */
  knows(owner: Owner, index: number, happened: Happened): boolean {
    if (happened.index >= index) return false
    if (isSame(owner, happened)) return true
    const start = this.#history.lives.get(owner.life)?.startedIndex
    if (start !== undefined && start > happened.index) return true
    if (!this.#hasEpochs || owner.epoch <= happened.epoch) return false
    const open = this.openOf(owner)
    return open !== undefined && open.index > happened.index
  }

  /** The first open of a later epoch that was seen before `index`, if any (W4). */
  supersededBy(owner: Owner, index: number): Open | undefined {
    if (!this.#hasEpochs) return undefined
    return this.#history.opens.find(
      (open) => open.index < index && open.epoch > owner.epoch && !isSame(open, owner),
    )
  }

  /** True where the first open came before the second: by time where their lives do not overlap, by epoch where they do. */
  isEarlier(first: Open, second: Open): boolean {
    if (first.life === second.life) return first.index < second.index
    if (this.isOver(first.life, second.life)) return true
    if (this.isOver(second.life, first.life)) return false
    return this.#hasEpochs && first.epoch < second.epoch
  }

  /** True where the first life was seen to end before the second was started. */
  isOver(first: number, second: number): boolean {
    const { lives } = this.#history
    const start = lives.get(second)?.startedIndex
    return start !== undefined && endOf(lives.get(first)) < start
  }

  /** True where two lives were, or may have been, alive at once. */
  overlap(first: number, second: number): boolean {
    return first !== second && !this.isOver(first, second) && !this.isOver(second, first)
  }

  /** The open by which an owner got the run. */
  openOf(owner: Owner): Open | undefined {
    return this.#byLife.get(owner.life)?.find(({ epoch }) => epoch === owner.epoch)
  }
}

/** True for one and the same tenure. */
export function isSame(left: Owner, right: Owner): boolean {
  return left.life === right.life && left.epoch === right.epoch
}
