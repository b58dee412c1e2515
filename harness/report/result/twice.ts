/** Parts of a campaign that are there twice: counted twice, they would tell of cases that nobody ran. */
import { rowAt } from './case-columns.ts'
import type { Result } from './result.ts'

/** What later parts repeat of earlier ones, a line each; empty where the parts are disjoint. */
export function repeated(parts: readonly Result[]): readonly string[] {
  const places = new Map<string, number>()
  return parts.flatMap((part, number) => {
    const own = placesOf(part)
    const known = own.find((place) => places.has(place))
    for (const place of own) if (!places.has(place)) places.set(place, number)
    if (known === undefined) return []
    const same = own.filter((place) => places.get(place) !== number).length
    return [
      `${same} of the ${own.length} places of part ${number + 1} are those of an earlier part`,
    ]
  })
}

/** What only one part of a campaign may have: places of cases; of an exploration alone, its shard. */
function placesOf({ command, cases, seed, shards }: Result): readonly string[] {
  if (command === 'explore') return [JSON.stringify([seed, shards])]
  return cases.slot.flatMap((slot, index) => {
    if (slot < 0) return []
    const { scenario, system, seed: own } = rowAt(cases, index)
    return [JSON.stringify([scenario, system, own, slot])]
  })
}
