import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { readImage } from '../../../harness/directory-image.ts'
import { buildPreload } from '../../../harness/hooks/build.ts'
import {
  faultAt,
  fixture,
  processState,
  runWorker,
  scratch,
  stateText,
  until,
} from './run-worker.ts'
import type { Place, WorkerRun } from './run-worker.ts'

/** Phases in a count file, as `op` (begun) and `op+` (ended). */
function phases(run: Place): string[] {
  const bytes = readFileSync(join(run.trace, '1.count'))
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => {
    const value = bytes.readUInt32LE(4 * index)
    return `${value >>> 1}${value % 2 === 1 ? '+' : ''}`
  })
}

describe('plain lane', () => {
  test('leaves nothing behind but who it was', async () => {
    const run = await runWorker('append.mjs')
    expect([run.code, run.stdout, run.stderr]).toEqual([0, '', ''])
    expect(readdirSync(run.trace)).toEqual(['1.pid'])
  })
})

describe('counted lane', () => {
  test.each(['append.mjs', 'append-async.mjs'])(
    '%s: each op begins and ends once',
    async (file) => {
      const run = await runWorker(file, { lane: 'counted', args: ['2'] })
      expect(phases(run)).toEqual([1, 2, 3, 4, 5, 6, 7].flatMap((n) => [`${n}`, `${n}+`]))
    },
  )

  test.each([
    ['before', 5, ['5'], 1],
    ['after', 5, ['5', '5+'], 2],
  ] as const)('a kill %s op 5 is read back exactly', async (phase, n, last, lines) => {
    const faults = [faultAt(n, { kind: 'kill', phase })]
    const run = await runWorker('append.mjs', { lane: 'counted', faults })
    expect(phases(run).slice(8)).toEqual(last)
    expect(stateText(run, 'log')?.split('\n').length).toBe(lines + 1)
  })

  test('after a kill at any time the count agrees with the file', async () => {
    const runs = await Promise.all(
      [0, 1, 2, 3].map((extra) =>
        runWorker('append.mjs', {
          lane: 'counted',
          args: ['100000'],
          meanwhile: async (pid, place) => {
            const path = join(place.state, 'log')
            while (!existsSync(path) || readFileSync(path).length < 1000 * (extra + 1)) {
              await new Promise((resolve) => setImmediate(resolve))
            }
            process.kill(pid, 'SIGKILL')
          },
        }),
      ),
    )
    for (const run of runs) checkCount(run)
  })
})

/** Line i is written by op 3i - 1: what the count says must be what the file holds. */
function checkCount(run: WorkerRun): void {
  expect(run.signal).toBe('SIGKILL')
  const last = phases(run).at(-1) ?? ''
  const n = Number.parseInt(last)
  const whole = (stateText(run, 'log') ?? '').split('\n').length - 1
  const written = Math.floor((n + 1) / 3)
  const under = n % 3 === 2 && !last.endsWith('+')
  if (under) expect([written - 1, written]).toContain(whole)
  else expect(whole).toBe(written)
}

describe('serial order', () => {
  test('50 runs of loops that race leave one state and one trace', async () => {
    const seen = new Set<string>()
    for (let round = 0; round < 10; round += 1) {
      const runs = await Promise.all(
        [0, 1, 2, 3, 4].map(() =>
          runWorker('race.mjs', { lane: round < 8 ? 'plain' : 'recording' }),
        ),
      )
      for (const run of runs) {
        expect(run.stderr).toBe('')
        const hash = createHash('sha256')
        for (const [path, entry] of await readImage(run.state)) {
          hash.update(path).update(entry.kind === 'file' ? entry.bytes : entry.kind)
        }
        seen.add(hash.digest('hex'))
      }
    }
    expect(seen.size).toBe(1)
  })
})

describe('the ledger', () => {
  test('opened by its path, a line of it is an op as well, and a kill strikes there', async () => {
    const run = await runWorker('by-path.mjs', { lane: 'recording' })
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(run.traces[0]?.ops.map(({ n, op }) => `${n} ${op.kind}`)).toEqual([
      '1 mark',
      '2 mark',
      '3 mark',
      '4 mark',
    ])
    for (const op of [2, 3, 4]) {
      const killed = await runWorker('by-path.mjs', {
        faults: [faultAt(op, { kind: 'kill', phase: 'before' })],
      })
      const lives = killed.marks.filter(({ mark }) => mark === 'begin').map(({ life }) => life)
      expect(lives).toEqual([1, 2, 3].slice(0, op - 1))
    }
  })
})

describe('streams', () => {
  test('threads, children and their children have numbers of their own, whatever their environment', async () => {
    const run = await runWorker('family.mjs', { lane: 'recording' })
    expect([run.code, run.stderr]).toEqual([0, ''])
    const log = run.traces.map(({ stream, ops }) => {
      const texts = ops.map(({ bytes }) =>
        Buffer.from(bytes ?? [])
          .toString()
          .trim(),
      )
      return `${stream}: ${texts.filter((text) => text !== '').join(', ')}`
    })
    expect(log).toEqual([
      '1: first, last 3',
      '1.0.1: thread 1',
      '1.0.2: thread 2',
      '1.1: child',
      '1.1.1: grandchild',
      '1.2: bare',
      '1.3: shell',
      '1.3.0.0.1: shell',
    ])
    expect(run.traces[0]?.forks).toEqual(['1.0.1', '1.0.2', '1.1', '1.2', '1.3'])
  })

  test('threads have the hooks, whatever environment and options the program gives them', async () => {
    const place = scratch()
    const bundle = join(place, 'worker.cjs')
    const hooks = fileURLToPath(new URL('../../../harness/hooks/preload.ts', import.meta.url))
    await build({
      stdin: {
        contents: `import ${JSON.stringify(hooks)}\nimport ${JSON.stringify(fixture('threads.cjs'))}`,
        resolveDir: place,
      },
      // As the live engine does it: the hooks are a part of the program, and only children load the built file.
      define: {
        __filename: JSON.stringify(await buildPreload()),
        THREAD: JSON.stringify(fixture('thread.cjs')),
      },
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      ignoreAnnotations: true,
      logLevel: 'silent',
    })
    const run = await runWorker(bundle, { place, bare: true, lane: 'recording' })
    expect([run.code, run.stderr]).toEqual([0, ''])
    const streams = run.traces.map(({ stream, ops }) => [stream, ops.length])
    expect(streams).toEqual([
      ['1', 0],
      ['1.0.1', 2],
      ['1.0.2', 2],
      ['1.0.3', 2],
      ['1.0.4', 2],
    ])
  })

  test('SIGSTOP from a thread holds the thread too', async () => {
    const run = await runWorker('family.mjs', {
      faults: [faultAt(2, { kind: 'stop', phase: 'before' }, '1.0.1')],
      meanwhile: async (pid, place) => {
        await until(() => processState(pid) === 'T')
        expect(stateText(place, 'log')).toBe('first\n')
        process.kill(pid, 'SIGCONT')
      },
    })
    expect([run.code, run.marks.length]).toEqual([0, 1])
  })

  test.each(['1.0.2', '1.1', '1.1.1', '1.2', '1.3'])(
    'a fault in stream %s strikes there and is proven',
    async (stream) => {
      const fault = faultAt(2, { kind: 'kill', phase: 'before' }, stream)
      const run = await runWorker('family.mjs', { faults: [fault] })
      expect(run.marks).toEqual([{ mark: 'fault', life: 1, fault: 'kill@2', stream, op: 2 }])
      const threads = stream.startsWith('1.0.')
      expect(threads ? run.signal : run.code).toBe(threads ? 'SIGKILL' : stream === '1.2' ? 0 : 1)
    },
  )
})
