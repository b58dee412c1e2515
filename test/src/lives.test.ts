import { describe, expect, it } from 'vitest'
import { MaxLivesError } from '../../src/errors.ts'
import { idleLives, maxLivesDefault } from '../../src/lives.ts'
import { step } from '../../src/steps.ts'
import { sleep } from '../../src/waits.ts'
import { Bench, rest, type Code } from './runtime/bench-run.ts'

const hang = (): Promise<never> => new Promise(() => {})
const poison: Code = (scope) =>
  step(scope, 'poison', hang, { effect: 'keyed', reserve: { tokens: 1 } })

describe('maxLives', () => {
  it('counts lives that died since the last that committed something new; closed ones neither count nor end the count', () => {
    const lives = (['died', 'died', 'closed', 'died'] as const).map((ended, index) => ({
      epoch: index + 1,
      batches: 0,
      ended,
      owner: 'o',
    }))
    expect([0, 1, 2, 3, 4].map((progress) => idleLives(lives, progress))).toEqual([3, 2, 1, 1, 0])
  })

  it('a run that always dies in the same place ends, durably, and says so in every later life', async () => {
    const bench = new Bench()
    let lives = 0
    for (;;) {
      const context = await bench.open({ maxLives: 3 }).catch((error: unknown) => error)
      if (context instanceof MaxLivesError) break
      lives += 1
      void (context as Awaited<ReturnType<Bench['open']>>).drive(
        { name: 'driver', run: poison },
        null,
      )
      await rest()
    }
    // The first life began the run, and that was new.
    expect(lives).toBe(4)
    expect(bench.written.at(-1)).toMatchObject({
      type: 'end',
      status: 'failed',
      error: { code: 'MAX_LIVES' },
    })
    await expect(bench.live(poison)).rejects.toThrow(MaxLivesError)
    await expect(bench.live(poison, { maxLives: 1000 })).rejects.toThrow(
      /its last 3 lives died and committed nothing new/,
    )
  })

  it('intents and spawns are nothing new, a result is', async () => {
    const bench = new Bench()
    let attempts = 0
    const code: Code = async (scope) => {
      for (let count = 0; count < 6; count++)
        await step(scope, `s${count}`, () => (attempts++ % 3 === 2 ? count : hang()), {
          effect: 'keyed',
          reserve: { tokens: 1 },
        })
    }
    for (let life = 0; life < 17; life++) await bench.dieAt(rest(), code, { maxLives: 3 })
    await bench.live(code, { maxLives: 3 })
    expect(attempts).toBe(18)
  })

  it('lives that ended in order are no sign of trouble', async () => {
    const bench = new Bench()
    for (let life = 0; life < 5; life++) {
      const context = await bench.open({ maxLives: 1 })
      context
        .drive({ name: 'driver', run: (scope) => sleep(scope, 'long', 1e9) }, null)
        .catch(() => {})
      await rest()
      context.stop('deploy')
      await rest()
      await context.close()
    }
    await expect(bench.open({ maxLives: 1 })).resolves.toBeDefined()
  })

  it('ten by default', async () => {
    const bench = new Bench()
    for (let life = 0; life <= maxLivesDefault; life++) await bench.dieAt(rest(), poison)
    await expect(bench.open()).rejects.toThrow(MaxLivesError)
  })
})
