import { describe, expect, it } from 'vitest'
import { lastWriteBefore, markOpAt } from '../../../harness/campaign/relied.ts'
import type { CaseReport } from '../../../harness/campaign/trial.ts'
import type { Mark } from '../../../harness/mark.ts'
import type { Op } from '../../../harness/op.ts'
import type { TracedOp } from '../../../harness/trace.ts'

const moment = { position: 0, at: 0 }

function traced(n: number, op: Op, line?: object): TracedOp {
  const bytes = line === undefined ? {} : { bytes: Buffer.from(`${JSON.stringify(line)}\n`) }
  return { stream: '1', n, op, form: 'sync', frames: [], called: moment, result: {}, ...bytes }
}

function write(n: number, path: string): TracedOp {
  return traced(n, { kind: 'write', node: 1, path, offset: 0, length: 8 })
}

function marked(n: number, line: object): TracedOp {
  return traced(n, { kind: 'mark', length: 20 }, line)
}

/** What the first life does, told by a run of its own: other nonces. */
const ops = [
  write(1, 'log'),
  marked(2, { mark: 'observed', step: 's1', nonce: 'other' }),
  write(3, 'log'),
  marked(4, { mark: 'ack', hashes: ['x'] }),
  marked(5, { mark: 'ack', hashes: ['y'] }),
  write(6, 'later'),
]

const marks = [
  { mark: 'life', life: 1, verb: 'run' },
  { mark: 'observed', life: 1, step: 's1', nonce: 'n1', state: 'done' },
  { mark: 'ack', life: 1, epoch: 1, hashes: ['a'] },
  { mark: 'ack', life: 1, epoch: 1, hashes: ['b'] },
  { mark: 'recovered', life: 2, epoch: 2, hashes: [] },
] as unknown as readonly Mark[]

function reportOf(signal: string | null, since: number, invariant = 'S1'): CaseReport {
  const finding = { invariant, verdict: 'LOST_COMMIT', what: '', life: 2, index: 4, since }
  return {
    asked: { schedule: [[]] },
    run: {
      entries: marks.map((mark, index) => ({ line: index + 1, mark })),
      lives: [
        { life: 1, slot: 1, signal },
        { life: 2, slot: 2, signal: null },
      ],
    },
    judgement: { finding },
  } as unknown as CaseReport
}

const opsOfSlot = (_: unknown, slot: number): Promise<readonly TracedOp[] | undefined> =>
  Promise.resolve(slot === 1 ? ops : undefined)

describe('what a run relied on', () => {
  it("is told with its stream, where a child told it; what was written before is its parent's", async () => {
    const at = (op: TracedOp, time: number, stream = '1'): TracedOp => ({
      ...op,
      stream,
      called: { position: 0, at: time },
      done: { position: 0, at: time + 1 },
    })
    const told = at(marked(1, { mark: 'observed', step: 's1', nonce: 'n1' }), 20, '1.1')
    const streams = [at(write(1, 'log'), 10), at(write(2, 'log'), 30), told]
    const last = await lastWriteBefore(reportOf('SIGKILL', 1), () => Promise.resolve(streams))
    expect(last?.before).toBe('the observed at op 1 of stream 1.1')
    expect(last?.op.n).toBe(1)
  })

  it('is found again by its name, its step, and which of those alike it is', async () => {
    const report = reportOf('SIGKILL', 3)
    expect((await markOpAt(report, 1, opsOfSlot))?.op.n).toBe(2)
    expect((await markOpAt(report, 2, opsOfSlot))?.op.n).toBe(4)
    expect((await markOpAt(report, 3, opsOfSlot))?.op.n).toBe(5)
    expect(await markOpAt(report, 4, opsOfSlot)).toBeUndefined()
    expect(await markOpAt(report, 99, opsOfSlot)).toBeUndefined()
  })

  it('had this as the last write before it', async () => {
    const found = await lastWriteBefore(reportOf('SIGKILL', 3), opsOfSlot)
    expect(found).toMatchObject({ op: { n: 3 }, before: 'the ack at op 5', isOfLastCrash: true })
    expect((await lastWriteBefore(reportOf('SIGKILL', 1), opsOfSlot))?.op.n).toBe(1)
  })

  it('accuses no write where nothing was killed, or nothing was lost', async () => {
    expect(await lastWriteBefore(reportOf(null, 3), opsOfSlot)).toBeUndefined()
    expect(await lastWriteBefore(reportOf('SIGKILL', 3, 'S5'), opsOfSlot)).toBeUndefined()
  })
})
