import { describe, expect, it } from 'vitest'
import { ClosedError, NotJsonError } from '../../src/errors.ts'
import { Scope } from '../../src/scope.ts'
import { step } from '../../src/steps.ts'
import { Bench, driver, HandBody, rest } from './runtime/bench-run.ts'

const unit = (key: string, args?: number) => ({ key, kind: 'step', args }) as const
const settled = (key: string) =>
  ({ type: 'settle', key, args: 'h', kind: 'step', status: 'done' }) as const

describe('a scope', () => {
  it('U4: what the runtime fails at is no result: it ends this life, and nothing is recorded', async () => {
    const bench = new Bench()
    const life = bench.live(async (scope) => {
      await scope.settle(unit('u'), () => Promise.reject(new TypeError('a bug'))).catch(() => {})
      return 'swallowed'
    })
    await expect(life).rejects.toThrow('a bug')
    expect(bench.written).toEqual([])
  })

  it('U3: a scope that was closed records nothing, and tells nobody before it is ended', async () => {
    const bench = new Bench()
    const { scope } = await bench.open()
    let told: unknown
    scope
      .settle(unit('u'), () => scope.commitSettlement(settled('u')))
      .catch((error: unknown) => (told = error))
    scope.close(new TypeError('closing'))
    await rest()
    expect([told, bench.written]).toEqual([undefined, []])
    scope.end(new RangeError('ended'))
    await rest()
    expect(told).toEqual(new RangeError('ended'))
    await expect(scope.commit({ type: 'spawn', key: 'c', args: 'h', driver: 'd' })).rejects.toThrow(
      'closing',
    )
  })

  it('U3: a scope inside one that is over is over from the start', async () => {
    const { scope, run } = await new Bench().open()
    scope.end(new TypeError('ended'))
    const inner = new Scope(run, 'c', scope)
    expect(inner.signal.aborted).toBe(true)
    await expect(inner.mayBegin('c/x')).rejects.toThrow('ended')
  })

  it('after its driver returned, what is asked for is refused', async () => {
    const kept: Scope[] = []
    await new Bench().live(async (scope) => void kept.push(scope))
    const [scope] = kept
    expect(scope).toBeDefined()
    if (scope !== undefined) await expect(step(scope, 'late', () => 1)).rejects.toThrow(ClosedError)
  })

  it('arguments that are not JSON are refused at the call', async () => {
    const { scope } = await new Bench().open()
    await expect(scope.settle(unit('u', Number.NaN), async () => {})).rejects.toThrow(NotJsonError)
  })

  it('knows what has ended: a unit, and everything below it', async () => {
    const bench = new Bench()
    const body = new HandBody()
    const context = await bench.open()
    const { scope } = context
    void context.drive(
      driver(async (inner) => {
        await step(inner, 'a', () => 1)
        await step(inner, 'b', body.run)
      }),
      null,
    )
    await rest()
    expect(['a', 'a/deep', 'b', 'b/deep', 'c'].map((key) => scope.hasEnded(key))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  it('ends what asked to be told, once, unless it took itself off', async () => {
    const { scope } = await new Bench().open()
    const told: string[] = []
    scope.onEnd(({ message }) => told.push(`first ${message}`))
    scope.onEnd(() => told.push('second'))()
    scope.end(new Error('over'))
    scope.end(new Error('again'))
    expect(told).toEqual(['first over'])
  })
})
