/**
 * Measuring on a machine that others use too: what is compared runs in turns, in short blocks, and medians of blocks are
 * compared. A ratio of two such medians moves far less than either of them.
 */

/** One side of a comparison: does the work of one block. */
export type Block = () => Promise<void> | void

/** Milliseconds of each block of each side, in turns; the first round warms up and does not count. */
export async function inTurns(
  rounds: number,
  sides: readonly Block[],
): Promise<readonly number[][]> {
  const times: number[][] = sides.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, side] of sides.entries()) {
      const start = performance.now()
      await side()
      const elapsed = performance.now() - start
      if (round > 0) times[index]?.push(elapsed)
    }
  }
  return times
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
