/**
 * What a cycle of the live engine costs: one life that is killed, and one that recovers and ends the run.
 *
 *   npx tsx bench/live.ts [rounds] [cycles per round]
 *
 * All ways take turns in one process, so that a busy machine slows each of them alike, and ratios of medians are printed.
 *
 *   bare         two `node -e 0`, one after the other: what no harness can go below
 *   live         the engine, plain lane, over the toy worker of the tests
 *   by hand      the test that one writes without it: execa starts the same worker through tsx, waits until there is something in
 *                its journal, kills it, starts it again
 *   reference    the engine over the reference runtime
 *
 * Bare processes get the environment that the engine gives, not the machine's: some variables make Node itself slower.
 */
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { parseSchedule } from '../harness/fault-parse.ts'
import { systemVariables } from '../harness/life.ts'
import type { LiveCase } from '../harness/live/case.ts'
import { openLive } from '../harness/live/engine.ts'
import type { LiveEngine } from '../harness/live/engine.ts'
import { baseEnvironment } from '../harness/live/environment.ts'
import { defaultScratchParent } from '../harness/live/scratch.ts'
import type { BackendSystem } from '../harness/system.ts'
import type { Workload } from '../harness/workload.ts'
import { reportRows, type Row } from './row.ts'

const jobs = 2
const [rounds = 5, cycles = 20] = process.argv.slice(2).map(Number)

const toyFile = fileURLToPath(new URL('../test/harness/live/fixtures/toy.ts', import.meta.url))
const toy: BackendSystem = {
  kind: 'backend',
  name: 'toy',
  program: { kind: 'script', entry: toyFile },
  claims: ['process'],
  takeoverMsMax: 0,
}
const reference: BackendSystem = {
  ...toy,
  name: 'reference',
  program: {
    kind: 'script',
    entry: source('../harness/systems/reference/worker.ts'),
    modules: { 'killpoint:backend': source('../harness/systems/reference/file-backend.ts') },
  },
}
const workload: Workload = {
  root: {
    kind: 'sequence',
    of: ['a', 'b', 'c'].map((id) => ({ kind: 'step', id, effect: 'keyed' })),
  },
  inFlightMax: 1,
}
const environment = baseEnvironment(toy)
const scratch = mkdtempSync(join(defaultScratchParent(), 'killpoint-bench-'))

interface Sample {
  readonly msPerCycle: number
  /** Of this process alone. */
  readonly cpuMsPerCycle: number
  /** Of this process and all that it started: what limits throughput, and what a busy machine blurs least. */
  readonly allCpuMsPerCycle: number
}

const samples = new Map<string, Sample[]>()
const rows: Row[] = []
const names = {
  bare: 'two bare `node -e 0`',
  live: 'a toy worker',
  'by hand': 'a hand-written execa + tsx test of it',
  reference: 'the reference runtime',
} as const
let caseNumber = 0
const engines = {
  live: await openLive(toy, { jobs }),
  reference: await openLive(reference, { jobs }),
}
try {
  for (let round = 0; round < rounds; round++) {
    await measure('bare', () => inJobs(bareCycle))
    await measure('live', () => liveCycles(engines.live, 'K9'))
    await measure('by hand', () => inJobs(handCycle))
    await measure('reference', () => liveCycles(engines.reference, 'K30'))
  }
  report()
  await landings(engines.live)
  reportRows(rows)
} finally {
  await engines.live.close()
  await engines.reference.close()
  rmSync(scratch, { recursive: true })
}

async function measure(name: string, body: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage()
  const children = childrenCpuMs()
  const begun = performance.now()
  await body()
  const msPerCycle = (performance.now() - begun) / cycles
  const { user, system } = process.cpuUsage(cpu)
  const own = (user + system) / 1000
  const list = samples.get(name) ?? []
  samples.set(name, list)
  list.push({
    msPerCycle,
    cpuMsPerCycle: own / cycles,
    allCpuMsPerCycle: (own + childrenCpuMs() - children) / cycles,
  })
}

/** CPU of children that were waited for, in milliseconds; not a number where there is no /proc. */
function childrenCpuMs(): number {
  if (process.platform !== 'linux') return Number.NaN
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? []
  const msPerTick = 10
  return (Number(fields[13]) + Number(fields[14])) * msPerTick
}

function report(): void {
  console.log(`${rounds} rounds of ${cycles} cycles, ${jobs} at once; medians a cycle`)
  for (const name of samples.keys()) {
    const [ms, cpu, all] = (['msPerCycle', 'cpuMsPerCycle', 'allCpuMsPerCycle'] as const).map(
      (member) => median(name, member).toFixed(1).padStart(7),
    )
    console.log(`  ${name.padEnd(10)} ${ms} ms   CPU: harness ${cpu} ms, all ${all} ms`)
  }
  for (const [from, to, wanted] of [
    ['bare', 'live', 0.85],
    ['by hand', 'live', 5],
    ['bare', 'reference', undefined],
  ] as const) {
    const time = median(from, 'msPerCycle') / median(to, 'msPerCycle')
    const cpu = median(from, 'allCpuMsPerCycle') / median(to, 'allCpuMsPerCycle')
    rows.push({
      what: `crash and recovery, cycles a second: ${names[to]} against ${names[from]}`,
      measured: `${time.toFixed(2)} (${cpu.toFixed(2)} in CPU, ${median(to, 'msPerCycle').toFixed(0)} ms a cycle)`,
      wanted: wanted === undefined ? '' : String(wanted),
      holds: wanted === undefined || time >= wanted,
    })
  }
  const own = median('live', 'cpuMsPerCycle')
  rows.push({
    what: "the harness's own CPU for a cycle",
    measured: `${own.toFixed(1)} ms`,
    wanted: '<= 15 ms',
    holds: own <= 15,
  })
}

function median(name: string, member: keyof Sample): number {
  const values = (samples.get(name) ?? []).map((sample) => sample[member]).sort((a, b) => a - b)
  return values[Math.floor(values.length / 2)] ?? Number.NaN
}

async function inJobs(cycle: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < cycles) await cycle(next++)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}

async function bareCycle(): Promise<void> {
  for (let life = 0; life < 2; life++)
    await new Promise<void>((resolve) => {
      // Sessions of their own, like lives: the scheduler shares out time by session.
      const options = { stdio: 'ignore', env: environment, detached: true } as const
      const child = spawn(process.execPath, ['-e', '0'], options)
      child.once('exit', () => resolve())
    })
}

async function liveCycles(engine: LiveEngine, schedule: string): Promise<void> {
  const cases = Array.from({ length: cycles }, () => liveCase(schedule))
  for await (const { ending, lives } of engine.runCases(cases))
    if (ending.kind !== 'done' || lives.length !== 2)
      throw new Error(`a cycle that is none: ${JSON.stringify(ending)}, ${lives.length} lives`)
}

function liveCase(schedule: string, more: Partial<LiveCase> = {}): LiveCase {
  const id = String((caseNumber += 1))
  return { id, runId: 'run', workload, seed: 'bench', schedule: parseSchedule(schedule), ...more }
}

async function handCycle(): Promise<void> {
  const { directory, start, finish } = handRun()
  const first = start(1)
  while (
    !existsSync(join(directory, 'journal.jsonl')) ||
    statSync(join(directory, 'journal.jsonl')).size === 0
  )
    await new Promise((resolve) => setTimeout(resolve, 1))
  first.kill('SIGKILL')
  await first
  await start(2)
  finish()
}

/** What the hand-written test keeps for one run. */
function handRun(): {
  readonly directory: string
  readonly start: (life: number) => ReturnType<typeof handLife>
  readonly finish: () => string
} {
  const root = mkdtempSync(join(scratch, 'hand-'))
  const directory = join(root, 'state')
  mkdirSync(directory)
  writeFileSync(join(root, 'workload.json'), JSON.stringify(workload))
  const ledger = openSync(join(root, 'ledger.jsonl'), 'a')
  return {
    directory,
    start: (life) => handLife(root, directory, ledger, life),
    finish: () => {
      closeSync(ledger)
      const text = readFileSync(join(root, 'ledger.jsonl'), 'utf8')
      rmSync(root, { recursive: true })
      return text
    },
  }
}

function handLife(root: string, directory: string, ledger: number, life: number) {
  return execa(process.execPath, ['--import', 'tsx', toyFile], {
    reject: false,
    extendEnv: false,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', ledger as 9],
    env: {
      ...environment,
      [systemVariables.verb]: 'run',
      [systemVariables.runId]: 'run',
      [systemVariables.seed]: 'bench',
      [systemVariables.workload]: join(root, 'workload.json'),
      [systemVariables.directory]: directory,
      [systemVariables.clockMs]: '0',
      [systemVariables.takeover]: 'if-dead',
      [systemVariables.life]: String(life),
    },
  })
}

/** How many of 45 kills at a random time land between the first mark and `done`. */
async function landings(engine: LiveEngine): Promise<void> {
  const kills = 45
  const ops = 23
  const lengths: number[] = []
  for (let index = 0; index < 3; index++) {
    const { start, finish } = handRun()
    const begun = performance.now()
    await start(1)
    lengths.push(performance.now() - begun)
    finish()
  }
  const lengthMs = lengths.sort((a, b) => a - b)[1] ?? 0
  let byHand = 0
  for (let index = 0; index < kills; index++) {
    const { start, finish } = handRun()
    const child = start(1)
    // What one writes: a delay somewhere in the time that a run takes.
    await new Promise((resolve) => setTimeout(resolve, (lengthMs * (index + 0.5)) / kills))
    child.kill('SIGKILL')
    await child
    const ledger = finish()
    if (ledger.includes('"begin"') && !ledger.includes('"done"')) byHand += 1
  }
  const points = new Set<string>()
  let landed = 0
  const cases = Array.from({ length: kills }, (_, draw) =>
    liveCase('-', { randomKill: { life: 1, ops, draw } }),
  )
  for await (const run of engine.runCases(cases)) {
    if (run.landed !== undefined && run.ending.kind === 'done') landed += 1
    points.add(JSON.stringify(run.landed?.schedule))
  }
  rows.push({
    what: 'kills at a random time that land inside the run',
    measured: `${landed} of ${kills}, at ${points.size} points; by hand ${byHand} of ${kills}`,
    wanted: 'all',
    holds: landed === kills,
  })
}

function source(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
