/**
 * A run of 500 trivial steps, end to end, against a bare loop of `writeSync` and `fdatasyncSync` over the same bytes.
 *
 *   node --import tsx bench/launch.ts loop [rounds]
 *
 * It writes under the system's temporary directory, or under KILLPOINT_BENCH_DIR: that should be a real disk. The last
 * line is the work of the processor alone, without a disk: what the runtime adds to each step.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { JournalBackend } from '../src/journal.ts'
import { loop } from '../src/loop.ts'
import { createRunContext } from '../src/run-context.ts'
import type { Scope } from '../src/scope.ts'
import { step } from '../src/steps.ts'
import { inTurns, median } from './measure.ts'
import { reportRows, type Row } from './row.ts'

const steps = 500
const wanted = 0.6
const rounds = Number(process.argv[2] ?? 25)
/** How many runs there were: each gets an id of its own. */
let runs = 0

/** Commits at once and keeps nothing. */
const freeJournal: JournalBackend = {
  name: 'free',
  durability: 'memory',
  open: async (runId) => {
    let seq = 0
    return {
      runId,
      epoch: 1,
      recovered: [],
      lives: [],
      append: async (bodies) => (seq += bodies.length),
      close: async () => {},
    }
  },
  read: async () => undefined,
}

const parent = process.env['KILLPOINT_BENCH_DIR'] ?? os.tmpdir()
const dir = fs.mkdtempSync(path.join(parent, 'killpoint-bench-loop-'))
try {
  reportRows([...(await measure()), await measureWork()])
} finally {
  fs.rmSync(dir, { recursive: true })
}

async function measure(): Promise<readonly Row[]> {
  const stepLines = await linesOf(manySteps)
  const loopLines = await linesOf(manyIterations)
  const [bareSteps = [], inSteps = [], bareLoop = [], inLoop = []] = await inTurns(rounds, [
    () => writeBare(stepLines),
    () => run(manySteps),
    () => writeBare(loopLines),
    () => run(manyIterations),
  ])
  return [
    row(`${steps} steps in a driver, end to end`, bareSteps, inSteps),
    row(`${steps} iterations of a loop, end to end`, bareLoop, inLoop),
  ]
}

function row(what: string, bare: readonly number[], ours: readonly number[]): Row {
  // Of each round, because its two sides met the same disk; then the middle of all rounds. Beside it the middle of the rounds
  // in which the bare loop went at the disk's own speed: told, not judged by.
  const ratios = bare.map((ms, round) => ms / (ours[round] ?? Number.NaN))
  const ratio = median(ratios)
  const calmMs = Math.min(...bare) * 1.2
  const calm = median(ratios.filter((_, round) => (bare[round] ?? Infinity) <= calmMs))
  const micros = (times: readonly number[]): string =>
    `${((median(times) / steps) * 1000).toFixed(0)} us`
  return {
    what,
    measured: `${ratio.toFixed(2)} of the bare loop, ${calm.toFixed(2)} while the disk was calm (${micros(ours)} each, bare ${micros(bare)})`,
    wanted: String(wanted),
    holds: ratio >= wanted,
  }
}

type Work = (scope: Scope) => Promise<number>

async function manySteps(scope: Scope): Promise<number> {
  let sum = 0
  for (let index = 0; index < steps; index++) sum += await step(scope, 'work', () => index)
  return sum
}

async function manyIterations(scope: Scope): Promise<number> {
  return loop(scope, 'work', {
    initial: 0,
    iterate: async (state, _, index) => ({ state: state + index, done: index === steps - 1 }),
  })
}

/** From the open of a new run to its close; gives the run's directory name. */
async function run(work: Work, backend?: JournalBackend): Promise<void> {
  const runId = `run${(runs += 1)}`
  const own = backend === undefined ? {} : { backend, inbox: false as const }
  const context = await createRunContext({ dir, runId, ...own })
  await context.drive({ name: 'bench', run: work }, null)
  await context.close()
}

/** What such a run writes, batch by batch. */
async function linesOf(work: Work): Promise<readonly Buffer[]> {
  await run(work)
  const segment = path.join(dir, `run${runs}`, '000001.log')
  const lines = fs.readFileSync(segment, 'latin1').split('\n')
  return lines.filter((line) => line.length > 0).map((line) => Buffer.from(`${line}\n`, 'latin1'))
}

function writeBare(lines: readonly Buffer[]): void {
  const file = path.join(dir, 'bare')
  const fd = fs.openSync(file, 'w')
  for (const line of lines.slice(-steps)) {
    fs.writeSync(fd, line)
    fs.fdatasyncSync(fd)
  }
  fs.closeSync(fd)
}

/** The same steps over a journal that costs nothing. */
async function measureWork(): Promise<Row> {
  const times: number[] = []
  for (let round = 0; round < 40; round++) {
    const before = process.cpuUsage()
    await run(manySteps, freeJournal)
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / steps)
  }
  const micros = median(times)
  return {
    what: 'work of the processor for one step, without a disk',
    measured: `${micros.toFixed(0)} us`,
    wanted: '40 us',
    holds: micros <= 40,
  }
}
