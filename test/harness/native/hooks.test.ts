/** The native hooks in real processes: what they see is what is on the disk, and every fault fires and is proven. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compareImages, readImage, rebuildDirectory } from '../../../harness/directory-image.ts'
import type { HookAct, HookFault } from '../../../harness/hooks/fault.ts'
import { readCount } from '../../../harness/live/count.ts'
import { processState, signalProcess } from '../../../harness/live/process-state.ts'
import { whyUnseen } from '../../../harness/native/sight.ts'
import { describeOp } from '../../../harness/op.ts'
import type { Trace } from '../../../harness/trace.ts'
import {
  faultAt,
  fixture,
  python,
  runNative,
  scratch,
  whyNot,
  type NativeRun,
} from './run-native.ts'

describe.runIf(whyNot === undefined)('native hooks: sight', () => {
  it('see every form as its ops, and nothing else', async () => {
    const run = await runNative({ args: [fixture('forms.py')] })
    expect(run.stderr).toBe('')
    expect(run.code).toBe(0)
    const [trace] = run.traces
    const seen = formsOf(trace)
    expect(seen.get('threads')?.length).toBe(4 * 21)
    seen.delete('threads')
    expect(Object.fromEntries(seen)).toMatchSnapshot()
  })

  it('log what is on the disk, byte for byte, over threads, forks and other programs', async () => {
    const run = await runNative({ args: [fixture('forms.py')] })
    const real = await readImage(run.state)
    expect(compareImages(rebuildDirectory(run.traces), real)).toEqual([])
    expect(real.size).toBeGreaterThan(12)
    expect(run.traces.map(({ stream, torn }) => [stream, torn])).toEqual([['1', 0]])
  })

  it('do not see stores to a mapping, and that is noticed', async () => {
    const run = await runNative({ args: [fixture('forms.py'), 'open_and_write', 'mapped'] })
    expect(await whyUnseen([run.traces], run.state)).toMatch(
      /^logged and real differ: mapped: file "\\u0000/,
    )
  })

  it.each<readonly [string, string, string | undefined]>([
    ['', 'a file that is stored into', 'it maps file, and what it stores there is no op'],
    ['access=mmap.ACCESS_READ', 'no file that is only read', undefined],
    ['flags=mmap.MAP_PRIVATE', 'no copy of its own', undefined],
  ])('tell of a mapping (%s), where nothing differs: %s', async (how, _, why) => {
    const text = `import mmap, os
fd = os.open(os.environ["KILLPOINT_DIR"] + "/file", os.O_CREAT | os.O_RDWR)
os.ftruncate(fd, 4096)
mmap.mmap(fd, 4096, ${how}).close()`
    const run = await runNative({ args: ['-c', text] })
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(await whyUnseen([run.traces], run.state)).toBe(why)
  })

  it('but not of the index of a write-ahead log of SQLite', async () => {
    const text = `import os, sqlite3
database = sqlite3.connect(os.environ["KILLPOINT_DIR"] + "/journal.db")
database.execute("PRAGMA journal_mode = WAL")
database.execute("CREATE TABLE t (a)")
os._exit(0)`
    const run = await runNative({ args: ['-c', text] })
    expect(run.traces[0]?.mapped).toContain('journal.db-shm')
    expect([...(await readImage(run.state)).keys()]).toContain('journal.db-shm')
    expect(await whyUnseen([run.traces], run.state)).toBeUndefined()
  })

  it.each(['worker.py', 'worker.sh', 'worker.mjs'])(
    'rebuild the directory of %s from its log',
    async (name) => {
      const run = await runNative(example(name))
      expect(run.stderr).toBe('')
      expect(run.marks.at(-1)).toMatchObject({ mark: 'done' })
      expect(await whyUnseen([run.traces], run.state)).toBeUndefined()
    },
  )

  it('count the same ops in 20 of 20 runs of one seed', async () => {
    const kinds = new Set<string>()
    for (let round = 0; round < 20; round += 1) {
      const run = await runNative({ ...example('worker.py'), lane: 'counted' })
      const { begun, open } = readCount(join(run.trace, '1.count')) ?? { begun: 0, open: [] }
      kinds.add(`${begun} ops, ${open.length} open`)
    }
    expect(kinds.size).toBe(1)
    expect([...kinds][0]).toMatch(/^\d{2,3} ops, 0 open$/)
  })
})

const act = (kind: 'kill' | 'terminate', phase: 'before' | 'after'): HookAct => ({ kind, phase })

describe.runIf(whyNot === undefined)('native hooks: faults', () => {
  // open 1, write 2, sync 3, write 4, sync 5, write 6, sync 7, mark 8
  it.each<readonly [string, number, HookAct, string, string]>([
    ['kill before a write', 4, act('kill', 'before'), '10 None', '0123456789'],
    ['kill after a write', 4, act('kill', 'after'), '10 None', '01234567890123456789'],
    ['kill inside a write', 4, { kind: 'kill-inside', bytes: 3 }, '10 None', '0123456789012'],
    ['terminate', 5, act('terminate', 'before'), '10 None 10', '01234567890123456789'],
  ])('%s', async (_, n, what, said, content) => {
    const run = await strike([faultAt(n, what)])
    expect(run.signal).toBe(what.kind === 'terminate' ? 'SIGTERM' : 'SIGKILL')
    expect(told(run)).toBe(said)
    expect(readFileSync(join(run.state, 'file'), 'utf8')).toBe(content)
    expect(run.marks).toEqual([{ mark: 'fault', life: 1, fault: 'X', stream: '1', op: n }])
    expect(run.traces[0]?.fired).toMatchObject([{ fault: 'X', n }])
  })

  it.each<readonly [string, HookFault, string]>([
    [
      'an error',
      faultAt(4, { kind: 'error', code: 'EIO' }),
      '10 None Input/output error None 10 None',
    ],
    [
      'an error behind some bytes, and at the next write',
      faultAt(2, { kind: 'error', code: 'ENOSPC', bytes: 4 }),
      '4 None No space left on device None 10 None',
    ],
    [
      'a sticky error',
      faultAt(2, { kind: 'error', code: 'EROFS', sticky: true }),
      'Read-only file system None Read-only file system None Read-only file system None',
    ],
    [
      'a failed sync',
      faultAt(3, { kind: 'error', code: 'EIO', drop: true }),
      '10 Input/output error 10 None 10 None',
    ],
    ['a short write', faultAt(4, { kind: 'short', bytes: 7 }), '10 None 7 None 10 None'],
    ['a lie', faultAt(5, { kind: 'lie' }), '10 None 10 None 10 None'],
    [
      'a full disk',
      {
        text: 'X',
        at: { kind: 'quota', stream: '1', bytes: 15 },
        act: { kind: 'error', code: 'ENOSPC' },
      },
      '10 None 5 None No space left on device None',
    ],
  ])('%s', async (_, fault, said) => {
    const run = await strike([fault])
    expect(told(run)).toBe(said)
    expect(run.code).toBe(0)
    expect(run.marks.map(({ mark, fault: text }) => text ?? mark)).toEqual(['X', 'done'])
    expect(run.traces[0]?.ops.length).toBe(8)
    expect(compareImages(rebuildDirectory(run.traces), await readImage(run.state))).toEqual([])
  })

  it('a lie and dropped pages are in the log', async () => {
    const lied = await strike([faultAt(3, { kind: 'lie' })])
    expect(lied.traces[0]?.ops[2]?.result).toEqual({ lied: true })
    const dropped = await strike([faultAt(3, { kind: 'error', code: 'EIO', drop: true })])
    expect(dropped.traces[0]?.ops[2]?.result).toEqual({ code: 'EIO', dropped: true })
  })

  it('no fault strikes an op that it does not fit, and none is proven', async () => {
    const run = await strike([
      faultAt(2, { kind: 'lie' }),
      faultAt(2, { kind: 'error', code: 'EIO', drop: true }),
      faultAt(3, { kind: 'short', bytes: 2 }),
      faultAt(3, { kind: 'error', code: 'EIO', bytes: 2 }),
      faultAt(4, { kind: 'short', bytes: 10 }),
      faultAt(4, { kind: 'error', code: 'EIO', bytes: 11 }),
      faultAt(6, { kind: 'kill-inside', bytes: 11 }),
      faultAt(8, { kind: 'error', code: 'EIO' }),
      faultAt(99, act('kill', 'before')),
    ])
    expect(told(run)).toBe('10 None 10 None 10 None')
    expect(run.marks.map(({ mark }) => mark)).toEqual(['done'])
  })

  it('stop, and go on when told to', async () => {
    let isSeen = false
    const run = await runNative({
      args: [fixture('strike.py')],
      lane: 'plain',
      faults: [faultAt(4, { kind: 'stop', phase: 'before' })],
      meanwhile: async (pid, { state }) => {
        while (processState(pid) !== 'stopped')
          await new Promise<void>((next) => setImmediate(next))
        isSeen = readFileSync(join(state, 'file'), 'utf8') === '0123456789'
        signalProcess(pid, 'SIGCONT')
      },
    })
    expect([isSeen, run.code, told(run)]).toEqual([true, 0, '10 None 10 None 10 None'])
  })

  it('a child that waits for a leader that is killed goes no further', async () => {
    const run = await runNative({
      file: '/bin/sh',
      args: ['-c', '"$0" "$1"; true', python, fixture('strike.py')],
      faults: [faultAt(4, { kind: 'stop', phase: 'before' })],
      meanwhile: async (pid) => {
        while (processState(pid) !== 'stopped')
          await new Promise<void>((next) => setImmediate(next))
        signalProcess(pid, 'SIGKILL')
      },
    })
    expect(run.signal).toBe('SIGKILL')
    expect(run.traces[0]?.ops.map(({ n, done }) => [n, done !== undefined])).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
    ])
  })

  it('a kill at an op of a child ends the life', async () => {
    const run = await runNative({
      ...example('worker.sh'),
      faults: [faultAt(6, act('kill', 'before'))],
    })
    expect(run.traces[0]?.ops[5]?.op.kind).toBe('rename')
    expect(run.signal).toBe('SIGKILL')
    expect(run.marks.at(-1)).toMatchObject({ mark: 'fault', op: 6 })
  })
})

if (whyNot !== undefined) it.skip(`not judged: ${whyNot}`, () => undefined)

// In one line: the shell script reads it off the text.
const workload = join(scratch(), 'workload.json')
writeFileSync(
  workload,
  JSON.stringify({
    root: {
      kind: 'sequence',
      of: [
        { kind: 'step', id: 'a', effect: 'keyed' },
        { kind: 'step', id: 'b', effect: 'once' },
      ],
    },
    inFlightMax: 1,
  }),
)

async function strike(faults: readonly HookFault[]): Promise<NativeRun> {
  return await runNative({ args: [fixture('strike.py')], faults })
}

/** What the program saw, in one line. */
function told({ stdout }: NativeRun): string {
  return stdout.trim().replaceAll('\n', ' ')
}

/** A worker of the examples over two steps. */
function example(name: string): Parameters<typeof runNative>[0] {
  const files = { py: python, sh: '/bin/sh', mjs: process.execPath }
  const path = fileURLToPath(new URL(`../../../examples/commands/${name}`, import.meta.url))
  return {
    file: files[name.split('.')[1] as keyof typeof files],
    args: [path],
    environment: {
      KILLPOINT_VERB: 'run',
      KILLPOINT_RUN_ID: 'run',
      KILLPOINT_SEED: 'seed',
      KILLPOINT_TAKEOVER: 'if-dead',
      KILLPOINT_WORKLOAD: workload,
      UV_USE_IO_URING: '0',
    },
  }
}

/** The ops of each form, as text; they stand between its mark and the next. */
function formsOf(trace: Trace | undefined): Map<string, string[]> {
  const forms = new Map<string, string[]>()
  let current: string[] = []
  for (const { op, bytes, result } of trace?.ops ?? []) {
    if (op.kind === 'mark') {
      const { text } = JSON.parse(Buffer.from(bytes ?? []).toString()) as { text: string }
      current = []
      forms.set(text, current)
    } else current.push(`${describeOp(op)}${result.code === undefined ? '' : ` ${result.code}`}`)
  }
  return forms
}
