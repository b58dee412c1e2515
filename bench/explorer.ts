/**
 * The explorer's speed: crash states of a loop over the file journal, recovered, continued to the end and judged, in one process.
 *
 * Measured in processor time of that process, start and bundling apart, so that what else runs on the machine matters less.
 */
import { CrashBench } from '../harness/explorer/crash-bench.ts'
import { runShards } from '../harness/explorer/deal-shards.ts'
import { DiskModel } from '../harness/disk-model/model.ts'
import { boundsDefaults, killStates, powerLossStates } from '../harness/disk-model/states.ts'
import { fileSystemUnderTest } from '../harness/systems/reference.ts'
import type { Trace } from '../harness/trace.ts'
import type { Workload } from '../harness/workload.ts'
import { loop } from '../scenarios/loop.ts'
import { handCyclesPerSecond } from './by-hand.ts'
import { reportRows, type Row } from './row.ts'

const effects = ['keyed', 'once', 'none'] as const

function loopOf(steps: number): Workload {
  const iterations = Array.from({ length: steps }, (_, index) => ({
    kind: 'step' as const,
    id: `s${index + 1}`,
    effect: effects[index % effects.length] ?? 'none',
  }))
  return { root: { kind: 'loop', id: 'l1', iterations }, inFlightMax: 1 }
}

/** Images with their hashes, a second of processor time. */
function builtPerSecond(trace: Trace): number {
  const model = new DiskModel(trace, { initial: new Map() }, 'posix', 'bench')
  const bounds = { ...boundsDefaults, exhaustiveMax: 8, samples: 64, seed: 'bench' }
  const before = process.cpuUsage()
  let built = 0
  for (let round = 0; round < 5; round += 1)
    for (const point of model.points())
      for (const make of [killStates, powerLossStates])
        for (const state of make(model, point, bounds).states) built += state.image.hash ? 1 : 0
  const { user, system } = process.cpuUsage(before)
  return (built * 1e6) / (user + system)
}

/** What a hand-written test runs: three steps, for its worker knows no loop. */
const byHand: Workload = {
  root: {
    kind: 'sequence',
    of: ['a', 'b', 'c'].map((id) => ({ kind: 'step', id, effect: 'keyed' })),
  },
  inFlightMax: 1,
}
const handCycles = 5

/**
 * Steps, and of how many kill states one is recovered: fewer of the longer runs, or it would take an hour. Some forty at least, or what is
 * done once a run (all its states are built, to draw from) would be told as the cost of a state.
 */
const lengths = [
  { steps: 10, oneIn: 2 },
  { steps: 30, oneIn: 12 },
  { steps: 100, oneIn: 50 },
  { steps: 300, oneIn: 300 },
] as const

const bench = await CrashBench.open(fileSystemUnderTest())
const rows: Row[] = []
try {
  const recorded = await bench.record({ scenario: loop, seed: 'bench', workload: loopOf(10) })
  const [report] = await runShards(bench, recorded, { jobs: 1, harms: ['kill', 'power-loss'] })
  if (report?.spent === undefined || recorded.trace === undefined) throw new Error('no report')
  const { counts, spent } = report
  const perSecond = (1_000 * counts.checked) / spent.cpuMs
  const handPerSecond = await handCyclesPerSecond(byHand, handCycles)
  const ratio = perSecond / handPerSecond
  const built = builtPerSecond(recorded.trace)
  rows.push(
    {
      what: `states recovered, continued and checked a second and core, 10 steps (${counts.checked} states, ${counts.recoveries} recoveries)`,
      measured: perSecond.toFixed(0),
      wanted: '2000',
      holds: perSecond >= 2_000,
    },
    {
      what: `the same against a hand-written execa + tsx test (${handPerSecond.toFixed(1)} cycles a second)`,
      measured: `${ratio.toFixed(0)} x`,
      wanted: '1000 x',
      holds: ratio >= 1_000,
    },
    {
      what: 'states built (image and hash) a second and core',
      measured: built.toFixed(0),
      wanted: '10000',
      holds: built >= 10_000,
    },
  )
  let bytesMax = spent.bytesMax
  let first: number | undefined
  for (const { steps, oneIn } of lengths) {
    const long = await bench.record({ scenario: loop, seed: 'bench', workload: loopOf(steps) })
    const [part] = await runShards(bench, long, { jobs: 1, harms: ['kill'], oneIn })
    if (part?.spent === undefined) throw new Error('no report')
    bytesMax = Math.max(bytesMax, part.spent.bytesMax)
    const { checked } = part.counts
    // What runs besides the states (two rehearsals) is as long as two lives.
    const perOp = (1_000 * part.spent.cpuMs) / ((checked + 2) * part.ops)
    first ??= perOp
    rows.push({
      what: `cost of a state and op, ${steps} steps (${part.ops} ops, ${checked} states after kills)`,
      measured: `${perOp.toFixed(1)} µs, ${(perOp / first).toFixed(1)} x that of 10 steps`,
      wanted: steps === 10 ? '' : 'at most 2 x',
      holds: perOp <= 2 * first,
    })
  }
  rows.push({
    what: 'memory of the process, the most over all of it',
    measured: `${(bytesMax / 2 ** 20).toFixed(0)} MB`,
    wanted: '500 MB',
    holds: bytesMax <= 500 * 2 ** 20,
  })
} finally {
  await bench.close()
}
reportRows(rows)
