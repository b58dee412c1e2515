import { describe, expect, test } from 'vitest'
import { rebuildDirectory } from '../../harness/directory-image.ts'
import type { DirectoryImage } from '../../harness/directory-image.ts'
import type { LogEntry } from '../../harness/op.ts'
import { compareStreams, effects, parseTrace } from '../../harness/trace.ts'
import { runWorker } from './hooks/run-worker.ts'

const head: LogEntry = {
  e: 'log',
  version: 1,
  stream: '1',
  life: 1,
  pid: 7,
  order: 'serial',
  node: 'v20.20.2',
  directory: '/d',
}

/** An op log as the recorder writes it. */
function log(...entries: readonly (LogEntry | readonly [LogEntry, string])[]): Buffer {
  return Buffer.concat(
    entries.map((each) => {
      const [entry, payload] = Array.isArray(each)
        ? (each as [LogEntry, string])
        : [each as LogEntry]
      const line = `${JSON.stringify(entry)}\n`
      return Buffer.from(payload === undefined ? line : `${line}${payload}\n`)
    }),
  )
}

const open: LogEntry = {
  e: 'call',
  n: 1,
  op: { kind: 'open', path: 'f', node: 0, create: true, truncate: false, exclusive: false },
  form: 'sync',
  site: 1,
  at: 10,
}
const write = (n: number, offset: number, text: string, at = 20): readonly [LogEntry, string] => [
  {
    e: 'call',
    n,
    op: { kind: 'write', path: 'f', node: 1, offset, length: text.length },
    form: 'callback',
    site: 0,
    at,
    bytes: text.length,
  },
  text,
]
const entries = [
  head,
  { e: 'site', site: 1, frames: ['/w.mjs:3:4'] },
  open,
  { e: 'node', node: 1, ino: 99, path: 'f' },
  { e: 'done', n: 1, node: 1, created: true, at: 11 },
  write(2, 0, 'a\nb'),
  { e: 'done', n: 2, written: 3, at: 21 },
  write(3, 3, '{"e"}'),
  { e: 'told', n: 2 },
  { e: 'done', n: 3, written: 2, at: 31 },
] as const

function text(image: DirectoryImage, path: string): string | undefined {
  const entry = image.get(path)
  return entry?.kind === 'file' ? Buffer.from(entry.bytes).toString() : entry?.kind
}

describe('trace', () => {
  test('an op has its site, its moments, its payload and its result', () => {
    const trace = parseTrace(log(...entries))
    expect(trace).toMatchObject({ stream: '1', directory: '/d', length: 10, torn: 0 })
    expect(trace?.ops).toEqual([
      {
        stream: '1',
        n: 1,
        op: { ...open.op, node: 1 },
        form: 'sync',
        frames: ['/w.mjs:3:4'],
        called: { position: 2, at: 10 },
        done: { position: 4, at: 11 },
        result: { created: true },
      },
      {
        stream: '1',
        n: 2,
        op: { kind: 'write', path: 'f', node: 1, offset: 0, length: 3 },
        form: 'callback',
        frames: [],
        bytes: Buffer.from('a\nb'),
        called: { position: 5, at: 20 },
        done: { position: 6, at: 21 },
        told: 8,
        result: { written: 3 },
      },
      {
        stream: '1',
        n: 3,
        op: { kind: 'write', path: 'f', node: 1, offset: 3, length: 5 },
        form: 'callback',
        frames: [],
        bytes: Buffer.from('{"e"}'),
        called: { position: 7, at: 20 },
        done: { position: 9, at: 31 },
        result: { written: 2 },
      },
    ])
  })

  test('a log that is cut at any byte is read up to its last whole entry (T1)', () => {
    const whole = log(...entries)
    const ends = entries.map((_, index) => log(...entries.slice(0, index + 1)).length)
    for (let length = 0; length < whole.length; length += 1) {
      const trace = parseTrace(whole.subarray(0, length))
      const last = ends.filter((end) => end <= length).length
      if (last === 0) expect(trace).toBeUndefined()
      else {
        expect(trace?.length).toBe(last)
        expect(trace?.torn).toBe(length - (ends[last - 1] ?? 0))
      }
    }
  })

  test('an op that did not end is there without a result (T2)', () => {
    const trace = parseTrace(log(...entries.slice(0, 6)))
    expect(trace?.ops.at(-1)).toMatchObject({ n: 2, result: {} })
    expect(trace?.ops.at(-1)?.done).toBeUndefined()
  })

  test('effects of several streams are in the order of time (T4)', () => {
    const other = parseTrace(
      log({ ...head, stream: '1.1' }, write(1, 5, 'x'), { e: 'done', n: 1, written: 1, at: 25 }),
    )
    const main = parseTrace(log(...entries))
    if (main === undefined || other === undefined) throw new Error('no trace')
    expect(effects([main, other]).map(({ stream, n }) => `${stream}/${n}`)).toEqual([
      '1/1',
      '1/2',
      '1.1/1',
      '1/3',
    ])
  })

  test('streams are ordered by number, the main one first', () => {
    const streams = ['1.10', '1.2', '1', '1.0.1', '1.2.1', '2']
    expect(streams.sort(compareStreams)).toEqual(['1', '1.0.1', '1.2', '1.2.1', '1.10', '2'])
  })
})

describe('rebuilding', () => {
  const trace = parseTrace(log(...entries))
  if (trace === undefined) throw new Error('no trace')

  test.each([
    [0, undefined],
    [1, ''],
    [2, 'a\nb'],
    [3, 'a\nb{"'],
  ] as const)('up to op %i', (atOp, expected) => {
    expect(text(rebuildDirectory(trace, atOp), 'f')).toBe(expected)
  })

  test('starts from what the directory was before', () => {
    const initial: DirectoryImage = new Map([['g', { kind: 'file', bytes: Buffer.from('old') }]])
    const image = rebuildDirectory(trace, Infinity, initial)
    expect([text(image, 'f'), text(image, 'g')]).toEqual(['a\nb{"', 'old'])
  })

  test('a failed op and a sync that lied change nothing', () => {
    const failed = parseTrace(
      log(head, open, { e: 'done', n: 1, code: 'ENOSPC', at: 2 }, write(2, 0, 'x')),
    )
    if (failed === undefined) throw new Error('no trace')
    expect(rebuildDirectory(failed).size).toBe(0)
  })

  test('a trace of another directory is refused', () => {
    const foreign = parseTrace(log(head, write(1, 0, 'x'), { e: 'done', n: 1, written: 1, at: 2 }))
    if (foreign === undefined) throw new Error('no trace')
    expect(() => rebuildDirectory(foreign)).toThrow('not in the image: f')
  })
})

test('a file written by a process, its thread and its child is rebuilt from their three logs', async () => {
  const run = await runWorker('family.mjs', { lane: 'recording' })
  const image = rebuildDirectory(run.traces)
  expect(text(image, 'log')).toBe(
    'first\nthread 1\nthread 2\nchild\ngrandchild\nbare\nshell\nshell\nlast 3\n',
  )
})

test('the op log of a killed process ends with the op under way', async () => {
  const run = await runWorker('append.mjs', {
    lane: 'recording',
    faults: [
      { text: 'K', at: { kind: 'op', stream: '1', n: 5 }, act: { kind: 'kill-inside', bytes: 3 } },
    ],
  })
  const [trace] = run.traces
  expect(trace?.ops.map(({ n, done }) => [n, done !== undefined])).toEqual([
    [1, true],
    [2, true],
    [3, true],
    [4, true],
    [5, false],
  ])
  expect([trace?.faults, trace?.torn]).toEqual([['K'], 0])
})
