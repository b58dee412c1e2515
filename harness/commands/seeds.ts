/** Seeds of a gate that are none of a commit: ranges that share nothing with each other, and one range for each night. */

/** Milliseconds that a night's gate takes unless it is told otherwise. */
export const nightlyBudgetMs = 1_800_000

/** Seeds of one night. */
const seedsANight = 16

const dayMs = 86_400_000

/** The seeds of numbers `from` to `to`. A commit's seed has no letter behind f. */
export function rangeSeeds({
  from,
  to,
}: {
  readonly from: number
  readonly to: number
}): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `n${from + index}`)
}

/** The seeds of the night that has this seed; `undefined` where no night has it. */
export function nightOf(seed: string): readonly string[] | undefined {
  const number = /^n(\d{1,15})$/.exec(seed)?.[1]
  if (number === undefined) return undefined
  return nightlySeeds(Math.floor(Number(number) / seedsANight) * dayMs)
}

/** The seeds of the night of a time, in milliseconds since the epoch: no other night has one of them. */
export function nightlySeeds(ms: number): readonly string[] {
  const from = Math.floor(ms / dayMs) * seedsANight
  return rangeSeeds({ from, to: from + seedsANight - 1 })
}
