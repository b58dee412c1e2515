/**
 * All randomness of the harness, behind one door.
 *
 * One seed, printed in every token, is the source of everything random. Each consumer draws from a substream of its own,
 * named in the table below: what one consumer draws never moves another's numbers, so that a new draw in the schedule does
 * not change the workload. seedrandom (ARC4) makes the numbers; the same seed and name give the same numbers on every machine.
 */
import { randomBytes } from 'node:crypto'
import seedrandom from 'seedrandom'
import { UsageError } from './errors.ts'
import { isSeed } from './seed-text.ts'

/** Every substream and who draws from it. A new consumer gets a new name: never share one. */
export const substreams = {
  case: 'the seed of each case of a campaign, by scenario, system and number',
  workload: "fast-check's seed for the workload",
  schedule: 'fault kinds, crash points and phases of a case',
  system: 'the seed that each life is told (KILLPOINT_SEED), by life',
  states: 'crash states beyond the exhaustive bound',
  garbage: 'bytes that a lost or torn page is filled with',
  rot: 'which file, byte or record is damaged between lives',
  timing: 'delays before kills at random times',
  shrink: 'the order in which a shrink tries its candidates',
  laws: "fast-check's seed of each law of a journal, and the nonces of its processes",
  sample:
    'which cases are run twice to check that the harness is deterministic, and which are timed',
} as const

/** Name of a substream. */
export type Substream = keyof typeof substreams

/** A source of numbers. Reading it moves it on. */
export interface Random {
  /** A real number in [0, 1) with 53 random bits. */
  readonly real: () => number
  /** A whole number in [0, below). */
  readonly below: (below: number) => number
  /** A signed 32-bit integer: what fast-check takes as its seed. */
  readonly int32: () => number
  /** True with this probability. */
  readonly chance: (probability: number) => boolean
  /** One of the items; the list must not be empty. */
  readonly pick: <Item>(items: readonly Item[]) => Item
}

/** The numbers of one substream; `path` separates its uses: a scenario, a life, a case number. */
export function random(
  seed: string,
  name: Substream,
  ...path: readonly (string | number)[]
): Random {
  // JSON, so that ('a', 'b/c') and ('a/b', 'c') are two keys.
  const prng = seedrandom(JSON.stringify([seed, name, ...path]), { entropy: false })
  const below = (limit: number): number => {
    if (!(Number.isSafeInteger(limit) && limit > 0))
      throw new RangeError(`below(${limit}): expected a whole number from 1`)
    return Math.floor(prng.double() * limit)
  }
  return {
    real: () => prng.double(),
    below,
    int32: () => prng.int32(),
    chance: (probability) => prng.double() < probability,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  }
}

/** The items in another order. */
export function shuffled<Item>(items: readonly Item[], numbers: Random): readonly Item[] {
  const left = [...items]
  for (let index = left.length - 1; index > 0; index--) {
    const other = numbers.below(index + 1)
    const item = left[index] as Item
    left[index] = left[other] as Item
    left[other] = item
  }
  return left
}

/** A seed derived from another: eight hexadecimal digits. */
export function deriveSeed(
  seed: string,
  name: Substream,
  ...path: readonly (string | number)[]
): string {
  return (random(seed, name, ...path).int32() >>> 0).toString(16).padStart(8, '0')
}

/** fast-check's seed for a case: a signed 32-bit integer. */
export function fastCheckSeed(seed: string): number {
  return random(seed, 'workload').int32()
}

/** A new seed, for a command that was given none: the only thing that does not come from a seed. It is printed. */
export function newSeed(): string {
  return randomBytes(4).toString('hex')
}

/** The text itself where it can be a seed; throws {@link UsageError} `SEED_SYNTAX` otherwise. */
export function parseSeed(text: string): string {
  if (isSeed(text)) return text
  throw new UsageError(
    'SEED_SYNTAX',
    `a seed is 1 to 64 letters and digits; found ${JSON.stringify(text.slice(0, 80))}`,
    { hint: 'pass for example --seed 8f3c21, or leave --seed out and a new one is printed' },
  )
}
