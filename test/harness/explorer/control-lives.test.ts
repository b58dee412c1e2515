import { describe, expect, test } from 'vitest'
import { opTellingOf } from '../../../harness/explorer/control-lives.ts'
import type { Trace } from '../../../harness/trace.ts'
import { explored, waiting } from './explored.ts'

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

describe('the op with which a life tells of a unit', () => {
  const write = (n: number, line: string): unknown => ({
    n,
    op: { kind: 'mark' },
    bytes: Buffer.from(`${line}\n`),
  })
  const traceOf = (...ops: readonly unknown[]): Trace => ({ ops }) as unknown as Trace
  const observed = JSON.stringify({
    life: 1,
    mark: 'observed',
    step: 's1',
    nonce: 'n',
    state: 'done',
  })

  test('is the first that names it; what is no mark names nothing', () => {
    const begin = JSON.stringify({ life: 1, mark: 'begin' })
    const trace = traceOf(write(1, begin), write(2, 'no mark'), write(3, observed))
    expect(opTellingOf('s1', trace)).toBe(3)
    expect(opTellingOf('s2', trace)).toBeUndefined()
  })
})
