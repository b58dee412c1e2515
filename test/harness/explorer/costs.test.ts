import { describe, expect, it } from 'vitest'
import { costsOf } from '../../../harness/explorer/costs.ts'
import type { Trace, TracedOp } from '../../../harness/trace.ts'

/** A life whose commits write as many bytes as `bytesOf` says of each, and sync once. */
function lifeOf(commits: number, bytesOf: (commit: number) => number): Pick<Trace, 'ops'> {
  const ack = Buffer.from('{"mark":"ack"}\n')
  const ops = Array.from({ length: commits }, (_, commit) => [
    { op: { kind: 'write' }, bytes: Buffer.alloc(bytesOf(commit)) },
    { op: { kind: 'datasync' } },
    { op: { kind: 'mark' }, bytes: ack },
  ]).flat()
  return { ops: ops as unknown as readonly TracedOp[] }
}

describe('costs', () => {
  it('are those of the commits behind the 10th and the 100th', () => {
    const samples = costsOf(lifeOf(120, (commit) => commit))
    expect(samples.map(({ records }) => records)).toEqual([10, 100])
    expect(samples.map(({ commitBytes }) => [commitBytes[0], commitBytes.length])).toEqual([
      [10, 20],
      [100, 20],
    ])
    expect(new Set(samples.flatMap(({ commitSyncs }) => commitSyncs))).toEqual(new Set([1]))
  })
  it('count a synced write as a sync', () => {
    const { ops } = lifeOf(40, () => 1)
    const synced = ops
      .filter(({ op }) => op.kind !== 'datasync')
      .map((each) =>
        each.op.kind === 'write' ? { ...each, op: { ...each.op, synced: true } } : each,
      )
    const [sample] = costsOf({ ops: synced as readonly TracedOp[] })
    expect(new Set(sample?.commitSyncs)).toEqual(new Set([1]))
  })
  it('are nothing at a length that the life does not have', () =>
    expect(costsOf(lifeOf(40, () => 1)).map(({ records }) => records)).toEqual([10]))
})
