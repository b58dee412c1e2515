import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { DeadlineError, DriverDivergedError, RecordTooLargeError } from '../../src/errors.ts'
import type { Scope } from '../../src/scope.ts'
import { step, type StepCall, type StepOptions } from '../../src/steps.ts'
import { Bench, driver, HandBody, rest, type Code } from './runtime/bench-run.ts'

/** What a driver sees of a failing call. */
async function caught(work: Promise<unknown>): Promise<string> {
  try {
    return `value ${JSON.stringify(await work)}`
  } catch (error) {
    return (error as Error).constructor.name
  }
}

/** Runs the same code in two lives; the first dies after everything in it was recorded. */
async function twoLives(code: Code): Promise<{
  readonly first: unknown
  readonly second: unknown
  readonly bench: Bench
}> {
  const bench = new Bench()
  let first: unknown
  const context = await bench.open()
  void context.drive(
    {
      name: 'driver',
      run: async (scope) => {
        first = await code(scope)
        await new Promise(() => {})
      },
    },
    null,
  )
  await rest()
  const second = await bench.live(code)
  return { first, second, bench }
}

describe('a step', () => {
  it('is performed once, and gives every life its recorded result', async () => {
    let performed = 0
    const { first, second, bench } = await twoLives((scope) =>
      step(scope, 's', () => ({ performed: ++performed })),
    )
    expect([first, second]).toEqual([{ performed: 1 }, { performed: 1 }])
    expect(bench.written.map(({ type }) => type)).toEqual(['settle', 'end'])
  })

  it.each([undefined, null, 0, '', false, [], { a: [null] }])(
    'the result %j comes back as it was, in every life',
    async (value) => {
      const came: unknown[] = []
      await twoLives(async (scope) => void came.push(await step(scope, 's', () => value)))
      expect(came).toEqual([value, value])
    },
  )

  it('without an effect or a reservation it writes one record, no intent', async () => {
    const bench = new Bench()
    await bench.live((scope) => step(scope, 's', () => 1, { args: 5 }))
    expect(bench.written).toEqual([
      {
        type: 'settle',
        key: 's',
        args: expect.any(String) as string,
        kind: 'step',
        status: 'done',
        value: 1,
      },
      { type: 'end', status: 'done', value: 1 },
    ])
  })

  it.each([
    ['an error', new TypeError('bad'), 'step s failed: TypeError: bad'],
    ['a text', 'boom', "step s failed: Error: threw 'boom'"],
    ['nothing', undefined, 'step s failed: Error: threw undefined'],
    ['null', null, 'step s failed: Error: threw null'],
  ])('a body that throws %s fails the step, the same in every life', async (_, thrown, message) => {
    let performed = 0
    const code: Code = async (scope) => {
      try {
        return await step(scope, 's', () => {
          performed += 1
          throw thrown
        })
      } catch (error) {
        return [(error as Error).name, (error as Error).message]
      }
    }
    const { first, second } = await twoLives(code)
    expect([first, second]).toEqual([
      ['StepFailedError', message],
      ['StepFailedError', message],
    ])
    expect(performed).toBe(1)
  })

  it.each([
    ['a function', () => 1],
    ['NaN', Number.NaN],
    ['a date', new Date(0)],
    ['undefined in a member', { a: undefined }],
  ])('a body that returns %s fails the step with NotJsonError and the path', async (_, value) => {
    const code: Code = (scope) => caught(step(scope, 's', () => value))
    const { first, second, bench } = await twoLives(code)
    expect([first, second]).toEqual(['NotJsonError', 'NotJsonError'])
    expect(bench.written[0]).toMatchObject({
      status: 'failed',
      error: { code: 'NOT_JSON', message: expect.stringContaining('result of s') as string },
    })
  })

  it('a failure that is too large itself ends this life', async () => {
    const bench = new Bench()
    const context = await bench.open()
    bench.store.bytesMax = 60
    const life = context.drive(
      driver((scope) => step(scope, 'big', () => 'x'.repeat(100))),
      null,
    )
    await expect(life).rejects.toThrow(RecordTooLargeError)
  })

  it('a result that is too large fails the step, and the run goes on', async () => {
    const bench = new Bench()
    bench.store.bytesMax = 400
    const code: Code = async (scope) => [
      await caught(step(scope, 'big', () => 'x'.repeat(500))),
      await step(scope, 'next', () => 1),
    ]
    expect(await bench.live(code)).toEqual(['RecordTooLargeError', 1])
    expect(bench.written.map((record) => 'status' in record && record.status)).toEqual([
      'failed',
      'done',
      'done',
    ])
  })

  it('arguments that are not JSON are refused before anything is done', async () => {
    const bench = new Bench()
    const code: Code = (scope) => caught(step(scope, 's', () => 1, { args: Number.NaN }))
    expect(await bench.live(code)).toBe('NotJsonError')
    expect(bench.written).toHaveLength(1)
  })

  it.each([
    { attempts: 0 },
    { attempts: Number.NaN },
    { attempts: 1.5 },
    { delayMs: -1 },
    { timeoutMs: 0 },
    { timeoutMs: Number.POSITIVE_INFINITY },
    { effect: 'twice' as 'once' },
    { reserve: { tokens: -5 } },
    { reserve: { iterations: 1 } },
  ] satisfies readonly StepOptions[])('options %j are refused', async (options) => {
    const code: Code = (scope) => caught(step(scope, 's', () => 1, options))
    expect(await new Bench().live(code)).toBe('InvalidArgumentError')
  })

  it('an empty name is refused, and so are equal names that overlap', async () => {
    const body = new HandBody()
    const life = new Bench().live(async (scope) => {
      const first = step(scope, 's', body.run)
      const refused = [
        await caught(step(scope, '', () => 1)),
        await caught(step(scope, 's', () => 1)),
      ]
      return [...refused, await first]
    })
    await rest()
    body.end()
    expect(await life).toEqual(['InvalidArgumentError', 'InvalidArgumentError', 'done'])
  })

  it('equal names that follow each other are units of their own', async () => {
    const code: Code = async (scope) => [
      await step(scope, 's', () => 1),
      await step(scope, 's', () => 2),
    ]
    const { first, second, bench } = await twoLives(code)
    expect([first, second]).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(bench.written.map((record) => 'key' in record && record.key)).toEqual([
      's',
      's#2',
      false,
    ])
  })
})

describe('effects', () => {
  /** The first life dies in the body; the second tells what it sees. */
  async function dieInBody(options: StepOptions): Promise<{
    readonly came: unknown
    readonly calls: readonly StepCall[]
    readonly bench: Bench
  }> {
    const bench = new Bench()
    const calls: StepCall[] = []
    const code =
      (hang: boolean): Code =>
      (scope) =>
        caught(
          step(
            scope,
            's',
            (call) => {
              calls.push(call)
              return hang ? new Promise<string>(() => {}) : 'second'
            },
            options,
          ),
        )
    await bench.dieAt(rest(), code(true))
    return { came: await bench.live(code(false)), calls, bench }
  }

  it('none: performed again', async () => {
    const { came, calls } = await dieInBody({ effect: 'none' })
    expect([came, calls.length]).toEqual(['value "second"', 2])
  })

  it('keyed: performed again, under the same key', async () => {
    const { came, calls } = await dieInBody({ effect: 'keyed' })
    expect(came).toBe('value "second"')
    expect(calls.map(({ idempotencyKey, epoch }) => [idempotencyKey, epoch])).toEqual([
      ['run/s', 1],
      ['run/s', 2],
    ])
  })

  it('once: outcome unknown, never performed again, in any life', async () => {
    const { came, calls, bench } = await dieInBody({ effect: 'once' })
    expect([came, calls.length]).toEqual(['OutcomeUnknownError', 1])
    expect(
      bench.written.map((record) => ('status' in record ? record.status : record.type)),
    ).toEqual(['intent', 'unknown', 'done'])
  })

  it('once: the intent is durable before the body begins', async () => {
    const bench = new Bench()
    let durable: readonly string[] = []
    await bench.live((scope) =>
      step(
        scope,
        's',
        () => {
          durable = bench.written.map(({ type }) => type)
        },
        { effect: 'once' },
      ),
    )
    expect(durable).toEqual(['intent'])
  })

  it('what was promised when it began holds, whatever the code says now', async () => {
    const bench = new Bench()
    const code =
      (effect: 'once' | 'none', body: () => Promise<string> | string): Code =>
      (scope) =>
        caught(step(scope, 's', body, { effect, reserve: { tokens: 1 } }))
    await bench.dieAt(
      rest(),
      code('once', () => new Promise(() => {})),
    )
    expect(await bench.live(code('none', () => 'again'))).toBe('OutcomeUnknownError')
  })

  it('another key for every step and every run, the same for every attempt', async () => {
    const keys: string[] = []
    const body = (call: StepCall): number => {
      keys.push(call.idempotencyKey)
      if (call.attempt === 1) throw new Error('again')
      return 1
    }
    const code: Code = async (scope) => {
      await step(scope, 'a', body, { attempts: 2 })
      await step(scope, 'a', body, { attempts: 2 })
    }
    await new Bench().live(code)
    await new Bench().live(code, { runId: 'other' })
    expect(keys).toEqual([
      'run/a',
      'run/a',
      'run/a#2',
      'run/a#2',
      'other/a',
      'other/a',
      'other/a#2',
      'other/a#2',
    ])
  })
})

describe('attempts', () => {
  const failing =
    (times: number, attempts: number[]) =>
    (call: StepCall): string => {
      attempts.push(call.attempt)
      if (call.attempt <= times) throw new Error(`no ${call.attempt}`)
      return 'yes'
    }

  it('a step is tried as often as it says, then its last failure is its result', async () => {
    const attempts: number[] = []
    const code: Code = async (scope) => [
      await step(scope, 'a', failing(2, attempts), { attempts: 3 }),
      await caught(step(scope, 'b', failing(2, attempts), { attempts: 2 })),
    ]
    expect(await new Bench().live(code)).toEqual(['yes', 'StepFailedError'])
    expect(attempts).toEqual([1, 2, 3, 1, 2])
  })

  it('failures are remembered over lives', async () => {
    const bench = new Bench()
    const attempts: number[] = []
    const code =
      (hangAt: number): Code =>
      (scope) =>
        caught(
          step(
            scope,
            'a',
            (call) => {
              attempts.push(call.attempt)
              if (call.attempt === hangAt) return new Promise<string>(() => {})
              throw new Error('no')
            },
            { attempts: 3 },
          ),
        )
    await bench.dieAt(rest(), code(2))
    expect(await bench.live(code(0))).toBe('StepFailedError')
    expect(attempts).toEqual([1, 2, 2, 3])
  })

  it('retryIf decides, and is asked about recorded failures too', async () => {
    const attempts: number[] = []
    const code: Code = (scope) =>
      caught(
        step(scope, 'a', failing(9, attempts), {
          attempts: 5,
          retryIf: (error) => !error.message.includes('no 2'),
        }),
      )
    const { first, second } = await twoLives(code)
    expect([first, second, attempts]).toEqual(['StepFailedError', 'StepFailedError', [1, 2]])
  })

  it('a result that is not JSON is not tried again', async () => {
    const attempts: number[] = []
    const code: Code = (scope) =>
      caught(
        step(
          scope,
          'a',
          (call) => {
            attempts.push(call.attempt)
            return Number.NaN
          },
          { attempts: 5 },
        ),
      )
    expect([await new Bench().live(code), attempts]).toEqual(['NotJsonError', [1]])
  })

  it('the delay comes before the intent: what died in it did not begin', async () => {
    const bench = new Bench()
    const attempts: number[] = []
    const code: Code = (scope) =>
      caught(step(scope, 'a', failing(1, attempts), { attempts: 2, delayMs: 1000, effect: 'once' }))
    await bench.dieAt(rest(), code)
    expect(bench.clock.waiting).toEqual([1_001_000])
    expect(bench.written.map(({ type }) => type)).toEqual(['intent', 'settle'])
    const second = bench.live(code)
    await rest()
    await bench.clock.advance(1000)
    expect([await second, attempts]).toEqual(['value "yes"', [1, 2]])
  })
})

describe('a body that does not return', () => {
  it('fails with DEADLINE when its time is up, and is told by its signal', async () => {
    const bench = new Bench()
    let signal: AbortSignal | undefined
    const code: Code = (scope) =>
      caught(
        step(
          scope,
          's',
          (call) => {
            signal = call.signal
            return new Promise<string>(() => {})
          },
          { timeoutMs: 500 },
        ),
      )
    const life = bench.live(code)
    await rest()
    await bench.clock.advance(499)
    expect(signal?.aborted).toBe(false)
    await bench.clock.advance(1)
    expect(await life).toBe('DeadlineError')
    expect(signal?.reason).toBeInstanceOf(DeadlineError)
    expect(bench.written[0]).toMatchObject({ status: 'failed', error: { code: 'DEADLINE' } })
  })

  it('of a once effect: outcome unknown', async () => {
    const bench = new Bench()
    const life = bench.live((scope) =>
      caught(
        step(scope, 's', () => new Promise<string>(() => {}), {
          timeoutMs: 5,
          effect: 'once',
          attempts: 3,
        }),
      ),
    )
    await rest()
    await bench.clock.advance(5)
    expect(await life).toBe('OutcomeUnknownError')
  })

  it('what it comes to later is recorded by nobody, and surprises nobody', async () => {
    const bench = new Bench()
    let reject: (error: Error) => void = () => {}
    const life = bench.live(async (scope) => [
      await caught(
        step(scope, 's', () => new Promise<string>((_, fail) => (reject = fail)), { timeoutMs: 5 }),
      ),
      await step(scope, 't', () => 'next'),
    ])
    await rest()
    await bench.clock.advance(5)
    reject(new Error('late'))
    await rest()
    expect(await life).toEqual(['DeadlineError', 'next'])
    expect(bench.written.filter((record) => 'key' in record && record.key === 's')).toHaveLength(1)
  })

  it('a body that obeys its signal cannot turn its timeout into another failure', async () => {
    const bench = new Bench()
    const life = bench.live((scope) =>
      caught(
        step(
          scope,
          's',
          ({ signal }) =>
            new Promise<string>((resolve) =>
              signal.addEventListener('abort', () => resolve('in time after all')),
            ),
          { timeoutMs: 5 },
        ),
      ),
    )
    await rest()
    await bench.clock.advance(5)
    expect(await life).toBe('DeadlineError')
  })

  it('a timeout that was not needed leaves no timer', async () => {
    const bench = new Bench()
    await bench.live((scope) => step(scope, 's', () => 1, { timeoutMs: 5 }))
    expect(bench.clock.waiting).toEqual([])
  })

  it('leaves no listeners on the signal of its scope, however many steps there were', async () => {
    const bench = new Bench()
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    await bench.live(async (scope) => {
      for (let index = 0; index < 50; index++) await step(scope, 's', () => 1, { timeoutMs: 1000 })
      await Promise.all(Array.from({ length: 50 }, (_, index) => step(scope, `p${index}`, () => 1)))
      expect(getEventListeners(scope.signal, 'abort').length).toBeLessThanOrEqual(1)
    })
    await rest()
    process.off('warning', note)
    expect(warnings).toEqual([])
  })
})

describe('a budget', () => {
  const spend =
    (money: number) =>
    (call: StepCall): number => {
      call.spend({ money })
      return money
    }

  it('a step that it does not cover fails, and its body never begins', async () => {
    let begun = 0
    const code: Code = async (scope) => [
      await step(scope, 'a', spend(3), { reserve: { money: 4 } }),
      await caught(step(scope, 'b', () => ++begun, { reserve: { money: 8 } })),
      await step(scope, 'c', spend(1), { reserve: { money: 7 } }),
    ]
    const bench = new Bench()
    const contract = { budget: { money: 10 } }
    const first = await bench.live(code, contract)
    const second = await bench.live(code, contract)
    expect([first, second, begun]).toEqual([
      [3, 'BudgetExceededError', 1],
      [3, 'BudgetExceededError', 1],
      0,
    ])
  })

  it('what a body does not report is charged in full, also where it throws', async () => {
    const bench = new Bench()
    await bench.live(async (scope) => {
      await step(scope, 'a', () => 1, { reserve: { money: 4 } })
      await caught(
        step(scope, 'b', () => Promise.reject(new Error('x')), { reserve: { money: 2 } }),
      )
    })
    expect(bench.written.map((record) => ('spend' in record ? record.spend : record.type))).toEqual(
      ['intent', { money: 4 }, 'intent', { money: 2 }, 'end'],
    )
  })

  it('a spend that means nothing fails the step, charged in full', async () => {
    const bench = new Bench()
    const code: Code = (scope) =>
      caught(
        step(scope, 'a', (call) => call.spend({ money: Number.NaN }), { reserve: { money: 4 } }),
      )
    expect(await bench.live(code)).toBe('StepFailedError')
    expect(bench.written[1]).toMatchObject({ spend: { money: 4 } })
  })

  it('lives that die in a call charge it each time, until nothing is left', async () => {
    const bench = new Bench()
    const contract = { budget: { money: 10 } }
    let begun = 0
    const code: Code = (scope) =>
      caught(
        step(
          scope,
          'a',
          () => {
            begun += 1
            return new Promise<string>(() => {})
          },
          { reserve: { money: 4 }, effect: 'keyed' },
        ),
      )
    for (let life = 1; life <= 2; life++) await bench.dieAt(rest(), code, contract)
    expect(await bench.live(code, contract)).toBe('BudgetExceededError')
    expect(begun).toBe(2)
  })
})

describe('a driver that diverges', () => {
  async function resume(
    before: Code,
    after: Code,
  ): Promise<{ readonly error: unknown; readonly wrote: number }> {
    const bench = new Bench()
    await bench.dieAt(rest(), async (scope) => {
      await before(scope)
      await new Promise(() => {})
    })
    const written = bench.written.length
    const error = await bench.live(after).catch((thrown: unknown) => thrown)
    return { error, wrote: bench.written.length - written }
  }
  const steps =
    (...names: readonly string[]): Code =>
    async (scope: Scope) => {
      for (const name of names) await step(scope, name, () => name)
    }

  it.each<readonly [string, Code, Code]>([
    ['a missing step', steps('a', 'b', 'c'), steps('a', 'c')],
    ['an extra step', steps('a', 'c'), steps('a', 'b', 'c')],
    ['another order', steps('a', 'b'), steps('b', 'a')],
    ['a renamed step', steps('a', 'b'), steps('a', 'x')],
    ['a shorter driver', steps('a', 'b'), steps('a')],
    [
      'other arguments',
      (scope: Scope) => step(scope, 'a', () => 1, { args: 1 }),
      (scope: Scope) => step(scope, 'a', () => 1, { args: 2 }),
    ],
    ['a driver that throws before it asks', steps('a'), () => Promise.reject(new Error('early'))],
    [
      'a driver that swallows the error',
      steps('a', 'b'),
      async (scope: Scope) => {
        await steps('b')(scope).catch(() => {})
        return 'fine'
      },
    ],
  ])('%s is DriverDivergedError, and nothing more is recorded', async (_, before, after) => {
    const { error, wrote } = await resume(before, after)
    expect(error).toBeInstanceOf(DriverDivergedError)
    expect(wrote).toBe(0)
  })

  it('does nothing before it is found out', async () => {
    let performed = 0
    const { error } = await resume(steps('a', 'b'), async (scope) => {
      await step(scope, 'x', () => ++performed)
    })
    expect(error).toBeInstanceOf(DriverDivergedError)
    expect(performed).toBe(0)
  })

  it('a new step after everything recorded is no divergence', async () => {
    const { error } = await resume(steps('a'), steps('a', 'b'))
    expect(error).toBeUndefined()
  })

  it('a removed step that began and has no result is found out too', async () => {
    const bench = new Bench()
    await bench.dieAt(rest(), (scope) =>
      step(scope, 'a', () => new Promise<string>(() => {}), { effect: 'once' }),
    )
    let performed = 0
    await expect(bench.live(async (scope) => step(scope, 'b', () => ++performed))).rejects.toThrow(
      DriverDivergedError,
    )
    await expect(bench.live(async () => 'nothing')).rejects.toThrow(/ended without asking for a/)
    expect([performed, bench.written.length]).toEqual([0, 1])
  })
})
