import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OneOfEach } from '../../../harness/explorer/one-of-each.ts'

function chosen(items: readonly (readonly [string, number])[]): readonly number[] {
  const kept = new OneOfEach<number>()
  for (const [place, [kind, rank]] of items.entries()) kept.add(kind, rank, place)
  return kept.list()
}

it('of each kind the lowest rank stays, of equal ones the first', () => {
  expect(
    chosen([
      ['a', 3],
      ['b', 1],
      ['a', 2],
      ['b', 1],
      ['a', 5],
    ]),
  ).toEqual([1, 2])
})

it('every kind is there once, in the order in which things came', () => {
  const thing = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.double({ noNaN: true }))
  fc.assert(
    fc.property(fc.array(thing), (things) => {
      const list = chosen(things)
      expect(list.toSorted((left, right) => left - right)).toEqual(list)
      const kinds = list.map((place) => things[place]?.[0])
      expect(new Set(kinds)).toEqual(new Set(things.map(([kind]) => kind)))
      expect(new Set(kinds).size).toBe(kinds.length)
    }),
  )
})
