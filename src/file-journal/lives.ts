/**
 * Earlier lives as the contract shows them.
 */
import type { LifeSummary } from '../journal.ts'
import type { SealedLife } from './format.ts'

export function lifeSummaries(lives: readonly SealedLife[]): readonly LifeSummary[] {
  return lives.map(({ epoch, owner, ended, range }) => ({
    epoch,
    batches: range?.batches ?? 0,
    ended,
    owner,
  }))
}
