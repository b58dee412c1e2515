/**
 * How lives are asked for: the logic of an exploration is a generator that yields the life that it wants and is sent what came of
 * it. Who drives it decides where lives are run: in memory, a thousand in a second, or each in a process of its own.
 */
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import type { LifeFaults } from '../fault.ts'
import type { Mark } from '../mark.ts'
import type { RecoveryCost } from '../recovery.ts'
import type { Trace } from '../trace.ts'
import type { Standing } from './lives.ts'

/** Whether a life leaves a trace, and whether its ops have their sites: in a process they always do. */
export type Recording = boolean | 'sites'

/** A life that is wanted. */
export interface LifeWanted {
  readonly image: DirectoryImage
  readonly standing: Standing
  /** Faults inside it. */
  readonly faults: LifeFaults
  readonly records: Recording
  /** Killed behind this op of its main stream, which is no fault of the case: what it would do later is of no interest, or would never end. */
  readonly endsAfter?: number
}

/** What came of it. */
export interface LifeGiven {
  readonly marks: readonly Mark[]
  readonly code: number | null
  readonly signal: string | null
  readonly image: DirectoryImage
  /** Files of the image that it began with of which it asked neither what they hold nor how much; absent: that is not known. */
  readonly unread?: ReadonlySet<ImageEntry>
  /** Where it was recorded. */
  readonly trace?: Trace
  /** The end of what it said there, where it ran in a process of its own. */
  readonly stderr?: string
  /** Set where it was put down: milliseconds in which it had shown nothing, as it counts them. */
  readonly quietMs?: number
  /** What it did until it was back, where it ran in memory. */
  readonly cost?: RecoveryCost
  /** Why it cannot be run in memory; the rest then means nothing. */
  readonly unsupported?: string
}

/** Logic that asks for lives. */
export type Asks<Result> = Generator<LifeWanted, Result, LifeGiven>

/** Drives it with lives that take their time. */
export async function answer<Result>(
  asks: Asks<Result>,
  live: (wanted: LifeWanted) => Promise<LifeGiven>,
): Promise<Result> {
  let step = asks.next()
  while (step.done !== true) step = asks.next(await live(step.value))
  return step.value
}
