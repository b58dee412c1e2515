import { describe, expect, it } from 'vitest'
import { InvalidArgumentError } from '../../src/errors.ts'
import { loop } from '../../src/loop.ts'
import { spawn } from '../../src/children.ts'
import { step } from '../../src/steps.ts'
import { sleep } from '../../src/waits.ts'
import { Bench, driver } from './runtime/bench-run.ts'

const misuse = (message: RegExp) =>
  expect.objectContaining({
    name: 'InvalidArgumentError',
    message: expect.stringMatching(message) as string,
  })

describe('who is calling', () => {
  it('a durable call inside the body of a step is refused in the first life, also after an await', async () => {
    const caught: unknown[] = []
    await new Bench().live(async (scope) => {
      await step(scope, 'outer', async () => {
        await Promise.resolve()
        await step(scope, 'inner', () => 1).catch((error: unknown) => caught.push(error))
      })
    })
    expect(caught).toEqual([
      misuse(/"inner" was asked for inside the body of a step of the root driver/),
    ])
  })

  it('a durable call inside scope.working is refused: it would never be seen to wait', async () => {
    const caught: unknown[] = []
    await new Bench().live(async (scope) => {
      await scope.working(async () => {
        await sleep(scope, 'nap', 5).catch((error: unknown) => caught.push(error))
      })
    })
    expect(caught).toEqual([misuse(/inside scope.working/)])
  })

  it("a parent's scope used in the code of its child, and of its loop, is refused", async () => {
    const caught: unknown[] = []
    const note = (error: unknown): void => void caught.push(error)
    await new Bench().live(async (scope) => {
      const child = driver(async () => {
        await step(scope, 'stolen', () => 1).catch(note)
      })
      await spawn(scope, 'c', child, null).result
      await loop(scope, 'l', {
        initial: 0,
        iterate: async () => {
          await step(scope, 'stolen', () => 1).catch(note)
          return { state: 1, done: true }
        },
      })
    })
    expect(caught).toEqual([
      misuse(/"stolen" was asked for in the root driver by the code of c$/m),
      misuse(/"stolen" was asked for in the root driver by the code of l\/0$/m),
    ])
  })

  it('another run inside a step is its own affair', async () => {
    const inner = new Bench()
    const came = await new Bench().live((scope) =>
      step(
        scope,
        'outer',
        async () => (await inner.live((own) => step(own, 'x', () => 5))) ?? null,
      ),
    )
    expect(came).toBe(5)
  })

  it('code that no driver runs may use a scope that it was given', async () => {
    const context = await new Bench().open()
    expect(await step(context.scope, 'x', () => 1)).toBe(1)
    await context.close()
    expect(() => context.scope.claim('x')).not.toThrow(InvalidArgumentError)
  })
})
