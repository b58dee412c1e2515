import { describe, expect, it } from 'vitest'
import { Activity } from '../../src/activity.ts'
import { AssertionError } from '../../src/assert.ts'
import { Delivery } from '../../src/delivery.ts'
import type { DriverDivergedError } from '../../src/errors.ts'
import type { IntentRecord, SettleRecord } from '../../src/records.ts'
import { emptyScope, type ScopeView } from '../../src/run-view.ts'
import type { Settlement } from '../../src/settlement.ts'
import { rest } from './runtime/bench-run.ts'

function settlement(key: string, seq = 1): Settlement {
  const record: SettleRecord = {
    type: 'settle',
    key,
    args: 'h',
    kind: 'step',
    status: 'done',
    value: key,
  }
  return { key, seq, record }
}

function recorded(settled: readonly string[], open: readonly string[] = []): ScopeView {
  const view = emptyScope()
  for (const [index, key] of settled.entries()) view.settled.set(key, settlement(key, index + 1))
  const intent = { type: 'intent', args: 'h', kind: 'step' } as const
  for (const key of open) view.intents.set(key, [{ ...intent, key } satisfies IntentRecord])
  return view
}

class Stage {
  readonly log: string[] = []
  readonly activity = new Activity()
  diverged: DriverDivergedError | undefined
  readonly delivery: Delivery

  constructor(view: ScopeView = emptyScope()) {
    this.delivery = new Delivery('p', view, this.activity, (error) => {
      this.diverged = error
      this.delivery.fail(error)
    })
  }

  /** Asks for a key as a strand of a driver, and notes when it is told. */
  ask(key: string): Promise<void> {
    return this.delivery.request(key).then(
      () => void this.log.push(key),
      (error: Error) => void this.log.push(`${key}: ${error.name}`),
    )
  }

  /** A record of a live unit is appended; what comes back commits it. */
  append(key: string): () => void {
    const slot = this.delivery.take(key)
    return () => this.delivery.fill(slot, settlement(key))
  }
}

describe('delivery', () => {
  it('D1: recorded results come in journal order, whatever the order of asking', async () => {
    const stage = new Stage(recorded(['a', 'b', 'c']))
    for (const key of ['c', 'b', 'a']) void stage.ask(key)
    await rest()
    expect(stage.log).toEqual(['a', 'b', 'c'])
  })

  it('D1: live results come in the order in which their records were appended, not committed', async () => {
    const stage = new Stage()
    for (const key of ['a', 'b', 'c']) void stage.ask(key)
    await rest()
    const [first, second, third] = ['b', 'c', 'a'].map((key) => stage.append(key))
    third?.()
    second?.()
    await rest()
    expect(stage.log).toEqual([])
    first?.()
    await rest()
    expect(stage.log).toEqual(['b', 'c', 'a'])
  })

  it('D2: the driver comes to rest before the next is delivered, however many microtasks it takes', async () => {
    const stage = new Stage(recorded(['a', 'b']))
    void stage.ask('a').then(async () => {
      for (let count = 0; count < 100; count++) await Promise.resolve()
      stage.log.push('after a')
    })
    void stage.ask('b')
    await rest()
    expect(stage.log).toEqual(['a', 'after a', 'b'])
  })

  it('D2: a live result does not overtake the first strands of a driver', async () => {
    const stage = new Stage()
    stage.delivery.stir()
    void stage.ask('a')
    stage.append('a')()
    void (async () => {
      for (let count = 0; count < 20; count++) await Promise.resolve()
      stage.log.push('second strand')
    })()
    await rest()
    expect(stage.log).toEqual(['second strand', 'a'])
  })

  it('D3: what no life settled waits until everything recorded was delivered and asked for', async () => {
    const stage = new Stage(recorded(['a'], ['doubt']))
    void stage.ask('new')
    void stage.delivery.replayed().then(() => stage.log.push('live'))
    void stage.ask('a').then(() => stage.ask('doubt'))
    await rest()
    expect(stage.log).toEqual(['a', 'live'])
  })

  it('D3: a record before the end of the replay is a bug', () => {
    const stage = new Stage(recorded(['a']))
    expect(() => stage.delivery.take('new')).toThrow(AssertionError)
  })

  it.each([
    [
      'a recorded result',
      recorded(['a', 'b']),
      /expected the driver of p to ask for a, which an earlier life settled next; it waits for new/,
    ],
    ['a unit that began', recorded([], ['doubt']), /to ask for doubt, which an earlier life began/],
  ])('D4: a driver that waits and never asks for %s has diverged', async (_, view, message) => {
    const stage = new Stage(view)
    void stage.delivery.replayed().then(() => stage.log.push('live'))
    void stage.ask('new')
    await rest()
    expect(stage.diverged?.message).toMatch(message)
    expect(stage.log).toEqual(['new: DriverDivergedError'])
  })

  it('D4: a driver that waits for nothing is not judged: it is about something of its own', async () => {
    const stage = new Stage(recorded(['a']))
    stage.delivery.stir()
    await rest()
    expect(stage.diverged).toBeUndefined()
    await stage.ask('a')
    expect(stage.log).toEqual(['a'])
  })

  it('D4: announced work is waited for', async () => {
    const stage = new Stage(recorded(['a']))
    stage.delivery.beginWork()
    void stage.ask('new')
    await rest()
    expect(stage.diverged).toBeUndefined()
    stage.delivery.endWork()
    void stage.ask('a')
    await rest()
    expect(stage.log).toEqual(['a'])
    expect(stage.diverged).toBeUndefined()
  })

  it('D4: announced work that ends without asking is judged then', async () => {
    const stage = new Stage(recorded(['a']))
    stage.delivery.beginWork()
    void stage.ask('new')
    await rest()
    stage.delivery.endWork()
    await rest()
    expect(stage.diverged?.details['key']).toBe('a')
  })

  it('a failure reaches what waits and what is asked for later, once', async () => {
    const stage = new Stage()
    void stage.ask('a')
    stage.delivery.fail(new TypeError('first'))
    stage.delivery.fail(new RangeError('second'))
    void stage.ask('b')
    await rest()
    expect(stage.log).toEqual(['a: TypeError', 'b: TypeError'])
  })

  it('after the driver returned nothing is delivered, nor rejected', async () => {
    const stage = new Stage()
    void stage.ask('a')
    await rest()
    const commit = stage.append('a')
    stage.delivery.finish(new TypeError('over'))
    commit()
    stage.delivery.fail(new Error('late'))
    await rest()
    expect(stage.log).toEqual([])
    await stage.ask('b')
    expect(stage.log).toEqual(['b: TypeError'])
  })

  it('a refused record leaves no gap', async () => {
    const stage = new Stage()
    for (const key of ['a', 'b']) void stage.ask(key)
    await rest()
    const slot = stage.delivery.take('a')
    stage.append('b')()
    stage.delivery.giveUp(slot)
    await rest()
    expect(stage.log).toEqual(['b'])
    stage.append('a')()
    await rest()
    expect(stage.log).toEqual(['b', 'a'])
  })

  it('says what was recorded and never asked for', async () => {
    const stage = new Stage(recorded(['a', 'b', 'c'], ['doubt']))
    void stage.ask('c')
    void stage.ask('a')
    await new Promise((resolve) => setImmediate(resolve))
    expect(stage.delivery.unclaimed()).toEqual(['b', 'doubt'])
  })

  it('asking twice for one key is a bug', () => {
    const stage = new Stage()
    void stage.ask('a')
    expect(() => stage.delivery.request('a')).toThrow(AssertionError)
  })

  it('ten thousand recorded results take no more than a turn each, and leave nothing moving', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}`)
    const stage = new Stage(recorded(keys))
    await Promise.all(keys.map((key) => stage.ask(key)))
    expect(stage.log).toEqual(keys)
    let idle = false
    stage.activity.whenIdle(() => (idle = true))
    await rest()
    expect(idle).toBe(true)
  })
})
