/**
 * What each open found, against what it had to find: the record level of S1, S2, S5, S6, S7 and S8.
 *
 * The image of an open is the image of the open before it, followed by what that owner appended: all that was acknowledged,
 * and of the rest a prefix in append order, each append whole or absent. Everything else is a problem, found once, at the
 * first open that shows it; the checkers share them out. Which open is "before" is `ownership.ts`' business. Where lives
 * overlap and the system has no epochs, nobody can say what an image extends: then only acks from before the opener's start
 * are asked for, and only strangers are refused.
 */
import type { Append, History, Open } from '../history.ts'
import type { Ownership } from './ownership.ts'

/** Something wrong with the image of an open. */
export type ImageProblem = {
  readonly open: Open
  readonly hash: string
  /** From 1: where the record stood or had to stand. */
  readonly position: number
} & (
  | {
      /** Acknowledged, and not there. `isConcurrent`: acknowledged after the opener had started. */
      readonly kind: 'lost'
      readonly append: Append
      readonly ackIndex: number
      readonly isConcurrent: boolean
    }
  /** Not acknowledged, but found by an earlier open: it was decided, and is not there. */
  | { readonly kind: 'undecided'; readonly base: Open }
  /** An open decided that it is not there, and it came back. `isZombie`: its owner may have been alive then. */
  | {
      readonly kind: 'returned'
      readonly append: Append
      readonly base: Open
      readonly isZombie: boolean
    }
  /** A part of one append is there and a part is not. */
  | { readonly kind: 'torn'; readonly append: Append }
  /** A later append is there and this one is not. */
  | { readonly kind: 'hole'; readonly append: Append }
  | { readonly kind: 'reordered' | 'repeated' | 'invented' }
)

/** What is needed to find them. */
export interface ImageSource {
  readonly history: History
  readonly ownership: Ownership
  readonly isVoid: (index: number) => boolean
  readonly hasEpochs: boolean
}

type Where = Pick<ImageProblem, 'open' | 'hash' | 'position'>

/** One record that an image may or must hold. */
interface Item {
  readonly hash: string
  readonly append?: Append
  /** The open that found it first. */
  readonly decided?: Open
  /** Part of no append that may be missing on its own. */
  readonly isRequired: boolean
  /** May be missing though later ones are there: the append was refused. */
  readonly isFree: boolean
}

/** All problems of all images, in ledger order of the opens that show them. */
export function imageProblems(source: ImageSource): readonly ImageProblem[] {
  const reader = new ImageReader(source)
  for (const open of source.history.opens) reader.items(open)
  return reader.problems.sort((left, right) => left.open.index - right.open.index)
}

class ImageReader {
  readonly problems: ImageProblem[] = []
  readonly #source: ImageSource
  readonly #images = new Map<Open, readonly Item[]>()
  readonly #byOwner = new Map<string, Append[]>()
  readonly #lastRefusal = new Map<string, number>()

  constructor(source: ImageSource) {
    this.#source = source
    for (const append of source.history.appends) {
      const key = ownerKey(append)
      const list = this.#byOwner.get(key)
      if (list === undefined) this.#byOwner.set(key, [append])
      else list.push(append)
    }
    for (const refusal of source.history.of('refused'))
      if (refusal.at === 'append' && refusal.epoch !== undefined)
        this.#lastRefusal.set(ownerKey({ life: refusal.life, epoch: refusal.epoch }), refusal.index)
  }

  /** The items of an image, with where they come from; compared on the way. */
  items(open: Open): readonly Item[] {
    const known = this.#images.get(open)
    if (known !== undefined) return known
    if (open.hashes === undefined) return []
    // Set first: whatever a broken system reports, this ends.
    this.#images.set(open, [])
    const base = this.#baseOf(open)
    const items =
      this.#isUnordered(open) || open.hashes === undefined
        ? this.#compareLoosely(open)
        : this.#compare(open, this.#expected(base), base)
    this.#images.set(open, items)
    return items
  }

  #baseOf(open: Open): Open | undefined {
    const { history, ownership } = this.#source
    let best: Open | undefined
    for (const other of history.opens) {
      if (other === open || other.hashes === undefined) continue
      if (!ownership.isEarlier(other, open)) continue
      if (best === undefined || ownership.isEarlier(best, other)) best = other
    }
    return best
  }

  /** Without epochs, lives that overlap have no order, and neither has what is built on them. */
  #isUnordered(open: Open): boolean {
    const { hasEpochs, history, ownership } = this.#source
    if (hasEpochs) return false
    const lives = new Set([open.life])
    for (const { life, index } of [...history.opens, ...history.appends])
      if (index < open.index) lives.add(life)
    const list = [...lives]
    return list.some((life, place) =>
      list.slice(place + 1).some((other) => ownership.overlap(life, other)),
    )
  }

  #expected(base: Open | undefined): readonly Item[] {
    if (base === undefined) return []
    const appended = this.#byOwner.get(ownerKey(base)) ?? []
    const isDecided = !this.#source.isVoid(base.index)
    const found = this.items(base).map((item) => ({
      ...item,
      decided: item.decided ?? base,
      isRequired: isDecided || (item.append !== undefined && this.#isAcked(item.append)),
      isFree: !isDecided,
    }))
    return [...found, ...appended.flatMap((append) => this.#itemsOf(append))]
  }

  #itemsOf(append: Append): readonly Item[] {
    const isRequired = this.#isAcked(append)
    const isFree =
      !isRequired &&
      ((this.#lastRefusal.get(ownerKey(append)) ?? -1) > append.index ||
        append.ackIndex !== undefined)
    return append.hashes.map((hash) => ({ hash, append, isRequired, isFree }))
  }

  #isAcked({ ackIndex }: Append): boolean {
    return ackIndex !== undefined && !this.#source.isVoid(ackIndex)
  }

  /** Walks found and expected side by side; what is skipped on either side is a problem, unless it may be missing. */
  #compare(open: Open, expected: readonly Item[], base: Open | undefined): readonly Item[] {
    const found = open.hashes ?? []
    const matched: Item[] = []
    const skipped: Item[] = []
    const used = new Set<Item>()
    let next = 0
    for (const [index, hash] of found.entries()) {
      const place = findFrom(expected, hash, next)
      const item = expected[place]
      if (item === undefined)
        matched.push(
          this.#stranger({ open, hash, position: index + 1 }, { expected, skipped, used, base }),
        )
      else {
        skipped.push(...expected.slice(next, place))
        used.add(item)
        matched.push(item)
        next = place + 1
      }
    }
    const places = new Map(expected.map((item, index) => [item, index + 1]))
    const missing = (item: Item, isBelowOthers: boolean): void =>
      this.#missing(
        { open, hash: item.hash, position: places.get(item) ?? 0 },
        item,
        used,
        isBelowOthers,
      )
    for (const item of skipped) if (!used.has(item)) missing(item, true)
    for (const item of expected.slice(next)) missing(item, false)
    return matched
  }

  /** A record that is not where it could be: out of order, twice, back from the dead, or never appended. */
  #stranger(
    where: Where,
    seen: {
      readonly expected: readonly Item[]
      readonly skipped: readonly Item[]
      readonly used: Set<Item>
      readonly base: Open | undefined
    },
  ): Item {
    const { open, hash } = where
    const late = seen.skipped.find((item) => item.hash === hash && !seen.used.has(item))
    if (late !== undefined) {
      seen.used.add(late)
      this.problems.push({ kind: 'reordered', ...where })
      return late
    }
    const { base } = seen
    const isIn = seen.expected.some((item) => item.hash === hash)
    const append = base === undefined ? undefined : this.#olderAppend(open, hash, base, isIn)
    if (append !== undefined && base !== undefined) {
      const isZombie = !this.#source.ownership.isOver(append.life, base.life)
      this.problems.push({ kind: 'returned', ...where, append, base, isZombie })
    } else this.problems.push({ kind: isIn ? 'repeated' : 'invented', ...where })
    return { hash, isRequired: false, isFree: true }
  }

  /** An append of this record that `base` had decided against, or, where the record is there anyway, that came after it. */
  #olderAppend(open: Open, hash: string, base: Open, isIn: boolean): Append | undefined {
    return this.#source.history.appends.find(
      (each) =>
        each.index < open.index &&
        each.hashes.includes(hash) &&
        !(each.life === base.life && each.epoch === base.epoch) &&
        (!isIn || each.index > base.index),
    )
  }

  #missing(where: Where, item: Item, used: ReadonlySet<Item>, isBelowOthers: boolean): void {
    const { append, decided } = item
    if (append?.ackIndex !== undefined && this.#isAcked(append))
      this.problems.push({
        kind: 'lost',
        ...where,
        append,
        ackIndex: append.ackIndex,
        isConcurrent: this.#isConcurrent(append.ackIndex, where.open),
      })
    else if (item.isRequired && decided !== undefined)
      this.problems.push({ kind: 'undecided', ...where, base: decided })
    else if (append !== undefined && isPartlyUsed(append, used))
      this.problems.push({ kind: 'torn', ...where, append })
    else if (append !== undefined && isBelowOthers && !item.isFree)
      this.problems.push({ kind: 'hole', ...where, append })
  }

  #isConcurrent(ackIndex: number, open: Open): boolean {
    const start = this.#source.history.lives.get(open.life)?.startedIndex
    return start === undefined || ackIndex > start
  }

  #compareLoosely(open: Open): readonly Item[] {
    const left = new Map<string, number>()
    for (const hash of open.hashes ?? []) left.set(hash, (left.get(hash) ?? 0) + 1)
    const take = (hash: string): boolean => {
      const count = left.get(hash) ?? 0
      left.set(hash, count - 1)
      return count > 0
    }
    const before = this.#source.history.appends.filter(({ index }) => index < open.index)
    const isAsked = ({ ackIndex }: Append): boolean =>
      ackIndex !== undefined && !this.#isConcurrent(ackIndex, open)
    // What must be there takes its records first: others may be equal to it.
    for (const append of before.filter(isAsked))
      for (const [place, item] of this.#itemsOf(append).entries())
        if (!take(item.hash))
          this.#missing({ open, hash: item.hash, position: place + 1 }, item, new Set(), false)
    for (const append of before.filter((each) => !isAsked(each)))
      for (const { hash } of this.#itemsOf(append)) if ((left.get(hash) ?? 0) > 0) take(hash)
    for (const [hash, count] of left)
      if (count > 0)
        this.problems.push({
          kind: 'invented',
          open,
          hash,
          position: 1 + (open.hashes?.indexOf(hash) ?? 0),
        })
    return []
  }
}

function findFrom(items: readonly Item[], hash: string, from: number): number {
  for (let place = from; place < items.length; place += 1)
    if (items[place]?.hash === hash) return place
  return items.length
}

function isPartlyUsed(append: Append, used: ReadonlySet<Item>): boolean {
  for (const item of used) if (item.append === append) return true
  return false
}

function ownerKey({ life, epoch }: { readonly life: number; readonly epoch: number }): string {
  return `${life} ${epoch}`
}
