import { describe, expect, it } from 'vitest'
import { runInScope } from '../../src/driving.ts'
import { ClosedError } from '../../src/errors.ts'
import { Scope } from '../../src/scope.ts'
import { step } from '../../src/steps.ts'
import { Bench, HandBody, rest } from './runtime/bench-run.ts'

async function innerScope(): Promise<{ readonly outer: Scope; readonly inner: Scope }> {
  const { run, scope: outer } = await new Bench().open()
  return { outer, inner: new Scope(run, 'inner', outer) }
}

describe('code in its scope', () => {
  it('what the code returns or throws is its outcome, also where it throws at once', async () => {
    const thrown = new Error('x')
    const value = await runInScope((await innerScope()).inner, async () => 5)
    const failed = await runInScope((await innerScope()).inner, () => {
      throw thrown
    })
    expect([value, failed]).toEqual([
      { status: 'done', value: 5 },
      { status: 'failed', error: thrown },
    ])
  })

  it('the scope is over in the same breath: what was left under way is aborted and never settles', async () => {
    const { inner } = await innerScope()
    const body = new HandBody()
    let signal: AbortSignal | undefined
    let settled = false
    await runInScope(inner, async () => {
      const left = step(inner, 'left', (call) => {
        signal = call.signal
        return body.run()
      })
      left.finally(() => (settled = true)).catch(() => {})
      await rest()
    })
    expect(signal?.aborted).toBe(true)
    body.end()
    await rest()
    expect(settled).toBe(false)
    expect(() => inner.assertOpen()).toThrow(ClosedError)
  })

  it('what ends the scope ends the wait for code that never returns', async () => {
    const { outer, inner } = await innerScope()
    const outcome = runInScope(inner, () => new Promise(() => {}))
    outer.end(new TypeError('ended'))
    await expect(outcome).rejects.toThrow('ended')
  })

  it('code is not run in a scope that is over', async () => {
    const { outer, inner } = await innerScope()
    outer.end(new TypeError('ended'))
    let ran = false
    await expect(runInScope(inner, async () => (ran = true))).rejects.toThrow('ended')
    expect(ran).toBe(false)
  })
})
