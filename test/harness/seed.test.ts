import { expect, test } from 'vitest'
import {
  deriveSeed,
  fastCheckSeed,
  newSeed,
  parseSeed,
  random,
  substreams,
} from '../../harness/seed.ts'
import { isSeed } from '../../harness/seed-text.ts'
import type { Substream } from '../../harness/seed.ts'

const names = Object.keys(substreams) as Substream[]

test('one seed and name give the same numbers, for ever', () => {
  const numbers = random('8f3c21', 'schedule', 'loop', 3)
  // Frozen: a change here makes every printed token and every corpus file mean another case.
  expect([numbers.int32(), numbers.below(1000), numbers.real(), numbers.chance(0.5)]).toEqual([
    -1030335286,
    542,
    0.7587081281309258,
    false,
  ])
  expect(deriveSeed('8f3c21', 'case', 'loop', 'file', 1)).toBe('54a22cae')
  expect(fastCheckSeed('8f3c21')).toBe(792528068)
})

test('every substream, and every path in it, has numbers of its own', () => {
  const first = new Set(names.map((name) => random('1', name).real()))
  expect(first.size).toBe(names.length)
  const keys = [[], ['a'], ['a', 'b'], ['a/b'], ['a,b'], [1], ['1'], [1, 2], [12]]
  expect(new Set(keys.map((path) => random('1', 'case', ...path).real())).size).toBe(keys.length)
})

test('drawing from one substream does not move another', () => {
  const alone = random('1', 'schedule').real()
  const other = random('1', 'workload')
  for (let draws = 0; draws < 10; draws += 1) other.real()
  expect(random('1', 'schedule').real()).toBe(alone)
})

test('numbers stay in their range', () => {
  const numbers = random('1', 'states')
  const seen = new Set<number>()
  for (let draws = 0; draws < 2000; draws += 1) {
    const below = numbers.below(7)
    seen.add(below)
    const real = numbers.real()
    expect(real >= 0 && real < 1).toBe(true)
  }
  expect([...seen].sort((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(['a', 'b']).toContain(numbers.pick(['a', 'b']))
  expect(() => numbers.below(0)).toThrow(RangeError)
  expect(() => numbers.pick([])).toThrow(RangeError)
})

test('a seed is letters and digits', () => {
  expect(isSeed(newSeed())).toBe(true)
  expect(parseSeed('8f3c21')).toBe('8f3c21')
  for (const text of ['', 'a b', 'a:b', 'x'.repeat(65)])
    expect(() => parseSeed(text)).toThrow(expect.objectContaining({ code: 'SEED_SYNTAX' }))
})
