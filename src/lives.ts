/**
 * The end of a run that kills its process again and again: after `maxLives` consecutive lives that died and committed
 * nothing new, counted from what the journal knows of its lives, so that it cannot be forgotten.
 */
import { InvalidArgumentError, MaxLivesError } from './errors.ts'
import type { LifeSummary } from './journal.ts'
import { recordError } from './recorded-error.ts'
import type { Run } from './run.ts'

/** How many lives in a row may die without committing anything new, where the caller states no other. */
export const maxLivesDefault = 10

/** Throws `InvalidArgumentError` unless `maxLives` can be counted to. */
export function assertMaxLives(maxLives: number): void {
  if (Number.isSafeInteger(maxLives) && maxLives >= 1) return
  throw new InvalidArgumentError(`expected maxLives to be a whole number from 1, got ${maxLives}`, {
    hint: `leave it out for ${maxLivesDefault}`,
  })
}

/**
 * How many of the last lives died and committed nothing new. A life that was closed in order, and one that lost the race
 * to open, neither counts nor ends the count.
 */
export function idleLives(lives: readonly LifeSummary[], progressEpoch: number): number {
  return lives.filter(({ epoch, ended }) => epoch > progressEpoch && ended === 'died').length
}

/** Ends the run where too many lives did. @throws MaxLivesError */
export async function endAfterTooManyLives(run: Run, maxLives: number): Promise<void> {
  if (run.ended !== undefined) return
  const idle = idleLives(run.journal.lives, run.view.progressEpoch)
  if (idle < maxLives) return
  const error = new MaxLivesError(
    `run ${run.runId} ended: its last ${idle} lives died and committed nothing new (at most ${maxLives} may)`,
    {
      hint: 'look at what was under way with an inspector, mend it, and begin a new run',
      details: { lives: idle, maxLives },
    },
  )
  await run.endWith({ type: 'end', status: 'failed', error: recordError(error) })
  throw error
}
