import { describe, expect, it } from 'vitest'
import {
  BudgetExceededError,
  DriverDivergedError,
  OutcomeUnknownError,
  RecordTooLargeError,
} from '../../src/errors.ts'
import { loop, type Iteration } from '../../src/loop.ts'
import type { Scope } from '../../src/scope.ts'
import { step } from '../../src/steps.ts'
import { Bench, HandBody, rest, type Code } from './runtime/bench-run.ts'

/** Counts to `last`, and writes down every iteration that begins. */
function counting(
  last: number,
  begun: string[],
  inside: (scope: Scope, index: number) => Promise<unknown> = async () => null,
): Code {
  return (scope) =>
    loop(scope, 'count', {
      initial: 0,
      iterate: async (state, inner, index) => {
        begun.push(`${index} of ${state}`)
        await inside(inner, index)
        return { state: state + 1, done: index === last }
      },
    })
}

describe('a loop', () => {
  it('commits every iteration by one record with the whole state after it', async () => {
    const bench = new Bench()
    expect(await bench.live(counting(2, []))).toBe(3)
    expect(
      bench.written.map((record) =>
        record.type === 'iterate' ? [record.index, record.state, record.done] : record.type,
      ),
    ).toEqual([[0, 1, false], [1, 2, false], [2, 3, true], 'end'])
  })

  it('I1 I2: a restart continues after the last committed iteration with its state', async () => {
    const bench = new Bench()
    const begun: string[] = []
    const body = new HandBody()
    await bench.dieAt(
      rest(),
      counting(3, begun, (inner, index) =>
        index === 2 ? step(inner, 'hang', body.run) : Promise.resolve(),
      ),
    )
    expect(await bench.live(counting(3, begun))).toBe(4)
    expect(begun).toEqual(['0 of 0', '1 of 1', '2 of 2', '2 of 2', '3 of 3'])
  })

  it('I3: what finished inside the iteration that died is kept', async () => {
    const bench = new Bench()
    const performed: string[] = []
    const code = (hang: boolean): Code =>
      counting(1, [], async (inner, index) => {
        await step(inner, 'a', () => void performed.push(`a${index}`))
        if (hang) await step(inner, 'b', () => new Promise<string>(() => {}))
        else await step(inner, 'b', () => void performed.push(`b${index}`))
      })
    await bench.dieAt(rest(), code(true))
    await bench.live(code(false))
    expect(performed).toEqual(['a0', 'b0', 'a1', 'b1'])
  })

  it('a loop that is over gives its last state and iterates no more', async () => {
    const bench = new Bench()
    const begun: string[] = []
    await bench.dieAt(rest(), async (scope) => {
      await counting(1, begun)(scope)
      await new Promise(() => {})
    })
    expect(await bench.live(counting(1, begun))).toBe(2)
    expect(begun).toHaveLength(2)
  })

  it.each<readonly [string, () => Promise<Iteration<number>>]>([
    ['throws', () => Promise.reject(new TypeError('bad'))],
    ['gives nothing', async () => undefined as unknown as Iteration<number>],
    ['gives no state', async () => ({ done: true }) as unknown as Iteration<number>],
    ['gives a state that is not JSON', async () => ({ state: Number.NaN, done: true })],
  ])(
    'I4: an iteration that %s fails the loop, by a record that every life sees',
    async (_, iterate) => {
      const bench = new Bench()
      let begun = 0
      const code: Code = async (scope) => {
        try {
          await loop(scope, 'l', {
            initial: 0,
            iterate: () => {
              begun += 1
              return iterate()
            },
          })
          return 'no error'
        } catch (error) {
          return (error as Error).message.split('\n')[0] ?? ''
        }
      }
      await bench.dieAt(rest(), async (scope) => {
        await code(scope)
        await new Promise(() => {})
      })
      const settled = bench.written.at(-1)
      expect(settled).toMatchObject({ type: 'settle', kind: 'loop', status: 'failed' })
      expect(await bench.live(code)).toContain(
        settled?.type === 'settle' ? settled.error?.message.split('\n')[0] : '?',
      )
      expect(begun).toBe(1)
    },
  )

  it('an unknown outcome inside reaches the planner as what it is', async () => {
    const bench = new Bench()
    const code = (hang: boolean): Code =>
      counting(0, [], (inner) =>
        step(inner, 'pay', () => (hang ? new Promise<string>(() => {}) : 'paid'), {
          effect: 'once',
        }),
      )
    await bench.dieAt(rest(), code(true))
    await expect(bench.live(code(false))).rejects.toThrow(OutcomeUnknownError)
  })

  it('a state that is too large fails the loop, in the middle and at the end', async () => {
    for (const large of [0, 2]) {
      const bench = new Bench()
      bench.store.bytesMax = 1000
      const code: Code = (scope) =>
        loop(scope, 'l', {
          initial: '',
          iterate: async (_, __, index) => ({
            state: index === large ? 'x'.repeat(2000) : '',
            done: index === 2,
          }),
        })
      await expect(bench.live(code)).rejects.toThrow(RecordTooLargeError)
    }
  })

  it('charges one iteration each, and begins none that the budget does not cover', async () => {
    const bench = new Bench()
    const begun: string[] = []
    const contract = { budget: { iterations: 2 } }
    await expect(bench.live(counting(5, begun), contract)).rejects.toThrow(BudgetExceededError)
    expect(begun).toHaveLength(2)
    await expect(bench.live(counting(5, begun), contract)).rejects.toThrow(BudgetExceededError)
    expect(begun).toHaveLength(2)
  })

  it('two loops side by side share the budget and do not overdraw it', async () => {
    const begun: string[] = []
    const code: Code = async (scope) => {
      const both = ['a', 'b'].map((name) =>
        loop(scope, name, {
          initial: 0,
          iterate: async (state, inner, index) => {
            begun.push(name)
            await step(inner, 'x', () => 1)
            return { state: state + 1, done: index === 3 }
          },
        }),
      )
      return (await Promise.allSettled(both)).map(({ status }) => status)
    }
    await new Bench().live(code, { budget: { iterations: 3 } })
    expect(begun).toHaveLength(3)
  })

  it.each([
    [
      'another initial state',
      (scope: Scope) =>
        loop(scope, 'count', { initial: 7, iterate: async (state) => ({ state, done: true }) }),
    ],
    ['a step in its place', (scope: Scope) => step(scope, 'count', () => 1)],
    ['nothing in its place', async () => 1],
  ] as const)(
    '%s is DriverDivergedError, also where only the first iteration had begun',
    async (what, after) => {
      for (const index of [0, 1]) {
        const bench = new Bench()
        await bench.dieAt(
          rest(),
          counting(3, [], async (inner, at) => {
            await step(inner, 'a', () => 1)
            if (at === index) await step(inner, 'hang', () => new Promise<string>(() => {}))
          }),
        )
        // Of the first iteration no record holds the initial state.
        if (index === 0 && what === 'another initial state') continue
        await expect(bench.live(after as Code)).rejects.toThrow(DriverDivergedError)
      }
    },
  )

  it('iterations of their own scope: the same names in each, and in two loops', async () => {
    const keys: string[] = []
    await new Bench().live(async (scope) => {
      for (const name of ['l', 'm'])
        await loop(scope, name, {
          initial: 0,
          iterate: async (state, inner, index) => {
            await step(inner, 'x', ({ key }) => void keys.push(key))
            return { state, done: index === 1 }
          },
        })
    })
    expect(keys).toEqual(['l/0/x', 'l/1/x', 'm/0/x', 'm/1/x'])
  })

  it('memory follows one iteration, not all of them: a scope that is over is let go', async () => {
    const context = await new Bench().open()
    await loop(context.scope, 'l', {
      initial: 0,
      iterate: async (state, inner, index) => {
        await step(inner, 'x', () => 1)
        return { state, done: index === 200 }
      },
    })
    expect(
      (context.scope as unknown as { readonly inner: ReadonlyMap<string, unknown> }).inner.size,
    ).toBe(0)
    await context.close()
  })
})
