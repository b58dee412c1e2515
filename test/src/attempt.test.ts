import { describe, expect, it } from 'vitest'
import { intentOf, performUnit } from '../../src/attempt.ts'
import { StoppedError } from '../../src/errors.ts'
import { step } from '../../src/steps.ts'
import type { Unit } from '../../src/unit.ts'
import { Bench, driver, HandBody, rest, type Code } from './runtime/bench-run.ts'
import { openGate } from './runtime/scripted-journal.ts'

const hang = (): Promise<never> => new Promise(() => {})
const unitOf = (more: Partial<Unit> = {}): Unit => ({
  kind: 'tool',
  base: 'u',
  attempt: 1,
  options: {},
  body: () => 1,
  ...more,
})

describe('an attempt', () => {
  it.each([
    ['between the look and the body is seen, without a turn in between', false],
    // What comes first is acted on first: the cancel is read some turns before it is acted on.
    ['while another look is just reading it is seen before the body', true],
  ])('A2: a cancel that comes %s', async (_, isBehindSignal) => {
    const bench = new Bench()
    const { pending } = bench.inbox
    if (isBehindSignal) bench.inbox.put({ kind: 'signal', name: 'other', payload: null })
    let late = true
    Object.assign(bench.inbox, {
      pending: async () => {
        const seen = await pending()
        // What is published while the look is on its way back, as often as this is about a step.
        if (late && bench.store.stored.length === 2) {
          late = false
          bench.inbox.put({ kind: 'cancel', path: '', reason: 'just in time' })
        }
        return seen
      },
    })
    let begun = 0
    await expect(bench.live((scope) => step(scope, 's', () => ++begun))).rejects.toThrow(
      'just in time',
    )
    expect(begun).toBe(0)
  })

  it('strands that begin side by side are no news to each other, whatever waits in the inbox', async () => {
    const bench = new Bench()
    for (const payload of [1, 2, 3]) bench.inbox.put({ kind: 'signal', name: 'other', payload })
    const { pending } = bench.inbox
    let looks = 0
    Object.assign(bench.inbox, {
      pending: () => {
        // Looks that follow each other without end leave no turn in which a test could give up.
        if (++looks > 100) throw new Error('it looks and looks')
        return pending()
      },
    })
    const names = ['a', 'b', 'c', 'd']
    const life = bench.live((scope) =>
      Promise.all(names.map((name) => step(scope, name, () => name))),
    )
    expect(await life).toEqual(names)
  })

  it('A2: a cancel that comes while the intent is written is seen before the body', async () => {
    const bench = new Bench()
    const gate = {
      ...openGate,
      acknowledge: async (bodies: readonly unknown[]) => {
        if (JSON.stringify(bodies).includes('"intent"'))
          bench.inbox.put({ kind: 'cancel', path: '', reason: 'meanwhile' })
      },
    }
    let begun = 0
    await expect(
      bench.live((scope) => step(scope, 's', () => ++begun, { effect: 'once' }), { gate }),
    ).rejects.toThrow('meanwhile')
    expect(begun).toBe(0)
  })

  it('A1: what earlier lives left in doubt is told before anything else is done', async () => {
    const bench = new Bench()
    const once = { effect: 'once' } as const
    await bench.dieAt(rest(), (scope) => performUnit(scope, unitOf({ options: once, body: hang })))
    const told: string[] = []
    const life = bench.live((scope) =>
      performUnit(
        scope,
        unitOf({
          options: once,
          onInDoubt: async ({ key }) => void told.push(`${key} ${bench.written.length}`),
        }),
      ),
    )
    await expect(life).rejects.toThrow('may have happened or not')
    expect(told).toEqual(['u 1'])
  })

  it('a call that is not covered any more stays charged for every life that began it', async () => {
    const bench = new Bench()
    const contract = { budget: { money: 10 } }
    const code =
      (body: () => unknown): Code =>
      (scope) =>
        step(scope, 's', body, { effect: 'keyed', reserve: { money: 4 } }).catch(
          (error: Error) => error.name,
        )
    for (let life = 0; life < 2; life++) await bench.dieAt(rest(), code(hang), contract)
    const context = await bench.open(contract)
    expect(await context.drive(driver(code(() => 1)), null)).toBe('BudgetExceededError')
    expect(context.run.budget.state('', 'money')).toEqual({
      limit: 10,
      free: 2,
      reserved: 0,
      committed: 8,
    })
  })

  it('a call of unknown outcome stays charged', async () => {
    const bench = new Bench()
    const contract = { budget: { money: 10 } }
    const code =
      (body: () => unknown): Code =>
      (scope) =>
        step(scope, 's', body, { effect: 'once', reserve: { money: 4 } }).catch(
          (error: Error) => error.name,
        )
    await bench.dieAt(rest(), code(hang), contract)
    const context = await bench.open(contract)
    await context.drive(driver(code(() => 1)), null)
    expect(context.run.budget.state('', 'money')).toMatchObject({ free: 6, committed: 4 })
  })

  it('two attempts at once do not reserve what is there once', async () => {
    const body = new HandBody()
    const life = new Bench().live(
      async (scope) => {
        const both = ['a', 'b'].map((name) =>
          step(scope, name, body.run, { reserve: { money: 6 } }).catch(
            (error: Error) => error.name,
          ),
        )
        return Promise.all(both)
      },
      { budget: { money: 10 } },
    )
    await rest()
    expect(body.begun).toBe(1)
    body.end()
    expect(await life).toEqual(['done', 'BudgetExceededError'])
  })

  it('what must follow a result is committed in one batch with it', async () => {
    const bench = new Bench()
    const follow = unitOf({ base: 'f', options: { effect: 'once' } })
    const intent = intentOf(follow, 'f', 'h')
    const batches: number[] = []
    const gate = {
      ...openGate,
      write: async (bodies: readonly unknown[]) => void batches.push(bodies.length),
    }
    await bench.live(
      async (scope) => {
        await step(scope, 's', () => 1, {
          also: (value) => (value === 1 && intent !== undefined ? [intent] : []),
        })
      },
      { gate },
    )
    expect(batches).toEqual([1, 1, 2, 1])
    expect(bench.written.map(({ type }) => type)).toEqual(['settle', 'intent', 'end'])
  })

  it('where what must follow cannot be told, the step has failed', async () => {
    const bench = new Bench()
    const life = bench.live((scope) =>
      step(scope, 's', () => 1, {
        also: () => {
          throw new TypeError('no plan')
        },
      }),
    )
    await expect(life).rejects.toThrow('step s failed: TypeError: no plan')
  })

  it('a unit whose intent was committed with another record is under way: a stop lets it end', async () => {
    const bench = new Bench()
    const context = await bench.open()
    let begun = 0
    const follow = unitOf({
      base: 'f',
      options: { effect: 'once' },
      hasIntent: true,
      body: () => ++begun,
    })
    const life = context.drive(
      driver(async (scope) => {
        await step(scope, 's', () => 1, { also: () => [intentOf(follow, 'f', 'h') ?? []].flat() })
        context.stop('SIGTERM')
        await performUnit(scope, follow)
        await step(scope, 't', () => ++begun)
      }),
      null,
    )
    await expect(life).rejects.toThrow(StoppedError)
    expect([
      begun,
      bench.written.map((record) => ('status' in record ? record.status : record.type)),
    ]).toEqual([1, ['done', 'intent', 'done']])
  })
})
