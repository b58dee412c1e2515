/**
 * Deals what is to be explored of a recorded case to shards, and joins how far they are. What comes out does not depend on how many
 * they are.
 */
import { availableParallelism } from 'node:os'
import { boundsDefaults, type StateBounds } from '../disk-model/states.ts'
import type { Verdict } from '../verdict.ts'
import type { CrashBench, RecordedCase } from './crash-bench.ts'
import { forkingStatesMax, processStatesMax } from './in-processes.ts'
import type { Harm, ShardOrder, ShardProgress, ShardReport } from './job.ts'

/** How much of a case is explored, and by how many. */
export interface DealOptions {
  /** Processes at once; default one per core. */
  readonly jobs?: number
  /** Default kills and power losses. */
  readonly harms?: readonly Harm[]
  readonly bounds?: Partial<Omit<StateBounds, 'seed'>>
  /** Where every life is a process: distinct states of each scenario that are recovered. Default 200, or 64 of a script that starts others. */
  readonly processStatesMax?: number
  /** Crashes in a row; default 1. */
  readonly depth?: number
  /** One in so many of all cases, drawn by the seed; default all. */
  readonly oneIn?: number
  /** Of all cases one of each kind (`case-kinds.ts`); default all. */
  readonly perKind?: boolean
  /** Of the states of one depth, those that are crashed again; default every one. */
  readonly nestedEvery?: number
  /** Real milliseconds that are left: shards stop then, and say how many points are left. */
  readonly leftMs?: () => number
  /** Only part `index` (from 1) of `of`: the states are dealt to the parts by their hash, whatever the number of jobs. */
  readonly part?: { readonly index: number; readonly of: number }
  /** An exploration of a scenario ends with the first finding of one of these. */
  readonly stopAt?: readonly Verdict[]
}

/** Deals the states of a recorded case to as many processes as there are jobs. */
export async function runShards(
  bench: CrashBench,
  recorded: RecordedCase,
  options: DealOptions,
  {
    onProgress,
    ...more
  }: Pick<ShardOrder, 'isAudit' | 'sampled'> & {
    readonly onProgress?: (progress: ShardProgress) => void
  } = {},
): Promise<readonly ShardReport[]> {
  const { jobs = availableParallelism(), harms = ['kill', 'power-loss'], bounds } = options
  const { depth = 1, nestedEvery = 1, part = { index: 1, of: 1 } } = options
  const { order } = recorded
  const hasActs = (order.workload.outside ?? []).length > 0
  const inProcesses = bench.livesInProcesses(recorded)
  // Of such a script a kill is the live engine's: below the process its ops have other numbers, and what it started outlives it.
  const isLive = inProcesses && bench.system.program.kind === 'script'
  const claimed = harms.filter((harm) =>
    harm === 'power-loss' ? order.system.claims.includes('power') : !hasActs && !isLive,
  )
  const asked = {
    order,
    shards: part.of * jobs,
    bounds: { ...boundsDefaults, ...bounds, seed: order.seed },
    harms: claimed,
    depth,
    nestedEvery,
    ...(options.leftMs === undefined ? {} : { budgetMs: options.leftMs() }),
    ...(options.oneIn === undefined ? {} : { oneIn: options.oneIn }),
    ...(options.perKind === undefined ? {} : { perKind: options.perKind }),
    ...(options.stopAt === undefined ? {} : { stopAt: options.stopAt }),
    ...more,
  }
  const numbers = Array.from({ length: jobs }, (_, job) => part.index - 1 + part.of * job)
  const known = new Map<number, ShardProgress>()
  const tell = (shard: number, progress: ShardProgress): void => {
    known.set(shard, progress)
    onProgress?.(together([...known.values()], progress))
  }
  if (inProcesses) {
    const given = bench.isForeign ? processStatesMax : forkingStatesMax
    const { processStatesMax: statesMax = given } = options
    const told = { onProgress: tell, statesMax }
    return await bench.runInProcesses(asked, numbers, recorded, told)
  }
  return await Promise.all(
    numbers.map((shard) =>
      bench.runShard({ ...asked, shard }, (progress) => tell(shard, progress)),
    ),
  )
}

/** All shards go through the same, each judging its share: where the last of them is, and what all of them did. */
function together(shards: readonly ShardProgress[], some: ShardProgress): ShardProgress {
  const share = ({ done, of }: ShardProgress): number => done / (of || 1)
  const last = shards.reduce((left, right) => (share(left) < share(right) ? left : right), some)
  const checked = shards.reduce((sum, each) => sum + each.checked, 0)
  const findings = shards.reduce((sum, each) => sum + each.findings, 0)
  return { ...last, checked, findings, found: shards.flatMap((each) => each.found ?? []) }
}
