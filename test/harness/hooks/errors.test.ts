import { describe, expect, test } from 'vitest'
import { codeOf, systemError } from '../../../harness/hooks/errors.ts'
import { runWorker } from './run-worker.ts'

describe('errors', () => {
  test('natural and injected errors of every call and form cannot be told apart', async () => {
    // The program makes each call fail by itself and prints the error; then the same codes are injected where it would succeed.
    const natural = await runWorker('errors.mjs', { bare: true, args: ['natural'] })
    const seen = JSON.parse(natural.stdout) as Record<string, unknown>
    expect(Object.keys(seen).length).toBeGreaterThan(30)
    const hooked = await runWorker('errors.mjs', { args: ['natural'] })
    expect(JSON.parse(hooked.stdout)).toEqual(seen)
    const native = await runWorker('errors.mjs', { args: ['natural'], order: 'native' })
    expect(JSON.parse(native.stdout)).toEqual(seen)
    const numbers = await runWorker('errors.mjs', { args: ['count'] })
    const plan = JSON.parse(numbers.stdout) as { n: number; code: 'EIO' }[]
    const injected = await runWorker('errors.mjs', {
      args: ['injected'],
      faults: plan.map(({ n, code }) => ({
        text: `${code}@${n}`,
        at: { kind: 'op', stream: '1', n },
        act: { kind: 'error', code },
      })),
    })
    expect(injected.stderr).toBe('')
    expect(injected.marks.map(({ op }) => op)).toEqual(plan.map(({ n }) => n))
    expect(JSON.parse(injected.stdout)).toEqual(seen)
  })

  test('an error has the members of the binding in its order', () => {
    const error = systemError('ENOSPC', 'rename', '/a', '/b')
    expect(error.message).toBe("ENOSPC: no space left on device, rename '/a' -> '/b'")
    expect(Object.entries(error)).toEqual([
      ['errno', -28],
      ['code', 'ENOSPC'],
      ['syscall', 'rename'],
      ['path', '/a'],
      ['dest', '/b'],
    ])
  })

  test('error numbers have names', () => {
    expect([codeOf(-5), codeOf(-999_999)]).toEqual(['EIO', 'E999999'])
  })
})
