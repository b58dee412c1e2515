import { describe, expect, it } from 'vitest'
import { spawn, type Child, type Driver } from '../../src/children.ts'
import {
  BudgetExceededError,
  CancelledError,
  ClosedError,
  DriverDivergedError,
  InvalidArgumentError,
  NotJsonError,
  RecordTooLargeError,
  StepFailedError,
} from '../../src/errors.ts'
import { step } from '../../src/steps.ts'
import { sleep } from '../../src/waits.ts'
import { Bench, driver, HandBody, rest, type Code } from './runtime/bench-run.ts'

const hang = (): Promise<never> => new Promise(() => {})

describe('a child', () => {
  it('C1: is committed when it finishes, by one record, and never runs again', async () => {
    const bench = new Bench()
    let ran = 0
    const code: Code = async (scope) => {
      const child = driver(async (inner) => {
        ran += 1
        return step(inner, 'x', () => 'output')
      })
      return (await spawn(scope, 'c', child, { n: 1 }).result) ?? null
    }
    await bench.dieAt(rest(), async (scope) => {
      await code(scope)
      await hang()
    })
    expect(bench.written.map(({ type }) => type)).toEqual(['spawn', 'settle', 'settle'])
    expect(bench.written[2]).toMatchObject({
      key: 'c',
      kind: 'child',
      status: 'done',
      value: 'output',
    })
    expect(await bench.live(code)).toBe('output')
    expect(ran).toBe(1)
  })

  it('C2: one that was not committed runs again and finds what it settled', async () => {
    const bench = new Bench()
    const performed: string[] = []
    const code =
      (stuck: boolean): Code =>
      async (scope) => {
        const grandchild = driver(async (inner) => {
          await step(inner, 'deep', () => void performed.push('deep'))
          if (stuck) await step(inner, 'stuck', hang)
          return 'g'
        })
        const child = driver(async (inner) => {
          await step(inner, 'x', () => void performed.push('x'))
          return spawn(inner, 'g', grandchild, null).result
        })
        return (await spawn(scope, 'c', child, null).result) ?? null
      }
    await bench.dieAt(rest(), code(true))
    expect(await bench.live(code(false))).toBe('g')
    expect(performed).toEqual(['x', 'deep'])
    expect(bench.written.filter(({ type }) => type === 'spawn')).toHaveLength(2)
  })

  it('C2: one that died before it recorded anything of its own', async () => {
    const bench = new Bench()
    const code =
      (stuck: boolean): Code =>
      async (scope) =>
        (await spawn(
          scope,
          'c',
          driver(async () => (stuck ? hang() : 5)),
          null,
        ).result) ?? null
    await bench.dieAt(rest(), code(true))
    expect(bench.written.map(({ type }) => type)).toEqual(['spawn'])
    expect(await bench.live(code(false))).toBe(5)
  })

  it.each([
    ['throws', async () => Promise.reject(new TypeError('bad')), StepFailedError],
    ['gives what is not JSON', async () => new Date(0) as unknown as string, NotJsonError],
    ['gives too much', async () => 'x'.repeat(3000), RecordTooLargeError],
  ] as const)('one that %s has failed, the same in every life', async (_, run, type) => {
    const bench = new Bench()
    bench.store.bytesMax = 2000
    let ran = 0
    const code: Code = async (scope) => {
      const child = driver(async () => {
        ran += 1
        return run()
      })
      try {
        return (await spawn(scope, 'c', child, null).result) ?? null
      } catch (error) {
        expect(error).toBeInstanceOf(type)
        return 'caught'
      }
    }
    await bench.dieAt(rest(), async (scope) => {
      await code(scope)
      await hang()
    })
    expect(await bench.live(code)).toBe('caught')
    expect(ran).toBe(1)
  })

  it('C3: children reach their parent in journal order, in every life', async () => {
    const bench = new Bench()
    const code =
      (order: string[], bodies: Record<string, HandBody>): Code =>
      async (scope) => {
        const children = ['a', 'b', 'c'].map((name) => {
          const body = bodies[name]
          const child = spawn(
            scope,
            name,
            driver((inner) => step(inner, 'x', body === undefined ? () => 1 : body.run)),
            null,
          )
          return child.result.then(() => order.push(name))
        })
        await Promise.all(children)
      }
    const bodies = { a: new HandBody(), b: new HandBody(), c: new HandBody() }
    const first: string[] = []
    await bench.dieAt(rest(), async (scope) => {
      await code(first, bodies)(scope)
      await hang()
    })
    for (const name of ['b', 'c', 'a'] as const) {
      bodies[name].end()
      await rest()
    }
    const second: string[] = []
    await bench.live(code(second, {}))
    expect([first, second]).toEqual([
      ['b', 'c', 'a'],
      ['b', 'c', 'a'],
    ])
  })

  it('arguments, driver and budget belong to it: others are DriverDivergedError', async () => {
    const bench = new Bench()
    const child = (stuck: boolean): Driver => driver(async () => (stuck ? hang() : 1), 'one')
    await bench.dieAt(
      rest(),
      async (scope) =>
        (await spawn(scope, 'c', child(true), 1, { budget: { money: 5 } }).result) ?? null,
    )
    const resumes: readonly Code[] = [
      async (scope) => spawn(scope, 'c', child(false), 2, { budget: { money: 5 } }).result,
      async (scope) =>
        spawn(scope, 'c', { ...child(false), name: 'two' }, 1, { budget: { money: 5 } }).result,
      async (scope) => spawn(scope, 'c', child(false), 1, { budget: { money: 6 } }).result,
      async (scope) => spawn(scope, 'c', child(false), 1).result,
      async (scope) => spawn(scope, 'd', child(false), 1).result,
      async () => 1,
    ]
    for (const resume of resumes)
      await expect(bench.live(resume)).rejects.toThrow(DriverDivergedError)
    expect(bench.written).toHaveLength(1)
    expect(
      await bench.live(
        async (scope) => spawn(scope, 'c', child(false), 1, { budget: { money: 5 } }).result,
      ),
    ).toBe(1)
  })

  it.each([
    ['a driver without a name', { run: async () => 1 } as unknown as Driver],
    ['a driver that is no driver', 'research' as unknown as Driver],
  ])('%s is refused at the call', async (_, bad) => {
    await new Bench().live(async (scope) => {
      expect(() => spawn(scope, 'c', bad, null)).toThrow(InvalidArgumentError)
    })
  })

  it('a task that is not JSON, and a budget that is none, are refused at the call', async () => {
    await new Bench().live(async (scope) => {
      expect(() =>
        spawn(
          scope,
          'c',
          driver(async () => 1),
          Number.NaN,
        ),
      ).toThrow(NotJsonError)
      expect(() =>
        spawn(
          scope,
          'c',
          driver(async () => 1),
          1,
          { budget: { money: -1 } },
        ),
      ).toThrow(InvalidArgumentError)
    })
  })

  it('one that is left when its parent returns is aborted, and records nothing more', async () => {
    const bench = new Bench()
    const body = new HandBody()
    let signal: AbortSignal | undefined
    let told: unknown
    await bench.live(async (scope) => {
      void spawn(
        scope,
        'c',
        driver(async (inner) => {
          signal = inner.signal
          try {
            await step(inner, 'x', body.run)
          } catch (error) {
            told = error
            throw error
          }
        }),
        null,
      )
      await step(scope, 'y', () => 1)
    })
    body.end()
    await rest()
    expect(signal?.aborted).toBe(true)
    expect(told).toBeInstanceOf(ClosedError)
    expect(bench.written.map(({ type }) => type)).toEqual(['spawn', 'settle', 'end'])
  })
})

describe("a child's budget", () => {
  const spending = (money: number): Driver =>
    driver((inner) =>
      step(
        inner,
        'x',
        (call) => {
          call.spend({ money })
          return money
        },
        { reserve: { money } },
      ),
    )

  it('one that is not covered fails and never begins', async () => {
    const bench = new Bench()
    const code: Code = async (scope) => {
      await expect(
        spawn(scope, 'c', spending(1), null, { budget: { money: 11 } }).result,
      ).rejects.toThrow(BudgetExceededError)
      return (await spawn(scope, 'd', spending(5), null, { budget: { money: 10 } }).result) ?? null
    }
    expect(await bench.live(code, { budget: { money: 10 } })).toBe(5)
    expect(bench.written.filter(({ type }) => type === 'spawn')).toHaveLength(1)
  })

  it('what it did not spend is free again for its sibling', async () => {
    const code: Code = async (scope) => [
      (await spawn(scope, 'c', spending(4), null, { budget: { money: 8 } }).result) ?? null,
      (await spawn(scope, 'd', spending(6), null, { budget: { money: 6 } }).result) ?? null,
    ]
    expect(await new Bench().live(code, { budget: { money: 10 } })).toEqual([4, 6])
  })

  it('what its own pool does not limit is limited by the run', async () => {
    const code: Code = async (scope) =>
      (await spawn(scope, 'c', spending(11), null, { budget: { tokens: 100 } }).result) ?? null
    await expect(new Bench().live(code, { budget: { money: 10 } })).rejects.toThrow(
      BudgetExceededError,
    )
  })
})

describe('cancel', () => {
  /** A parent that spawns a child, and cancels it when the step `go` is done. */
  const parent =
    (body: HandBody, told: unknown[] = [], child?: (c: Child) => void): Code =>
    async (scope) => {
      const victim = spawn(
        scope,
        'c',
        driver(async (inner) => {
          try {
            await step(inner, 'x', body.run)
            return 'finished'
          } catch (error) {
            told.push(error)
            await step(inner, 'y', () => 1).catch((second: unknown) => told.push(second))
            return 'swallowed'
          }
        }),
        null,
      )
      child?.(victim)
      await step(scope, 'go', () => 1)
      await victim.cancel('enough')
      return victim.result.then(
        (value) => ({ value: value ?? null }),
        (error: Error) => ({ error: error.name, message: error.message }),
      )
    }

  it('ends the child and what it has under way, durably, and is told to both', async () => {
    const bench = new Bench()
    const told: unknown[] = []
    const outcome = await bench.live(parent(new HandBody(), told))
    expect(outcome).toEqual({ error: 'CancelledError', message: 'child c was cancelled: enough' })
    expect(told).toEqual([expect.any(CancelledError), expect.any(CancelledError)])
    expect(
      bench.written.filter((record) => 'status' in record && record.status === 'cancelled'),
    ).toHaveLength(1)
  })

  it('C4: what its body comes to later is recorded by nobody', async () => {
    const bench = new Bench()
    const body = new HandBody()
    await bench.live(parent(body))
    body.end()
    await rest()
    expect(bench.written.some((record) => 'key' in record && record.key.startsWith('c/'))).toBe(
      false,
    )
  })

  it('is replayed: the child never runs again, and nothing more is written', async () => {
    const bench = new Bench()
    const body = new HandBody()
    let first: unknown
    await bench.dieAt(rest(), async (scope) => {
      first = await parent(body)(scope)
      await hang()
    })
    const length = bench.written.length
    expect(await bench.live(parent(body))).toEqual(first)
    expect(body.begun).toBe(1)
    expect(bench.written.length).toBe(length + 1)
  })

  it('too late where the child settled: it stays as it was, and there is one record', async () => {
    const bench = new Bench()
    const code: Code = async (scope) => {
      const child = spawn(
        scope,
        'c',
        driver(async () => 'output'),
        null,
      )
      await child.result
      await child.cancel('too late')
      await child.cancel('again')
      return (await child.result) ?? null
    }
    expect(await bench.live(code)).toBe('output')
    expect(bench.written.filter((record) => record.type === 'settle')).toHaveLength(1)
  })

  it('at once after the spawn: the child never begins', async () => {
    const bench = new Bench()
    let ran = 0
    const code: Code = async (scope) => {
      const child = spawn(
        scope,
        'c',
        driver(async () => ++ran),
        null,
      )
      await child.cancel('changed my mind')
      return child.result.catch((error: Error) => error.name)
    }
    expect(await bench.live(code)).toBe('CancelledError')
    expect(ran).toBe(0)
    expect(bench.written.map(({ type }) => type)).toEqual(['settle', 'end'])
  })

  it('R1: nobody is told before the record is durable', async () => {
    const bench = new Bench()
    const told: unknown[] = []
    let letWrite = (): void => {}
    const gate = {
      write: (bodies: readonly unknown[]) =>
        JSON.stringify(bodies).includes('"cancelled"')
          ? new Promise<void>((resolve) => (letWrite = resolve))
          : Promise.resolve(),
      acknowledge: async () => {},
    }
    const life = bench.live(parent(new HandBody(), told), { gate })
    await rest()
    expect(told).toEqual([])
    letWrite()
    await life
    expect(told).toHaveLength(2)
  })

  it('covers grandchildren and timers', async () => {
    const bench = new Bench()
    const signals: AbortSignal[] = []
    const deep = driver(async (inner) => {
      signals.push(inner.signal)
      await sleep(inner, 'nap', 1000)
    })
    const life = bench.live(async (scope) => {
      const child = spawn(
        scope,
        'c',
        driver(async (inner) => spawn(inner, 'g', deep, null).result),
        null,
      )
      await step(scope, 'go', () => 1)
      await child.cancel('enough')
    })
    await life
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(bench.clock.waiting).toEqual([])
  })

  it('the child that fails for it has not been cancelled itself', async () => {
    const code: Code = async (scope) => {
      const middle = driver(async (inner) => {
        const leaf = spawn(
          inner,
          'leaf',
          driver(async () => 1),
          null,
        )
        await leaf.cancel('x')
        return leaf.result
      })
      return spawn(scope, 'c', middle, null).result.then(
        () => 'done',
        (error: Error) => error.name,
      )
    }
    expect(await new Bench().live(code)).toBe('StepFailedError')
  })

  it('from outside, by its key, through the inbox: consumed by the record that names it', async () => {
    const bench = new Bench()
    const told: unknown[] = []
    const life = bench.live(async (scope) => {
      const child = spawn(
        scope,
        'c',
        driver(async (inner) =>
          step(inner, 'x', hang).catch((error: unknown) => void told.push(error)),
        ),
        null,
      )
      return child.result.catch((error: Error) => error.message)
    })
    await rest()
    const id = bench.inbox.put({ kind: 'cancel', path: 'c', reason: 'from outside' })
    expect(await life).toBe('child c was cancelled: from outside')
    expect(bench.written.at(-2)).toMatchObject({ key: 'c', status: 'cancelled', message: id })
    expect(bench.inbox.messages).toEqual([])
  })

  it('from outside, before the child is spawned: it never begins', async () => {
    const bench = new Bench()
    bench.inbox.put({ kind: 'cancel', path: 'c', reason: 'early' })
    let ran = 0
    const code: Code = async (scope) => {
      await step(scope, 'first', () => 1)
      return spawn(
        scope,
        'c',
        driver(async () => ++ran),
        null,
      ).result.catch((error: Error) => error.message)
    }
    expect(await bench.live(code)).toBe('child c was cancelled: early')
    expect(ran).toBe(0)
  })

  it('from outside, for a child that has ended: taken away, and nothing is written', async () => {
    const bench = new Bench()
    const body = new HandBody()
    const code: Code = async (scope) => {
      const value = await spawn(
        scope,
        'c',
        driver(async () => 'output'),
        null,
      ).result
      await step(scope, 'go', body.run)
      return value ?? null
    }
    const life = bench.live(code)
    await rest()
    bench.inbox.put({ kind: 'cancel', path: 'c', reason: 'late' })
    bench.inbox.put({ kind: 'cancel', path: 'c/deep/down', reason: 'late' })
    await rest()
    expect(bench.inbox.messages).toEqual([])
    body.end()
    expect(await life).toBe('output')
  })

  it('from outside, for a child that ended in an earlier life: taken away', async () => {
    const bench = new Bench()
    const code: Code = async (scope) => {
      await spawn(
        scope,
        'c',
        driver(async () => 1),
        null,
      ).result
      await step(scope, 'go', () => 1)
    }
    await bench.dieAt(rest(), async (scope) => {
      await spawn(
        scope,
        'c',
        driver(async () => 1),
        null,
      ).result
      await step(scope, 'go', hang)
    })
    bench.inbox.put({ kind: 'cancel', path: 'c', reason: 'late' })
    await bench.live(code)
    expect(bench.inbox.messages).toEqual([])
  })
})
