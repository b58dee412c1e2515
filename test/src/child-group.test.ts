import { describe, expect, it } from 'vitest'
import { ChildGroup } from '../../src/child-group.ts'
import { CancelledError, StoppedError } from '../../src/errors.ts'
import { step } from '../../src/steps.ts'
import { Bench, driver, HandBody, rest, type Code } from './runtime/bench-run.ts'

const hang = (): Promise<never> => new Promise(() => {})

describe('a group of children', () => {
  it('next gives them as they settle, in journal order, in every life; then undefined', async () => {
    const bench = new Bench()
    const bodies = { a: new HandBody(), b: new HandBody() }
    const code =
      (order: string[]): Code =>
      async (scope) => {
        const group = new ChildGroup(scope)
        for (const name of ['a', 'b'] as const)
          group.spawn(
            name,
            driver((inner) => step(inner, 'x', bodies[name].run)),
            null,
          )
        for (let settled = await group.next(); settled !== undefined; settled = await group.next())
          order.push(`${settled.name} ${settled.status}`)
        return (await group.next()) === undefined
      }
    const first: string[] = []
    await bench.dieAt(rest(), async (scope) => {
      await code(first)(scope)
      await new Promise(() => {})
    })
    bodies.b.end()
    await rest()
    bodies.a.end()
    await rest()
    const second: string[] = []
    expect(await bench.live(code(second))).toBe(true)
    expect([first, second]).toEqual([
      ['b done', 'a done'],
      ['b done', 'a done'],
    ])
  })

  it('tells how each ended', async () => {
    const told: unknown[] = []
    await new Bench().live(async (scope) => {
      const group = new ChildGroup(scope)
      group.spawn(
        'good',
        driver(async () => 5),
        null,
      )
      group.spawn(
        'bad',
        driver(() => Promise.reject(new TypeError('x'))),
        null,
      )
      const victim = group.spawn(
        'victim',
        driver(() => new Promise(() => {})),
        null,
      )
      await victim.cancel('enough')
      for (let settled = await group.next(); settled !== undefined; settled = await group.next())
        told.push(settled)
    })
    expect(told).toHaveLength(3)
    expect(told).toContainEqual({ name: 'good', status: 'done', value: 5 })
    expect(told).toContainEqual({
      name: 'bad',
      status: 'failed',
      error: expect.objectContaining({ code: 'STEP_FAILED' }) as Error,
    })
    expect(told).toContainEqual({
      name: 'victim',
      status: 'cancelled',
      error: expect.any(CancelledError) as Error,
    })
  })

  it('several may wait at once: each gets another child, and who waits for one too many gets undefined', async () => {
    const came = await new Bench().live(async (scope) => {
      const group = new ChildGroup(scope)
      for (const name of ['a', 'b'])
        group.spawn(
          name,
          driver(async () => name),
          null,
        )
      const all = await Promise.all([group.next(), group.next(), group.next()])
      return all.map((settled) => settled?.name ?? null)
    })
    expect(came).toEqual(['a', 'b', null])
  })

  it('what ends the parent is no end of a child', async () => {
    const bench = new Bench()
    const seen: unknown[] = []
    const context = await bench.open()
    const life = context.drive(
      driver(async (scope) => {
        const group = new ChildGroup(scope)
        group.spawn(
          'c',
          driver(() => new Promise(() => {})),
          null,
        )
        await group.next().catch((error: unknown) => seen.push(error))
        await group.next().catch((error: unknown) => seen.push(error))
      }),
      null,
    )
    await rest()
    context.stop('test')
    await expect(life).rejects.toThrow(StoppedError)
    await rest()
    expect(seen).toEqual([expect.any(StoppedError), expect.any(StoppedError)])
    expect(bench.written.map(({ type }) => type)).toEqual(['spawn'])
  })

  it('of an empty group next is undefined at once', async () => {
    expect(
      await new Bench().live(async (scope) => (await new ChildGroup(scope).next()) === undefined),
    ).toBe(true)
  })
})

describe('what nobody awaits yet', () => {
  it('next, and the cancel of a child, end no process when the run is cancelled', async () => {
    const bench = new Bench()
    const life = bench.live(async (scope) => {
      const group = new ChildGroup(scope)
      const child = group.spawn('c', driver(hang), null)
      const held = [group.next(), child.cancel(7 as unknown as string)]
      await step(scope, 'other', hang)
      await Promise.all(held)
    })
    await rest()
    bench.inbox.put({ kind: 'cancel', path: '', reason: 'enough' })
    await expect(life).rejects.toThrow('enough')
    await rest()
  })
})
