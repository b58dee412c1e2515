import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Turnstile } from '../../../harness/live/turnstile.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('turnstile', () => {
  it('lets no more in than there are places, and all in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.nat({ max: 3 }), { maxLength: 12 }),
        async (places, lengths) => {
          const turnstile = new Turnstile(places)
          let inside = 0
          let most = 0
          await Promise.all(
            lengths.map((length) =>
              turnstile.run(async () => {
                inside += 1
                most = Math.max(most, inside)
                for (let at = 0; at < length; at++) await turn()
                inside -= 1
              }),
            ),
          )
          expect(inside).toBe(0)
          expect(most).toBeLessThanOrEqual(places)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('runs what wants to be alone with nothing else running, also when several want it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { maxLength: 10 }),
        async (places, wishes) => {
          const turnstile = new Turnstile(places)
          let busy = 0
          let alone = 0
          const clashes: string[] = []
          const check = (): void => {
            if (alone > 1 || (alone === 1 && busy > 0)) clashes.push(`${alone} alone, ${busy} busy`)
          }
          await Promise.all(
            wishes.map((wish) =>
              turnstile.run(async () => {
                busy += 1
                check()
                await turn()
                busy -= 1
                if (wish)
                  await turnstile.alone(async () => {
                    alone += 1
                    check()
                    await turn()
                    check()
                    alone -= 1
                  })
                busy += 1
                check()
                await turn()
                busy -= 1
              }),
            ),
          )
          expect(clashes).toEqual([])
        },
      ),
      { numRuns: 50 },
    )
  })

  it('goes on after a body that throws', async () => {
    const turnstile = new Turnstile(1)
    await expect(turnstile.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(
      turnstile.run(() => turnstile.alone(() => Promise.reject(new Error('nor')))),
    ).rejects.toThrow('nor')
    await expect(turnstile.run(() => Promise.resolve('yes'))).resolves.toBe('yes')
  })
})
