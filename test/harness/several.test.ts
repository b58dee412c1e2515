import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { several } from '../../harness/several.ts'

describe('work that is done several at a time', () => {
  test('gives what came of each in the order of the items, and never runs more at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5)),
        fc.integer({ min: 1, max: 4 }),
        async (turns, atOnce) => {
          let running = 0
          let most = 0
          const values = await several(turns, atOnce, async (count) => {
            running += 1
            most = Math.max(most, running)
            for (let turn = 0; turn < count; turn += 1) await Promise.resolve()
            running -= 1
            return count * 2
          })
          expect(values).toEqual(turns.map((count) => count * 2))
          expect(most).toBeLessThanOrEqual(atOnce)
        },
      ),
    )
  })

  test('throws what one of them throws', async () => {
    const work = (item: number): Promise<number> =>
      item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item)
    await expect(several([1, 2, 3], 2, work)).rejects.toThrow('two')
  })
})
