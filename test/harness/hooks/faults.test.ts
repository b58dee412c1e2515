import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { HookAct, HookFault } from '../../../harness/hooks/fault.ts'
import { faultAt, processState, readMarks, runWorker, stateText, until } from './run-worker.ts'

// A synchronous call is the same in both orders.
const everywhere = [
  { fixture: 'append.mjs', order: 'serial' },
  { fixture: 'append-async.mjs', order: 'serial' },
  { fixture: 'append-async.mjs', order: 'native' },
] as const

const acks = (marks: readonly Record<string, unknown>[]): unknown[] =>
  marks.filter(({ mark }) => mark === 'ack').map(({ line }) => line)
const proofs = (marks: readonly Record<string, unknown>[]): unknown[] =>
  marks.filter(({ mark }) => mark === 'fault')

/** The log after so many whole lines and so many bytes of the next. */
function lines(count: number, bytes = 0): string {
  const text = (line: number): string => `line ${line}\n`
  const whole = Array.from({ length: count }, (_, index) => text(index + 1)).join('')
  return whole + text(count + 1).slice(0, bytes)
}

describe.each(everywhere)('kill: $fixture in $order order', ({ fixture, order }) => {
  // Op 1 opens; line i is written at op 3i - 1, synced at 3i, and its mark is op 3i + 1.
  const cases: readonly [string, number, HookAct, string | undefined, number[]][] = [
    ['before the open', 1, { kind: 'kill', phase: 'before' }, undefined, []],
    ['after the open', 1, { kind: 'kill', phase: 'after' }, '', []],
    ['before a write', 5, { kind: 'kill', phase: 'before' }, lines(1), [1]],
    ['after a write', 5, { kind: 'kill', phase: 'after' }, lines(2), [1]],
    ['after no byte of a write', 5, { kind: 'kill-inside', bytes: 0 }, lines(1), [1]],
    ['after 4 bytes of a write', 5, { kind: 'kill-inside', bytes: 4 }, lines(1, 4), [1]],
    ['after all bytes of a write', 5, { kind: 'kill-inside', bytes: 7 }, lines(2), [1]],
    ['before a sync', 6, { kind: 'kill', phase: 'before' }, lines(2), [1]],
    ['inside a sync, which is before it', 6, { kind: 'kill-inside', bytes: 2 }, lines(2), [1]],
    ['after a sync', 6, { kind: 'kill', phase: 'after' }, lines(2), [1]],
    ['before a mark', 7, { kind: 'kill', phase: 'before' }, lines(2), [1]],
    ['inside a mark, which is before it', 7, { kind: 'kill-inside', bytes: 5 }, lines(2), [1]],
    ['after a mark', 7, { kind: 'kill', phase: 'after' }, lines(2), [1, 2]],
    ['before the last op', 10, { kind: 'kill', phase: 'before' }, lines(3), [1, 2]],
  ]
  test.each(cases)('%s', async (_name, n, act, log, acked) => {
    const run = await runWorker(fixture, { order, faults: [faultAt(n, act)] })
    expect(run.signal).toBe('SIGKILL')
    expect(stateText(run, 'log')).toBe(log)
    expect(acks(run.marks)).toEqual(acked)
    expect(proofs(run.marks)).toEqual([
      { mark: 'fault', life: 1, fault: `${act.kind}@${n}`, stream: '1', op: n },
    ])
  })

  test('an op that is not reached leaves the run and the ledger alone', async () => {
    const faults = [faultAt(11, { kind: 'kill', phase: 'before' })]
    const run = await runWorker(fixture, { order, faults })
    expect([run.code, proofs(run.marks)]).toEqual([0, []])
  })

  test('a fault of another stream does not fire', async () => {
    const faults = [faultAt(3, { kind: 'kill', phase: 'before' }, '1.1')]
    const run = await runWorker(fixture, { order, faults })
    expect([run.code, proofs(run.marks)]).toEqual([0, []])
  })
})

describe('every crash point of a run, before and after', () => {
  test.each([1, 2, 3, 4])('op %i leaves exactly the ops up to it', async (n) => {
    const [before, after] = await Promise.all(
      (['before', 'after'] as const).map((phase) =>
        runWorker('append.mjs', { faults: [faultAt(n, { kind: 'kill', phase })], args: ['1'] }),
      ),
    )
    const seen = [before, after].map((run) =>
      run === undefined ? '' : `${stateText(run, 'log') ?? 'absent'}|${acks(run.marks).length}`,
    )
    const states = ['absent|0', '|0', 'line 1\n|0', 'line 1\n|0', 'line 1\n|1']
    expect(seen).toEqual([states[n - 1], states[n]])
  })
})

describe('stop and terminate', () => {
  test.each([
    ['before', lines(1)],
    ['after', lines(2)],
  ] as const)('a stop %s an op holds it there until SIGCONT', async (phase, held) => {
    const run = await runWorker('append.mjs', {
      faults: [faultAt(5, { kind: 'stop', phase })],
      meanwhile: async (pid, place) => {
        await until(() => processState(pid) === 'T')
        expect(stateText(place, 'log')).toBe(held)
        expect(proofs(readMarks(place.ledger))).toHaveLength(1)
        process.kill(pid, 'SIGCONT')
      },
    })
    expect([run.code, stateText(run, 'log')]).toEqual([0, lines(3)])
  })

  test('SIGTERM without a handler ends the process at the op', async () => {
    const faults = [faultAt(5, { kind: 'terminate', phase: 'before' })]
    const run = await runWorker('append.mjs', { faults })
    expect([run.signal, stateText(run, 'log'), proofs(run.marks).length]).toEqual([
      'SIGTERM',
      lines(1),
      1,
    ])
  })
})

describe.each([
  { form: 'sync', order: 'serial' },
  { form: 'callback', order: 'serial' },
  { form: 'callback', order: 'native' },
  { form: 'promise', order: 'serial' },
] as const)('storage errors: $form in $order order', ({ form, order }) => {
  // Ops: 1 open, 2 write, 3 datasync, 4 write, 5 datasync.
  const failed = (code: string, errno: number, syscall: string, text: string): unknown => ({
    code,
    errno,
    syscall,
    message: `${code}: ${text}, ${syscall}`,
  })
  const full = failed('ENOSPC', -28, 'write', 'no space left on device')
  const eio = (syscall: string): unknown => failed('EIO', -5, syscall, 'i/o error')
  const quota = (bytes: number): HookFault => ({
    text: 'quota',
    at: { kind: 'quota', stream: '1', bytes },
    act: { kind: 'error', code: 'ENOSPC' },
  })
  const cases: readonly [string, HookFault, readonly unknown[], string][] = [
    [
      'ENOSPC at a write',
      faultAt(2, { kind: 'error', code: 'ENOSPC' }),
      [full, null, 8, null],
      'ABCDEFGH',
    ],
    [
      'ENOSPC after a short write',
      faultAt(2, { kind: 'error', code: 'ENOSPC', bytes: 3 }),
      [3, null, full, null],
      'abc',
    ],
    [
      'ENOSPC from a write on',
      faultAt(2, { kind: 'error', code: 'ENOSPC', sticky: true }),
      [full, null, full, null],
      '',
    ],
    ['a quota that is met exactly', quota(16), [8, null, 8, null], 'abcdefghABCDEFGH'],
    ['a quota that the second write crosses', quota(11), [8, null, 3, null], 'abcdefghABC'],
    ['a quota that is used up', quota(8), [8, null, full, null], 'abcdefgh'],
    ['a full disk', quota(0), [full, null, full, null], ''],
    [
      'EIO at a write',
      faultAt(4, { kind: 'error', code: 'EIO' }),
      [8, null, eio('write'), null],
      'abcdefgh',
    ],
    [
      'EIO at a sync, once',
      faultAt(3, { kind: 'error', code: 'EIO', drop: true }),
      [8, eio('fdatasync'), 8, null],
      'abcdefghABCDEFGH',
    ],
    [
      'EIO at a sync and ever after',
      faultAt(3, { kind: 'error', code: 'EIO', sticky: true }),
      [8, eio('fdatasync'), 8, eio('fdatasync')],
      'abcdefghABCDEFGH',
    ],
    ['a short write', faultAt(2, { kind: 'short', bytes: 5 }), [5, null, 8, null], 'abcdeABCDEFGH'],
    [
      'EINTR at a write',
      faultAt(2, { kind: 'error', code: 'EINTR' }),
      [failed('EINTR', -4, 'write', 'interrupted system call'), null, 8, null],
      'ABCDEFGH',
    ],
    ['a sync that lies', faultAt(3, { kind: 'lie' }), [8, null, 8, null], 'abcdefghABCDEFGH'],
  ]
  test.each(cases)('%s', async (_name, fault, results, text) => {
    const run = await runWorker('outcomes.mjs', { args: [form], order, faults: [fault] })
    expect(run.stderr).toBe('')
    expect((JSON.parse(run.stdout) as [string, unknown][]).map(([, result]) => result)).toEqual(
      results,
    )
    expect(stateText(run, 'log')).toBe(text)
    expect(proofs(run.marks)).toHaveLength(fault.text === 'quota' && results[2] === 8 ? 0 : 1)
  })

  test.each<[string, number, HookAct]>([
    ['a lie at a write', 2, { kind: 'lie' }],
    ['dropped pages at a write', 2, { kind: 'error', code: 'EIO', drop: true }],
    ['a short write at a sync', 3, { kind: 'short', bytes: 1 }],
    ['some bytes and an error at a sync', 3, { kind: 'error', code: 'EIO', bytes: 1 }],
    ['a short write that is all of it', 2, { kind: 'short', bytes: 8 }],
    ['a short write of more than there is', 2, { kind: 'short', bytes: 9 }],
    ['all bytes and an error', 2, { kind: 'error', code: 'EIO', bytes: 8 }],
    ['a kill behind more bytes than there are', 2, { kind: 'kill-inside', bytes: 9 }],
  ])('%s does not fit, does not fire and is not proven', async (_name, n, act) => {
    const faults = [faultAt(n, act)]
    const run = await runWorker('outcomes.mjs', { args: [form], order, faults })
    expect([run.code, proofs(run.marks)]).toEqual([0, []])
    expect(stateText(run, 'log')).toBe('abcdefghABCDEFGH')
  })
})

test('a quota is of the state directory: marks take no room', async () => {
  const fault: HookFault = {
    text: 'quota',
    at: { kind: 'quota', stream: '1', bytes: lines(2).length },
    act: { kind: 'error', code: 'ENOSPC' },
  }
  const run = await runWorker('append.mjs', { faults: [fault] })
  expect(proofs(run.marks)).toMatchObject([{ op: 8 }])
  expect(stateText(run, 'log')).toBe(lines(2))
})

test('the log says which sync dropped its pages and which one lied', async () => {
  const faults = [
    faultAt(3, { kind: 'error', code: 'EIO', drop: true }),
    faultAt(5, { kind: 'lie' }),
  ]
  const run = await runWorker('outcomes.mjs', { args: ['callback'], lane: 'recording', faults })
  const [trace] = run.traces
  expect(trace?.ops.map(({ op, result }) => [op.kind, result])).toEqual([
    ['open', { created: true }],
    ['write', { written: 8 }],
    ['datasync', { code: 'EIO', dropped: true }],
    ['write', { written: 8 }],
    ['datasync', { lied: true }],
  ])
  expect(trace?.faults).toEqual(['error@3', 'lie@5'])
})

test('errors at names: EMFILE and EACCES at an open, EROFS at a rename, with their paths', async () => {
  const faults = [
    faultAt(1, { kind: 'error', code: 'EMFILE' }),
    faultAt(2, { kind: 'error', code: 'EACCES' }),
    faultAt(4, { kind: 'error', code: 'EROFS' }),
  ]
  const run = await runWorker('names.mjs', { faults })
  const at = (name: string): string => join(run.state, name)
  expect(JSON.parse(run.stdout)).toEqual([
    `EMFILE: too many open files, open '${at('a')}'`,
    `EACCES: permission denied, open '${at('a')}'`,
    null,
    `EROFS: read-only file system, rename '${at('a')}' -> '${at('b')}'`,
    null,
  ])
})

describe('reads', () => {
  const read = (n: number, code: 'EIO' | 'EACCES', sticky = false): HookFault => ({
    text: `read@${n}`,
    at: { kind: 'read', stream: '1', n },
    act: { kind: 'error', code, sticky },
  })
  const results = async (fault: HookFault): Promise<unknown> => {
    const run = await runWorker('reads.mjs', { faults: [fault] })
    expect(proofs(run.marks)).toHaveLength(1)
    return JSON.parse(run.stdout)
  }
  const whole = ['open', 'data', 'data', 'data', ['log'], 'stat', true, 'data']

  test('are numbered on their own: without a fault all of them succeed', async () => {
    const run = await runWorker('reads.mjs', { lane: 'recording' })
    expect(JSON.parse(run.stdout)).toEqual(whole)
    const numbers = run.traces[0]?.reads.map(({ r }) => r).sort((a, b) => a - b) ?? []
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1))
    expect(new Set(run.traces[0]?.reads.map(({ kind }) => kind))).toEqual(
      new Set(['open', 'read', 'list', 'look']),
    )
  })

  test('EACCES at an open for reading', async () => {
    expect(await results(read(1, 'EACCES'))).toEqual(['EACCES', ...whole.slice(1)])
  })

  test('EIO at a read', async () => {
    expect(await results(read(2, 'EIO'))).toEqual(['EIO', ...whole.slice(1)])
  })

  test('EIO at every read from one on', async () => {
    expect(await results(read(1, 'EIO', true))).toEqual([
      ...whole.slice(0, 6).map(() => 'EIO'),
      false,
      'EIO',
    ])
  })
})

test('a slow sync is told after the ops that overtake it, or when nothing else happens', async () => {
  const order = async (ops: number): Promise<unknown> => {
    const run = await runWorker('slow.mjs', {
      faults: [faultAt(3, { kind: 'slow', ops })],
    })
    expect(proofs(run.marks)).toHaveLength(1)
    return JSON.parse(run.stdout)
  }
  expect(await order(2)).toEqual(['write 1', 'write 2', 'sync', 'write 3'])
  expect(await order(1_000)).toEqual(['write 1', 'write 2', 'write 3', 'sync'])
})

test('the size of what a kill inside a write leaves is its bytes, for all of them', async () => {
  const sizes = await Promise.all(
    [0, 1, 3, 6].map(async (bytes) => {
      const faults = [faultAt(2, { kind: 'kill-inside', bytes })]
      const run = await runWorker('append.mjs', { faults })
      return statSync(join(run.state, 'log')).size
    }),
  )
  expect(sizes).toEqual([0, 1, 3, 6])
})
