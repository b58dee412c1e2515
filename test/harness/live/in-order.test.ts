import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inOrder } from '../../../harness/live/in-order.ts'

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

async function after(turns: number): Promise<void> {
  for (let at = 0; at < turns; at++) await new Promise<void>((resolve) => setImmediate(resolve))
}

describe('in order', () => {
  it('yields results in the order of the items, whatever each takes and however many run', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 4 }), { maxLength: 15 }),
        fc.integer({ min: 1, max: 4 }),
        async (items, jobs) => {
          const results = await collect(
            inOrder(items.entries(), jobs, async ([index, turns]) => {
              await after(turns)
              return index
            }),
          )
          expect(results).toEqual([...items.keys()])
        },
      ),
      { numRuns: 50 },
    )
  })

  it('takes no more items than it needs, and none after the consumer left', async () => {
    let taken = 0
    const endless = (function* () {
      for (;;) yield (taken += 1)
    })()
    for await (const result of inOrder(endless, 2, (item) => Promise.resolve(item)))
      if (result === 3) break
    expect(taken).toBeLessThanOrEqual(3 + 4)
  })

  it('throws a failure when its turn comes', async () => {
    const seen: number[] = []
    const run = async (): Promise<void> => {
      const results = inOrder([1, 2, 3], 3, (item) =>
        item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item),
      )
      for await (const result of results) seen.push(result)
    }
    await expect(run()).rejects.toThrow('two')
    expect(seen).toEqual([1])
  })
})
