/**
 * Exploration of what cannot be run in memory, executables and scripts that start processes: crash states of what was recorded, each
 * recovered in processes of its own.
 *
 *  N1  Every recovery costs the start of a program. A bounded number of states is recovered: at each point the power loss that
 *      takes all it can, as far as the bound goes, and then what the seed draws from all others. The report says how many there
 *      are.
 *  N2  The control is run again, before and after; it must make the same ops. Not the same bytes: a foreign program draws numbers
 *      of its own, and the checkers judge by what a recovered run does.
 *  N3  Storage errors, media damage and crashes in recovery are left to the live engine, which kills at the same ops.
 */
import { DiskModel } from '../disk-model/model.ts'
import { killStates, powerLossStates, type CrashState } from '../disk-model/states.ts'
import { random } from '../seed.ts'
import type { Trace } from '../trace.ts'
import { answer, type LifeGiven, type LifeWanted } from './asks.ts'
import type { RecordedCase } from './crash-bench.ts'
import type { Harm, ShardOrder, ShardProgress, ShardReport } from './job.ts'
import { Shard, stateKey } from './shard-states.ts'
import { exploreShard } from './shard.ts'

/** Distinct states of an executable that are recovered where nobody says how many. */
export const processStatesMax = 200
/** The same of a script that starts processes: its scenario is one of many, and each life is two processes or more. */
export const forkingStatesMax = 64

/** Of a part of an exploration: one in so many of these states, since each is a process or two. */
const partOfStates = 16

/** What an exploration in processes is given. */
export interface InProcesses {
  /** Runs one life. */
  readonly live: (wanted: LifeWanted) => Promise<LifeGiven>
  /** Distinct states that are recovered. */
  readonly statesMax: number
  /** Told by each shard, by its number, before each of its lives. */
  readonly onProgress?: (shard: number, progress: ShardProgress) => void
}

/** Explores these shards, each as a chain of processes. */
export async function exploreInProcesses(
  asked: Omit<ShardOrder, 'bundle' | 'shard'>,
  shards: readonly number[],
  { trace, control }: Pick<RecordedCase, 'trace' | 'control'>,
  { live, statesMax, onProgress }: InProcesses,
): Promise<readonly ShardReport[]> {
  if (trace === undefined) return []
  const harms = asked.harms.filter((harm) => harm === 'kill' || harm === 'power-loss')
  const count = asked.perKind === true ? Math.ceil(statesMax / partOfStates) : statesMax
  const { chosen, distinct } = chooseStates(asked, trace, harms, count)
  const endMs = performance.now() + (asked.budgetMs ?? Infinity)
  return await Promise.all(
    shards.map(async (number) => {
      const shown = { shard: number, harms, depth: 1, perKind: false, bundle: '', chosen }
      const shard = new Shard({ ...asked, ...shown }, control, () => performance.now() > endMs)
      const told = await answer(exploreShard(shard, [{ trace }]), async (wanted) => {
        onProgress?.(number, shard.progress)
        return await live(wanted)
      })
      return { ...told, drawn: { chosen: chosen.size, distinct } }
    }),
  )
}

/** The states that are recovered (N1), and how many there are. */
function chooseStates(
  { order, bounds }: Pick<ShardOrder, 'order' | 'bounds'>,
  trace: Trace,
  harms: readonly Harm[],
  statesMax: number,
): { readonly chosen: ReadonlySet<string>; readonly distinct: number } {
  const model = new DiskModel(trace, { initial: new Map() }, order.profile, order.seed)
  const hardest = new Set<string>()
  const others = new Set<string>()
  for (const point of model.points()) {
    if (harms.includes('power-loss'))
      for (const state of powerLossStates(model, point, bounds).states)
        (losesAll(state) ? hardest : others).add(stateKey(state))
    if (harms.includes('kill'))
      for (const state of killStates(model, point, bounds).states) others.add(stateKey(state))
  }
  for (const key of hardest) others.delete(key)
  const numbers = random(order.seed, 'states', 'in processes')
  const drawn = [...drawFrom([...hardest], statesMax, numbers.below)]
  drawn.push(...drawFrom([...others], statesMax - drawn.length, numbers.below))
  return { chosen: new Set(drawn), distinct: hardest.size + others.size }
}

function losesAll({ fault }: CrashState): boolean {
  return fault.kind === 'power-loss' && fault.base === 'lost' && fault.except.length === 0
}

/** So many of a list, drawn without putting back. */
function drawFrom(
  list: string[],
  count: number,
  below: (bound: number) => number,
): readonly string[] {
  const drawn: string[] = []
  while (drawn.length < count && list.length > 0) {
    const [taken] = list.splice(below(list.length), 1)
    if (taken !== undefined) drawn.push(taken)
  }
  return drawn
}
