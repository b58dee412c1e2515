/**
 * What commits cost as a run grows (C1): the run of a scenario with its loop made longer, recorded once in a process of its own, and
 * the writes and syncs before each of its acks counted.
 *
 * Bytes come from payloads and syncs from calls, so that nothing depends on how fast the machine is.
 */
import { check, type Judgement } from '../checkers/check.ts'
import type { CostSample } from '../checkers/cost-sample.ts'
import { makesDurable } from '../op.ts'
import type { Trace } from '../trace.ts'
import type { Task, Workload } from '../workload.ts'
import type { CrashBench, CrashGroup } from './crash-bench.ts'

/** Commits before a sample is taken: a decade apart. */
const lengths = [10, 100] as const

/** Commits of a sample. */
const sampleCommits = 20

/** Records the longer run and judges it by what it cost. `undefined` where the scenario has no loop that could be longer. */
export async function judgeCosts(
  bench: CrashBench,
  group: CrashGroup,
): Promise<Judgement | undefined> {
  const root = longer(group.workload.root)
  if (root === undefined) return undefined
  const workload: Workload = { ...group.workload, root }
  const { order, control, judgement, trace } = await bench.record({ ...group, workload })
  if (judgement.verdict !== 'HOLDS' || trace === undefined) return judgement
  const { system, livesMax, invariants } = order
  const costs = costsOf(trace)
  return check(
    { history: control, workload, system, schedule: [], livesMax, isAudit: false, costs },
    invariants,
  )
}

/** Samples of a recorded life, as far as it is long enough. */
export function costsOf({ ops }: Pick<Trace, 'ops'>): readonly CostSample[] {
  const commits: { bytes: number; syncs: number }[] = []
  let [bytes, syncs] = [0, 0]
  for (const traced of ops) {
    const { op } = traced
    if (op.kind === 'write') bytes += traced.bytes?.length ?? 0
    if (makesDurable(op)) syncs += 1
    if (op.kind !== 'mark' || !isAck(traced.bytes)) continue
    commits.push({ bytes, syncs })
    bytes = 0
    syncs = 0
  }
  return lengths.flatMap((records): readonly CostSample[] => {
    const some = commits.slice(records, records + sampleCommits)
    if (some.length < sampleCommits) return []
    return [
      {
        records,
        commitBytes: some.map((each) => each.bytes),
        commitSyncs: some.map((each) => each.syncs),
      },
    ]
  })
}

function isAck(bytes: Uint8Array | undefined): boolean {
  return Buffer.from(bytes ?? [])
    .toString('utf8')
    .includes('"mark":"ack"')
}

/** The first loop of a task with as many iterations as the longest sample takes; their ids are their own. */
function longer(task: Task): Task | undefined {
  if (task.kind === 'sequence') {
    for (const [place, member] of task.of.entries()) {
      const grown = longer(member)
      if (grown !== undefined) return { ...task, of: task.of.with(place, grown) }
    }
    return undefined
  }
  if (task.kind !== 'loop' || task.iterations.length === 0) return undefined
  const iterations: Task[] = []
  for (let round = 0; iterations.length < lengths[1] + sampleCommits; round += 1)
    for (const iteration of task.iterations)
      iterations.push(round === 0 ? iteration : renamed(iteration, `r${round}`))
  return { ...task, iterations }
}

function renamed(task: Task, suffix: string): Task {
  return JSON.parse(JSON.stringify(task), (key, value: unknown) =>
    key === 'id' && value !== '' ? `${String(value)}${suffix}` : value,
  ) as Task
}
