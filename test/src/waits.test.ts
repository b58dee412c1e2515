import { describe, expect, it } from 'vitest'
import { spawn } from '../../src/children.ts'
import { InvalidArgumentError, RecordTooLargeError, StoppedError } from '../../src/errors.ts'
import type { JsonValue } from '../../src/json.ts'
import { loop } from '../../src/loop.ts'
import type { Scope } from '../../src/scope.ts'
import { step } from '../../src/steps.ts'
import { receive, sleep, sleepUntil } from '../../src/waits.ts'
import { Bench, driver, rest, type Code } from './runtime/bench-run.ts'
import { openGate } from './runtime/scripted-journal.ts'

const start = 1_000_000

describe('a timer', () => {
  it('W1: its due time is absolute and recorded when it is first armed', async () => {
    const bench = new Bench()
    await (await bench.dieAt(rest(), (scope) => sleep(scope, 'nap', 5000))).close()
    expect(bench.written).toEqual([
      expect.objectContaining({ type: 'intent', kind: 'timer', due: start + 5000 }),
    ])
    bench.clock.nowMs += 3000
    const life = bench.live((scope) => sleep(scope, 'nap', 5000))
    await rest()
    expect(bench.clock.waiting).toEqual([start + 5000])
    await bench.clock.advance(2000)
    expect(await life).toBe(start + 5000)
    expect(bench.written.filter(({ type }) => type === 'intent')).toHaveLength(1)
  })

  it('W2: an overdue one fires on resume, once, with the due time that was recorded', async () => {
    const bench = new Bench()
    await bench.dieAt(rest(), (scope) => sleep(scope, 'nap', 5000))
    bench.clock.nowMs += 1_000_000
    let fired = 0
    const code: Code = async (scope) => {
      const due = await sleep(scope, 'nap', 5000)
      fired += 1
      return due
    }
    await bench.dieAt(rest(), async (scope) => {
      await code(scope)
      await new Promise(() => {})
    })
    expect(await bench.live(code)).toBe(start + 5000)
    expect(fired).toBe(2)
    expect(bench.written.filter(({ type }) => type === 'settle')).toHaveLength(1)
  })

  it('a wait longer than a timer of the system can hold, and one for ever', async () => {
    const bench = new Bench()
    const life = bench.live(async (scope) => {
      void sleep(scope, 'for ever', Number.MAX_SAFE_INTEGER)
      return sleep(scope, 'long', 2 ** 40)
    })
    await rest()
    expect(bench.clock.waiting).toEqual([start + 2 ** 40, Number.MAX_SAFE_INTEGER])
    await bench.clock.advance(2 ** 40)
    expect(await life).toBe(start + 2 ** 40)
    expect(bench.clock.waiting).toEqual([])
  })

  it('sleepUntil takes the time itself, past ones too', async () => {
    const bench = new Bench()
    expect(await bench.live((scope) => sleepUntil(scope, 'past', 5))).toBe(5)
  })

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number])(
    'the time %s is refused',
    async (ms) => {
      await new Bench().live(async (scope) => {
        await expect(sleep(scope, 'a', ms)).rejects.toThrow(InvalidArgumentError)
        await expect(sleepUntil(scope, 'a', ms)).rejects.toThrow(InvalidArgumentError)
      })
    },
  )

  it('timers side by side, far more than ten, fire in order and warn of nothing', async () => {
    const bench = new Bench()
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    const order: number[] = []
    const life = bench.live(async (scope) => {
      const all = Array.from({ length: 40 }, (_, index) => sleep(scope, `t${index}`, 1000 - index))
      await Promise.all(all.map((each) => each.then((due) => order.push(due))))
    })
    await rest()
    for (let ms = 0; ms < 1000; ms += 10) await bench.clock.advance(10)
    await life
    process.off('warning', note)
    expect(order).toEqual([...order].sort((left, right) => left - right))
    expect(warnings).toEqual([])
  })
})

describe('a signal', () => {
  const payloads =
    (code: readonly string[]): Code =>
    async (scope) => {
      const all: JsonValue[] = []
      for (const name of code) all.push(await receive(scope, name, 'approve'))
      return all
    }

  it('W3: is consumed by one record that names it, and taken away', async () => {
    const bench = new Bench()
    const life = bench.live(payloads(['wait']))
    await rest()
    bench.inbox.put({ kind: 'signal', name: 'other', payload: 0 })
    const id = bench.inbox.put({ kind: 'signal', name: 'approve', payload: { yes: true } })
    expect(await life).toEqual([{ yes: true }])
    expect(bench.written[0]).toMatchObject({ kind: 'signal', value: { yes: true }, message: id })
    expect(bench.inbox.messages).toEqual([expect.objectContaining({ name: 'other' })])
  })

  it('W3: published before anybody waits, and in the order of publication', async () => {
    const bench = new Bench()
    for (const payload of [1, 2, 3]) bench.inbox.put({ kind: 'signal', name: 'approve', payload })
    expect(await bench.live(payloads(['a', 'b', 'c']))).toEqual([1, 2, 3])
  })

  it('W3: competing waits consume each signal once', async () => {
    const bench = new Bench()
    const life = bench.live(async (scope) =>
      Promise.all(['a', 'b', 'c'].map((name) => receive(scope, name, 'approve'))),
    )
    await rest()
    for (const payload of [1, 2, 3]) bench.inbox.put({ kind: 'signal', name: 'approve', payload })
    const came = await life
    expect(new Set(came as readonly number[])).toEqual(new Set([1, 2, 3]))
    const messages = bench.written.flatMap((record) => ('message' in record ? record.message : []))
    expect(new Set(messages).size).toBe(3)
  })

  it('W3: a life that died between the record and the removal does not consume it again', async () => {
    const bench = new Bench()
    bench.inbox.put({ kind: 'signal', name: 'approve', payload: 1 })
    const { remove } = bench.inbox
    Object.assign(bench.inbox, { remove: () => new Promise(() => {}) })
    await bench.dieAt(rest(), payloads(['a', 'b']))
    expect(bench.written).toHaveLength(1)
    expect(bench.inbox.messages).toHaveLength(1)
    Object.assign(bench.inbox, { remove })
    const life = bench.live(payloads(['a', 'b']))
    await rest()
    bench.inbox.put({ kind: 'signal', name: 'approve', payload: 2 })
    expect(await life).toEqual([1, 2])
  })

  const once = (iterate: Code) => (scope: Scope) =>
    loop(scope, 'l', {
      initial: null,
      iterate: async (_, inner) => ({ state: (await iterate(inner)) as null, done: true }),
    })
  const patience: Code = (scope) => sleep(scope, 'patience', 10)
  const lost: Code = (scope) => receive(scope, 'lost', 'approve')
  it.each([
    ['the scope itself', once((scope) => Promise.race([lost(scope), patience(scope)]))],
    ['a scope above', once((scope) => Promise.race([once(lost)(scope), patience(scope)]))],
  ] as const)(
    'W4: one that comes when %s is about to end is for the next wait',
    async (_, race) => {
      const bench = new Bench()
      const gate = {
        ...openGate,
        // The timer has taken its place in the order, and its driver was not handed it yet.
        acknowledge: async (bodies: readonly unknown[]) => {
          const text = JSON.stringify(bodies)
          if (!text.includes('"settle"') || !text.includes('"timer"')) return
          bench.inbox.put({ kind: 'signal', name: 'approve', payload: 'kept' })
          await rest()
        },
      }
      const life = bench.live(
        async (scope) => [await race(scope), await receive(scope, 'next', 'approve')],
        { gate },
      )
      await rest()
      await bench.clock.advance(10)
      expect(await life).toEqual([start + 10, 'kept'])
    },
  )

  it('a signal that a wait took and could not record is given to another', async () => {
    const bench = new Bench()
    let block = true
    let parked: (() => void) | undefined
    const gate = {
      write: (bodies: readonly unknown[]) =>
        block && JSON.stringify(bodies).includes('"signal"')
          ? new Promise<void>((resolve) => (parked = resolve))
          : Promise.resolve(),
      acknowledge: async () => {},
    }
    const life = bench.live(
      async (scope) => {
        const taker = spawn(
          scope,
          'taker',
          driver((inner) => receive(inner, 'w', 'approve')),
          null,
        )
        await step(scope, 'go', () => 1)
        return taker.result
      },
      { gate },
    )
    await rest()
    bench.inbox.put({ kind: 'signal', name: 'approve', payload: 1 })
    await rest()
    expect(parked).toBeDefined()
    block = false
    parked?.()
    expect(await life).toBe(1)
  })

  it('a payload that is too large for a record fails the wait, and the signal is spent', async () => {
    const bench = new Bench()
    bench.store.bytesMax = 500
    bench.inbox.put({ kind: 'signal', name: 'approve', payload: 'x'.repeat(1000) })
    bench.inbox.put({ kind: 'signal', name: 'approve', payload: 'small' })
    const came = await bench.live(async (scope) => {
      await expect(receive(scope, 'a', 'approve')).rejects.toThrow(RecordTooLargeError)
      return receive(scope, 'b', 'approve')
    })
    expect(came).toBe('small')
  })

  it('a run without an inbox, and a wait for no name, are refused', async () => {
    const code: Code = async (scope) => {
      await expect(receive(scope, 'a', 'approve')).rejects.toThrow(InvalidArgumentError)
    }
    await new Bench().live(code, { inbox: false })
    await new Bench().live(async (scope) => {
      await expect(receive(scope, 'a', '')).rejects.toThrow(InvalidArgumentError)
    })
  })

  it('a stop ends the wait, and the next life waits on', async () => {
    const bench = new Bench()
    const context = await bench.open()
    const life = context.drive(driver(payloads(['a'])), null)
    await rest()
    context.stop('test')
    await expect(life).rejects.toThrow(StoppedError)
    await context.close()
    expect(bench.inbox.waiting).toBe(0)
    bench.inbox.put({ kind: 'signal', name: 'approve', payload: 7 })
    expect(await bench.live(payloads(['a']))).toEqual([7])
  })
})
