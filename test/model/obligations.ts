/** What the journal owes to the outside: what was acknowledged, and what a resolved open recovered. */
import { countIn, withCount, type Image } from './image.ts'
import { Flag, get, hasFlag, livesIn, Of, type Row } from './state.ts'

/** How many batches of a life must be there because the last of them was acknowledged. */
export function ackedCount(row: Row, life: number): number {
  const acked = get(row, life, Of.acked)
  return acked === 0 ? 0 : 32 - Math.clz32(acked)
}

/** The least image that breaks no promise. */
export function obligations(row: Row): Image {
  let owed = 0
  for (let life = 0; life < livesIn(row); life += 1) {
    let count = ackedCount(row, life)
    for (let other = 0; other < livesIn(row); other += 1) {
      if (hasFlag(row, other, Flag.resolved)) {
        count = Math.max(count, countIn(get(row, other, Of.image), life))
      }
    }
    owed = withCount(owed, life, count)
  }
  return owed
}
