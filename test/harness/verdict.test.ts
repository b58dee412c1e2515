import { expect, test } from 'vitest'
import {
  exitCode,
  invariantNames,
  invariants,
  isBreach,
  precedence,
  worst,
} from '../../harness/verdict.ts'

test('every invariant has its line and its place in the precedence, once', () => {
  expect(Object.keys(invariants)).toEqual([...invariantNames])
  expect(precedence.toSorted()).toEqual(invariantNames.toSorted())
})

test('titles complete the first line of a failure: lower case, no full stop, short', () => {
  for (const { title } of Object.values(invariants)) {
    expect(title).toMatch(/^[a-zS].*[^.]$/)
    expect(title.length).toBeLessThan(55)
  }
})

test.each([
  ['HOLDS', 0],
  ['REFUSED', 0],
  ['SKIPPED', 0],
  ['LOST_COMMIT', 1],
  ['COST', 1],
  ['INCONCLUSIVE', 2],
  ['HARNESS_ERROR', 4],
] as const)('%s exits with %i', (verdict, code) => {
  expect(exitCode(verdict)).toBe(code)
  expect(isBreach(verdict)).toBe(code === 1)
})

test('the worst verdict wins, the first of its kind', () => {
  expect(worst([])).toBe('HOLDS')
  expect(worst(['HOLDS', 'INCONCLUSIVE', 'REFUSED'])).toBe('INCONCLUSIVE')
  expect(worst(['INCONCLUSIVE', 'REDONE', 'LOST_COMMIT'])).toBe('REDONE')
  expect(worst(['REDONE', 'HARNESS_ERROR', 'COST'])).toBe('HARNESS_ERROR')
})
