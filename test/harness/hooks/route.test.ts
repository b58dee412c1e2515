import { describe, expect, test } from 'vitest'
import { runWorker } from './run-worker.ts'

describe('asynchronous calls', () => {
  test('come back as they do without hooks, in every lane and order', async () => {
    const bare = await runWorker('asynchronous.mjs', { bare: true })
    const expected = JSON.parse(bare.stdout) as Record<string, unknown>
    expect(expected).toMatchObject({
      order: ['first', 'callback', 'promise'],
      contexts: [
        [1, 1],
        [2, 2],
      ],
      stats: [1, 3],
      uncaught: 'thrown in a callback',
      alive: true,
    })
    for (const [lane, order] of [
      ['plain', 'serial'],
      ['plain', 'native'],
      ['counted', 'serial'],
      ['recording', 'serial'],
      ['recording', 'native'],
    ] as const) {
      const run = await runWorker('asynchronous.mjs', { lane, order })
      expect([lane, order, run.stderr, JSON.parse(run.stdout)]).toEqual([lane, order, '', expected])
    }
  })
})
