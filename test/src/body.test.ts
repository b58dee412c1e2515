import { describe, expect, it } from 'vitest'
import { callBody, type Came } from '../../src/body.ts'
import type { Scope } from '../../src/scope.ts'
import type { Unit } from '../../src/unit.ts'
import { Bench, HandBody, rest } from './runtime/bench-run.ts'

const unitOf = (more: Partial<Unit> = {}): Unit => ({
  kind: 'step',
  base: 'u',
  attempt: 1,
  options: {},
  body: () => 1,
  ...more,
})

async function scopeOf(): Promise<{ readonly bench: Bench; readonly scope: Scope }> {
  const bench = new Bench()
  return { bench, scope: (await bench.open()).scope }
}

/** How many wait for the end of a scope. */
const listeners = (scope: Scope): number =>
  (scope as unknown as { readonly onEnds: ReadonlySet<unknown> }).onEnds.size

describe('calling a body', () => {
  it('comes to its value, to what it threw, or to its timeout', async () => {
    const { bench, scope } = await scopeOf()
    const thrown = new Error('x')
    const timed = callBody(
      scope,
      unitOf({ options: { timeoutMs: 5 }, body: () => new Promise(() => {}) }),
      'k',
      () => {},
    )
    const all: Came[] = [
      await callBody(scope, unitOf(), 'k', () => {}),
      await callBody(scope, unitOf({ body: () => Promise.reject(thrown) }), 'k', () => {}),
    ]
    await bench.clock.advance(5)
    expect([...all, await timed]).toEqual([
      { kind: 'value', value: 1 },
      { kind: 'thrown', error: thrown },
      { kind: 'timeout', error: expect.objectContaining({ code: 'DEADLINE' }) as Error },
    ])
    expect(listeners(scope)).toBe(0)
  })

  it('is not begun in a scope that is over', async () => {
    const { scope } = await scopeOf()
    const body = new HandBody()
    scope.end(new TypeError('over'))
    await expect(callBody(scope, unitOf({ body: body.run }), 'k', () => {})).rejects.toThrow('over')
    expect(body.begun).toBe(0)
  })

  it('what the scope ended is no outcome of the body, also where the body ends first', async () => {
    const { scope } = await scopeOf()
    const body = new HandBody()
    const call = callBody(scope, unitOf({ body: body.run }), 'k', () => {})
    scope.close(new TypeError('closing'))
    body.end()
    await expect(call).rejects.toThrow('closing')
  })

  it('each body has a signal of its own, which its scope aborts', async () => {
    const { scope } = await scopeOf()
    const signals: AbortSignal[] = []
    const body = new HandBody()
    const calls = [1, 2].map(() =>
      callBody(
        scope,
        unitOf({
          body: (call) => {
            signals.push(call.signal)
            return body.run()
          },
        }),
        'k',
        () => {},
      ),
    )
    expect(signals[0]).not.toBe(signals[1])
    scope.end(new TypeError('over'))
    expect(signals.map(({ reason }) => (reason as Error).message)).toEqual(['over', 'over'])
    await Promise.all(calls.map((call) => expect(call).rejects.toThrow('over')))
  })

  it('a body that ends on its signal is waited for', async () => {
    const { bench, scope } = await scopeOf()
    const body = new HandBody()
    let settled = false
    const call = callBody(
      scope,
      unitOf({ options: { timeoutMs: 5 }, endsOnAbort: true, body: body.run }),
      'k',
      () => {},
    )
    void call.then(() => (settled = true))
    await bench.clock.advance(5)
    expect(settled).toBe(false)
    body.end()
    await rest()
    expect((await call).kind).toBe('timeout')
  })
})
