/**
 * What the disk door costs: per op in each lane, and at the start of a process.
 *
 *   npx tsx bench/disk-door.ts [rounds]
 *
 * One process per lane stays alive and runs short blocks in turns with the others, so that a busy machine slows all of them
 * alike, and the least disturbed block of each is taken. The fast file system is a memory one where there is one: it shows the door and not the
 * disk.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildPreload } from '../harness/hooks/build.ts'
import { reportRows, type Row } from './row.ts'

interface Side {
  readonly name: string
  /** `undefined`: without the preload. */
  readonly lane?: string
  readonly order?: string
  /** Fewer ops per block, for a slow lane. */
  readonly slow?: boolean
}

const sides: readonly Side[] = [
  { name: 'bare' },
  { name: 'plain', lane: 'plain', order: 'serial' },
  { name: 'plain, native', lane: 'plain', order: 'native' },
  { name: 'counted', lane: 'counted', order: 'serial' },
  { name: 'recording', lane: 'recording', order: 'serial', slow: true },
]

const rounds = Number(process.argv[2] ?? 40)
const preload = await buildPreload()
const fast = existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
const disk = process.env['KILLPOINT_BENCH_DIR'] ?? os.tmpdir()

const rows: Row[] = []
for (const [what, where, count] of [
  ['write', fast, 2_000],
  ['write and datasync', fast, 1_000],
  ['promise write', fast, 200],
  ['open, close and unlink', fast, 200],
  ['writeFile', fast, 200],
  ['write', disk, 2_000],
  ['write and datasync', disk, 10],
  ['promise write', disk, 200],
] as const) {
  const [bare, ...others] = await measure(what, where, count)
  const [plain = Number.NaN] = others
  const told = others.map((ratio, index) => `${sides[index + 1]?.name} ${ratio.toFixed(2)} x`)
  rows.push({
    what: `${what} (${where === fast ? 'memory' : 'disk'})`,
    measured: `${told.join(', ')} (bare ${(bare ?? Number.NaN).toFixed(2)} µs)`,
    wanted: 'plain <= 1.5 x',
    holds: plain <= 1.5,
  })
}
rows.push({ what: 'start', measured: await measureStart(), wanted: '', holds: true })
reportRows(rows)
/** Microseconds of an op without hooks, and what each lane costs as a multiple of it. */
async function measure(what: string, where: string, count: number): Promise<readonly number[]> {
  const directory = mkdtempSync(join(where, 'killpoint-bench-'))
  const workers = sides.map((side, index) => start(side, join(directory, String(index))))
  try {
    const times: number[][] = sides.map(() => [])
    for (let round = -3; round < rounds; round += 1) {
      for (const [index, worker] of workers.entries()) {
        const ops = sides[index]?.slow === true ? Math.ceil(count / 10) : count
        const nanoseconds = await worker.run(what, ops)
        if (round >= 0) times[index]?.push(nanoseconds)
      }
    }
    const [bare = Number.NaN, ...others] = times.map((each) => Math.min(...each))
    return [bare / 1_000, ...others.map((time) => time / bare)]
  } finally {
    for (const { child } of workers) child.stdin?.end()
    await Promise.all(workers.map(({ child }) => ended(child)))
    rmSync(directory, { recursive: true })
  }
}

interface Worker {
  readonly child: ChildProcess
  readonly run: (what: string, count: number) => Promise<number>
}

function start(side: Side, directory: string): Worker {
  const state = join(directory, 'state')
  const trace = join(directory, 'trace')
  mkdirSync(state, { recursive: true })
  mkdirSync(trace)
  const child = spawn(
    process.execPath,
    [
      ...(side.lane === undefined ? [] : ['--require', preload]),
      fileURLToPath(new URL('disk-door-worker.mjs', import.meta.url)),
      state,
    ],
    { env: environment(side, state, trace), stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    run: async (what, count) => {
      child.stdin.write(`${what} ${count}\n`)
      const { value } = (await lines.next()) as { value: string }
      return Number(value)
    },
  }
}

function environment(side: Side, state: string, trace: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    ...(side.lane === undefined
      ? {}
      : {
          KILLPOINT_DIR: state,
          KILLPOINT_LANE: side.lane,
          KILLPOINT_ORDER: side.order ?? 'serial',
          KILLPOINT_TRACE_DIR: trace,
        }),
  }
}

/** Milliseconds from start to end of a process that does nothing, bare, with a preload that does nothing, and hooked. */
async function measureStart(): Promise<string> {
  const directory = mkdtempSync(join(fast, 'killpoint-bench-'))
  const empty = join(directory, 'empty.cjs')
  writeFileSync(empty, '')
  const run = async (args: readonly string[]): Promise<number> => {
    const begin = performance.now()
    await ended(
      spawn(process.execPath, [...args, empty], {
        env: { PATH: process.env['PATH'], KILLPOINT_DIR: directory },
        stdio: 'ignore',
      }),
    )
    return performance.now() - begin
  }
  const ways = [[], ['--require', empty], ['--require', preload]]
  const times: number[][] = ways.map(() => [])
  for (let round = 0; round < 2 * rounds; round += 1) {
    for (const [index, way] of ways.entries()) times[index]?.push(await run(way))
  }
  rmSync(directory, { recursive: true })
  const [bare = 0, requiring = 0, hooked = 0] = times.map((each) => Math.min(...each))
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  return `start: bare ${ms(bare)}, with an empty preload +${ms(requiring - bare)}, with the hooks +${ms(hooked - bare)}`
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
}
