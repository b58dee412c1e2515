/** Words that several checkers use, so that the same thing reads the same everywhere. */
import type { Open } from '../history.ts'
import type { Commit } from './commits.ts'
import type { Owner } from './ownership.ts'

/** `recovered 6 records in epoch 2`. */
export function describeOpen({ epoch, hashes }: Open): string {
  return `recovered ${count(hashes?.length ?? 0, 'record')} in epoch ${epoch}`
}

/** `life 2 (epoch 3)`. */
export function describeOwner({ life, epoch }: Owner): string {
  return `life ${life} (epoch ${epoch})`
}

/** How a commit was seen: `life 1 observed its result`. */
export function describeCommit({ life, how, by }: Commit): string {
  switch (how) {
    case 'observed':
      return `life ${life} observed its result (${by})`
    case 'settled':
      return `child ${by}, which holds it, settled in life ${life}`
    case 'ordered':
      return `life ${life} began ${by}, which comes after it`
    case 'done':
      return `life ${life} reported the run ${by}`
  }
}

/** `1 record`, `2 records`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
