/**
 * The explorer's speed: crash states of a loop over the file journal, recovered, continued to the end and judged, in one process.
 *
 * Measured in processor time of that process, start and bundling apart, so that what else runs on the machine matters less.
 */
import { CrashBench } from '../harness/explorer/crash-bench.ts'
import { runShards } from '../harness/explorer/explore.ts'
import { DiskModel } from '../harness/disk-model/model.ts'
import { boundsDefaults, killStates, powerLossStates } from '../harness/disk-model/states.ts'
import { fileSystemUnderTest } from '../harness/systems/reference.ts'
import type { Trace } from '../harness/trace.ts'
import type { Workload } from '../harness/workload.ts'
import { loop } from '../scenarios/loop.ts'
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

const bench = await CrashBench.open(fileSystemUnderTest())
const rows: Row[] = []
let first: { readonly ms: number } | undefined
try {
  for (const steps of [10, 20, 40]) {
    const recorded = await bench.record({ scenario: loop, seed: 'bench', workload: loopOf(steps) })
    const harms = ['kill', 'power-loss'] as const
    const [report] = await runShards(bench, recorded, { jobs: 1, harms })
    if (report?.spent === undefined || recorded.trace === undefined) throw new Error('no report')
    const { counts, spent, ops } = report
    const ms = spent.cpuMs / counts.checked
    first ??= { ms }
    const perSecond = 1_000 / ms
    rows.push(
      {
        what: `states recovered, continued and checked a second and core, ${steps} steps (${counts.checked} states, ${ops} ops)`,
        measured: perSecond.toFixed(0),
        wanted: steps === 10 ? '2000' : '',
        holds: perSecond >= 2_000,
      },
      {
        what: `cost of a state, ${steps} steps, against 10 steps`,
        measured: `${(ms / first.ms).toFixed(1)} x`,
        wanted: '',
        holds: true,
      },
      {
        what: `memory of the process, ${steps} steps`,
        measured: `${(spent.bytesMax / 2 ** 20).toFixed(0)} MB`,
        wanted: '500 MB',
        holds: spent.bytesMax <= 500 * 2 ** 20,
      },
    )
    if (steps !== 10) continue
    const built = builtPerSecond(recorded.trace)
    rows.push({
      what: 'states built (image and hash) a second and core',
      measured: built.toFixed(0),
      wanted: '10000',
      holds: built >= 10_000,
    })
  }
} finally {
  bench.close()
}
reportRows(rows)
