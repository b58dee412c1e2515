/**
 * Recoveries: lives from an image to the end of the run. What came of an image is remembered, by the image and by all that the life is
 * told besides: two lives with the same of both do the same (V4 in `virtual-life.ts`).
 */
import type { DirectoryImage } from '../directory-image.ts'
import type { RecoveryCost } from '../recovery.ts'
import type { Trace } from '../trace.ts'
import type { Asks, Recording } from './asks.ts'
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

/** What came of one. */
export interface Recovery {
  readonly lives: readonly LivedLife[]
  /** Of its first life. */
  readonly trace?: Trace | undefined
  readonly cost?: RecoveryCost | undefined
}

/** Runs recoveries, and remembers them. */
export class Recoveries {
  readonly #lives: Pick<Shard, 'asked' | 'counts' | 'live' | 'unsupported'>
  readonly #memo = new Map<string, Recovery>()

  /** `lives`: what lives are asked of. */
  constructor(lives: Pick<Shard, 'asked' | 'counts' | 'live' | 'unsupported'>) {
    this.#lives = lives
  }

  /** Lives until the run is over. `hash` of the image: what came of it is remembered. */
  *after(
    image: DirectoryImage,
    standing: Standing,
    hash: string | undefined,
    records: Recording,
  ): Asks<Recovery> {
    const key = `${hash} ${standingKey(standing)} ${records}`
    const known = hash === undefined ? undefined : this.#memo.get(key)
    if (known !== undefined) return known
    const lives: LivedLife[] = []
    let trace: Trace | undefined
    let cost: RecoveryCost | undefined
    this.#lives.counts.recoveries += 1
    let next = standing
    let left = image
    for (let count = 0; count < this.#lives.asked.order.livesGiven; count += 1) {
      const given = yield* this.#lives.live(next, left, [], count === 0 && records)
      trace ??= given.trace
      if (count === 0) cost = given.cost
      const lived: LivedLife = { ...next, ...given }
      lives.push(lived)
      if (isLast(lived) || hangOf(lived) || this.#lives.unsupported !== undefined) break
      left = given.image
      next = standingAfter(next, given.marks)
    }
    const recovery: Recovery = { lives: lives.map(bare), trace, cost }
    if (hash === undefined) return recovery
    if (this.#memo.size >= (records === false ? memoMax : recordedMax))
      this.#memo.delete(this.#memo.keys().next().value ?? '')
    this.#memo.set(key, recovery)
    return recovery
  }
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
