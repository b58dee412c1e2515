/**
 * What is done about a listing, and what it may cost.
 */
import type { LeftOut, Listing, Part } from './folder.ts'
import { turnsOf } from './model.ts'

/** What a reader is given: about three times what it needs, because a call that a crash left in doubt is paid in full. */
const tokensPerFile = 6_000
/** What planning and editing need, at most: they see every file once or twice more. */
const tokensPerFileElsewhere = 2_000
const tokensElsewhere = 10_000

export interface Plan {
  /** The parts that the budget covers, in order. */
  readonly parts: readonly Part[]
  readonly leftOut: readonly LeftOut[]
  /** How many iterations the run takes in all. */
  readonly iterations: number
}

/** A pure function of listing and budget, so that every life plans the same. */
export function planOf(listing: Listing, tokens: number): Plan {
  let free = tokens - tokensElsewhere
  const parts: Part[] = []
  const leftOut = [...listing.leftOut]
  const reason = 'the budget of the run did not cover it'
  for (const part of listing.parts) {
    const cost = budgetOf(part).tokens + tokensPerFileElsewhere * part.files.length
    if (cost > free) leftOut.push(...part.files.map(({ path }) => ({ path, reason })))
    else {
      parts.push(part)
      free -= cost
    }
  }
  const planning = 2
  const editing = 2
  const reading = parts.reduce((sum, part) => sum + turnsOf(part), 0)
  return { parts, leftOut, iterations: planning + reading + editing }
}

/** The budget of a part's reader. */
export function budgetOf(part: Part): { readonly tokens: number; readonly iterations: number } {
  return { tokens: tokensPerFile * (part.files.length + 1), iterations: turnsOf(part) }
}
