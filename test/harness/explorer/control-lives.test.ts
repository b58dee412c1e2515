import { describe, expect, test } from 'vitest'
import type { Workload } from '../../../harness/workload.ts'
import { explored } from './explored.ts'

/** The smallest run that waits for another process. */
const waiting: Workload = {
  root: {
    kind: 'sequence',
    of: [
      { kind: 'step', id: 's1', effect: 'once' },
      { kind: 'signal', id: 'w1', name: 'go' },
    ],
  },
  inFlightMax: 1,
  outside: [{ kind: 'signal', name: 'go', payload: 'now', after: 's1' }],
}

describe('explorer: a run that waits for another process', () => {
  const part = { workload: waiting, harms: ['power-loss'], perKind: true } as const

  test('loses power in its first life, in what the other does, and in the life that finds it', async () => {
    const { verdict, findings, ops, map = [], counts } = await explored(part)
    expect({ verdict, findings }).toEqual({ verdict: 'HOLDS', findings: [] })
    expect(counts.checked).toBeGreaterThan(300)
    // What a report shows of are the ops of the run: with the kill and the act before them they are cases.
    expect(map[0]?.schedule).toMatch(/^K\d+\+,-,P1$/)
    expect(ops).toBeGreaterThan(Math.max(...map.map(({ op }) => op)))
  })

  test('a message that is acknowledged before it is durable: WEDGED, with the write that is lost', async () => {
    const planted = { file: 'src/file-inbox.ts', find: 'await file.sync()' }
    const { findings } = await explored({ ...part, planted, until: 'WEDGED' })
    expect(findings[0]).toMatchObject({ verdict: 'WEDGED', invariant: 'L1', isConfirmed: true })
    expect(findings[0]?.schedule).toMatch(/^K\d+\+,P/)
    expect(findings[0]?.guilty).toContain('write .inbox/run/')
  })

  test('a message that is taken away before the record that names it: WEDGED behind the act', async () => {
    const planted = {
      file: 'src/waits.ts',
      find: '    try {\n      await scope.commitSettlement(',
      replace: '    await mailbox.consume(id)\n    try {\n      await scope.commitSettlement(',
    }
    const { findings } = await explored({ ...part, planted, until: 'WEDGED' })
    expect(findings[0]).toMatchObject({ verdict: 'WEDGED', invariant: 'L1', isConfirmed: true })
    expect(findings[0]?.schedule).toMatch(/^K\d+\+,-,P/)
  })
})
