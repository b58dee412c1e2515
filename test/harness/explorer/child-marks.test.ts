/** What a child process told is known at each crash point of the life that started it; a life that starts one is explored in processes. */
import { describe, expect, it } from 'vitest'
import { DiskModel } from '../../../harness/disk-model/model.ts'
import { withChildMarks } from '../../../harness/explorer/child-marks.ts'
import type { LogEntry, Op } from '../../../harness/op.ts'
import { TraceReader, type Trace } from '../../../harness/trace.ts'
import type { Mark } from '../../../harness/mark.ts'
import type { Workload } from '../../../harness/workload.ts'
import { explored } from './explored.ts'

const begin: Mark = { mark: 'begin', life: 1 }
const recovered: Mark = { mark: 'recovered', life: 1, epoch: 1, hashes: [] }
const resolved: Mark = { mark: 'resolved', life: 1, epoch: 1 }

/** The log of a stream: ops that were called and done at these times. */
function logOf(
  stream: string,
  ops: readonly { readonly op: Op; readonly from: number; readonly to: number; bytes?: string }[],
): Trace {
  const reader = new TraceReader()
  const take = (entry: LogEntry, payload?: Uint8Array): void => reader.take(entry, payload)
  const head = {
    version: 1,
    life: 1,
    pid: 1,
    order: 'serial',
    node: 'v20',
    directory: '/d',
  } as const
  take({ e: 'log', stream, ...head })
  for (const [index, { op, from, to, bytes }] of ops.entries()) {
    const n = index + 1
    const payload = bytes === undefined ? undefined : Buffer.from(bytes)
    take({ e: 'call', n, op, form: 'sync', site: 0, at: from }, payload)
    take({ e: 'done', n, at: to })
  }
  const trace = reader.finish(0)
  if (trace === undefined) throw new Error('no trace')
  return trace
}

function told(mark: Mark, from: number): { op: Op; from: number; to: number; bytes: string } {
  const bytes = `${JSON.stringify(mark)}\n`
  return { op: { kind: 'mark', length: bytes.length }, from, to: from + 1, bytes }
}

const mkdir = (from: number): { op: Op; from: number; to: number } => ({
  op: { kind: 'mkdir', path: `d${from}`, node: 0 },
  from,
  to: from + 1,
})

describe('marks of a child', () => {
  const own = logOf('1', [told(begin, 10), mkdir(20), mkdir(30)])

  it('stand where the clock says, behind a crash after the op before them and in front of the next op', () => {
    const child = logOf('1.1', [told(recovered, 25)])
    const trace = withChildMarks([own, child], [begin, recovered])
    if (typeof trace === 'string') throw new Error(trace)
    const model = new DiskModel(trace, { initial: new Map() }, 'posix', 'abc')
    const points = [...model.points()].map(({ position: { op, phase }, marks }) => [
      `${op} ${phase.kind}`,
      marks,
    ])
    expect(points).toEqual([
      ['1 before', 0],
      ['2 before', 1],
      // The same disk, with and without what the child told.
      ['2 after', 1],
      ['3 before', 2],
      ['3 after', 2],
    ])
    expect(model.markOps).toEqual([1, undefined])
  })

  it('of several children are in the order of the clock', () => {
    const first = logOf('1.1', [told(resolved, 27)])
    const second = logOf('1.2', [told(recovered, 24)])
    const trace = withChildMarks([own, first, second], [begin, recovered, resolved])
    if (typeof trace === 'string') throw new Error(trace)
    const marks = trace.childMarks?.map(({ line }) => (JSON.parse(line) as Mark).mark)
    expect(marks).toEqual(['recovered', 'resolved'])
  })

  it('are not known where a child has no hooks, or changes the disk itself', () => {
    expect(withChildMarks([own], [begin, recovered])).toContain('has no hooks')
    expect(withChildMarks([own, logOf('1.1', [mkdir(25)])], [begin])).toContain('stream 1.1')
  })
})

describe('explorer: a life that starts a process', () => {
  const workload: Workload = {
    root: {
      kind: 'sequence',
      of: [
        { kind: 'step', id: 's', effect: 'keyed' },
        { kind: 'command', id: 'x', effect: 'once' },
      ],
    },
    inFlightMax: 1,
  }

  it('is recovered in processes, and holds', async () => {
    const { verdict, drawn, counts, skipped } = await explored({
      workload,
      jobs: 2,
      processStatesMax: 24,
    })
    expect([verdict, skipped]).toEqual(['HOLDS', undefined])
    expect(drawn?.chosen).toBe(24)
    expect(counts.checked).toBe(24)
  })

  it('that forgets its intent starts the child again, and fresh processes show it', async () => {
    const { findings } = await explored({
      workload,
      jobs: 2,
      processStatesMax: 40,
      until: 'REDONE',
      planted: {
        file: 'src/attempt.ts',
        find: "if (effect !== 'once' && reserve === undefined) return undefined",
        replace: 'if (reserve === undefined) return undefined',
      },
    })
    const [finding] = findings.filter(({ verdict }) => verdict === 'REDONE')
    expect(finding).toMatchObject({ invariant: 'S3', isConfirmed: true })
  })
})
