/**
 * What the native hooks cost a program in another language, as multiples of its own CPU time.
 *
 *   npx tsx bench/native.ts [rounds]
 *
 * `dd` copies blocks of 200 bytes into a file in memory: nothing but reads and writes. The rounds of all sides take turns, and of
 * each the least disturbed is taken. strace stands beside them: it sees what the hooks cannot, at that price.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { buildNativeHooks } from '../harness/native/build.ts'
import { reportRows } from './row.ts'

const rounds = Number(process.argv[2] ?? 5)
const hooks = await buildNativeHooks()
if (hooks.kind === 'missing') throw new Error(hooks.why)
const { library } = hooks
const parent = existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
const root = mkdtempSync(join(parent, 'killpoint-bench-native-'))

interface Side {
  readonly name: string
  readonly environment?: Readonly<Record<string, string>>
  readonly strace?: boolean
  /** Writes of one run: the kernel counts CPU time in ticks, so a fast side needs many. */
  readonly writes: number
}

const distant = 'op 1000000000 kill before 0 0 0 -'
const sides: readonly Side[] = [
  { name: 'bare', writes: 200_000 },
  { name: 'no fault', environment: { KILLPOINT_LANE: 'plain' }, writes: 200_000 },
  {
    name: 'a fault to come',
    environment: { KILLPOINT_LANE: 'plain', KILLPOINT_NATIVE_FAULTS: distant },
    writes: 200_000,
  },
  { name: 'counted', environment: { KILLPOINT_LANE: 'counted' }, writes: 100_000 },
  { name: 'recording', environment: { KILLPOINT_LANE: 'recording' }, writes: 50_000 },
  { name: 'strace', strace: true, writes: 20_000 },
]

try {
  const best = new Map<string, number>()
  for (let round = 0; round < rounds; round += 1)
    for (const side of sides.filter(({ strace }) => strace !== true || hasStrace()))
      best.set(side.name, Math.min(best.get(side.name) ?? Infinity, cpuUs(side, round)))
  const bare = best.get('bare') ?? Number.NaN
  const ratio = (name: string): number => (best.get(name) ?? Number.NaN) / bare
  const told = [...best.keys()].slice(1).map((name) => `${name} ${ratio(name).toFixed(1)} x`)
  reportRows([
    {
      what: 'dd, writes of 200 bytes to memory',
      measured: `${told.join(', ')} (bare ${bare.toFixed(2)} µs a write)`,
      wanted: 'no fault <= 1.5 x',
      holds: ratio('no fault') <= 1.5,
    },
  ])
} finally {
  rmSync(root, { recursive: true })
}

/** CPU microseconds of one write of `dd`, as the shell that started it counts them. */
function cpuUs({ name, environment, strace, writes }: Side, round: number): number {
  const place = join(root, `${name.replaceAll(' ', '-')}-${round}`)
  const [state, trace] = [join(place, 'state'), join(place, 'trace')]
  for (const path of [place, state, trace]) mkdirSync(path)
  const copy = `dd if=/dev/zero of=${state}/file bs=200 count=${writes} 2>&1`
  const set = { ...environment, KILLPOINT_DIR: state, KILLPOINT_NATIVE_DIR: trace }
  const assigned = Object.entries({ ...set, LD_PRELOAD: library }).map(
    ([key, value]) => `${key}='${value}'`,
  )
  const command = strace ? `strace -f -o /dev/null -e trace=write ${copy}` : copy
  const prefix = environment === undefined ? '' : `env ${assigned.join(' ')} `
  const said = execFileSync('/bin/sh', ['-c', `${prefix}${command} > /dev/null; times`], {
    encoding: 'utf8',
  })
  rmSync(place, { recursive: true })
  const children = said.trim().split('\n').at(-1) ?? ''
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => ((Number(minutes) * 60 + Number(seconds)) * 1e6) / writes)
    .reduce((sum, each) => sum + each, 0)
}

function hasStrace(): boolean {
  return ['/usr/bin/strace', '/usr/local/bin/strace', '/bin/strace'].some((path) =>
    existsSync(path),
  )
}
