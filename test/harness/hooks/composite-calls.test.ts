import { describe, expect, test } from 'vitest'
import { describeOp } from '../../../harness/op.ts'
import type { Trace } from '../../../harness/trace.ts'
import { faultAt, runWorker } from './run-worker.ts'

/** Number of the op of this description, and when its caller was told. */
function opOf(
  trace: Trace | undefined,
  text: string,
): { readonly n: number; readonly told: number } {
  const found = trace?.ops.find(({ op }) => describeOp(op) === text)
  if (found?.told === undefined) throw new Error(`${text}: nobody was told`)
  return { n: found.n, told: found.told }
}

describe.each([
  ['callback', 'serial'],
  ['callback', 'native'],
  ['promise', 'serial'],
  ['promise', 'native'],
] as const)('a call of several ops, by %s in %s order', (form, order) => {
  const run = async (n?: number): ReturnType<typeof runWorker> =>
    await runWorker('composite.mjs', {
      lane: 'recording',
      order,
      args: [form],
      faults: n === undefined ? [] : [faultAt(n, { kind: 'error', code: 'EIO' })],
    })

  test('is told with all of its ops, also where it failed behind the first of them', async () => {
    const whole = await run()
    const copy = opOf(whole.traces[0], 'open broken create')
    const broken = await run(copy.n + 1)
    const codes = [null, null, null, null, null, null, null]
    expect(JSON.parse(whole.stdout)).toEqual([...codes, null])
    expect(JSON.parse(broken.stdout)).toEqual([...codes, 'EIO'])
    for (const { traces } of [whole, broken]) {
      const late = traces[0]?.ops.filter(
        ({ form: own, told }) => own !== 'sync' && told === undefined,
      )
      expect(late?.map(({ op }) => describeOp(op))).toEqual([])
    }
    const [trace] = broken.traces
    expect(opOf(trace, 'mkdir a').told).toBe(opOf(trace, 'mkdir a/b').told)
    expect(opOf(trace, 'open broken create').told).toBe(opOf(trace, 'unlink broken').told)
  })
})
