import fc from 'fast-check'
import { expect, test } from 'vitest'
import { presized } from '../../../src/file-journal/presize.ts'

const limit = 1 << 20

test('a segment is never shorter than its content, nor than it was', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat({ max: limit }), (end, allocated, max) => {
      const length = presized(end, allocated, max)
      expect(length).toBeGreaterThanOrEqual(Math.max(end, allocated))
      expect(length - Math.max(end, allocated)).toBeLessThanOrEqual(max + 4096)
    }),
  )
})

test.each([
  [1000, 0, limit, 4096],
  [4000, 4096, limit, 4096],
  [4097, 4096, limit, 12288],
  [5 * limit + 1, 5 * limit, limit, 6 * limit + 4096],
  [1000, 500, 0, 1000],
])('%i bytes in %i, by at most %i: %i', (end, allocated, max, expected) => {
  expect(presized(end, allocated, max)).toBe(expected)
})
