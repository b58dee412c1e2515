/**
 * What each sync is for: it lies, and every state that a power loss can now leave, and could not before, is recovered and judged,
 * with nothing excused.
 *
 * Syncs of the control and of recoveries on machines that still hold what a killed life did not sync.
 */
import { DiskModel } from '../disk-model/model.ts'
import { laterBounds, powerLossStates, type CrashState } from '../disk-model/states.ts'
import { stringifySchedule } from '../fault-text.ts'
import { describeOp, isSync } from '../op.ts'
import { isBreach } from '../verdict.ts'
import type { Mark } from '../mark.ts'
import type { Trace, TracedOp } from '../trace.ts'
import type { Asks } from './asks.ts'
import { firstAck, heldPlaces } from './held-lives.ts'
import type { AuditedSync } from './job.ts'
import { stemAfterCrash } from './lives.ts'
import type { Place } from './place.ts'
import { hasFired } from './replay-case.ts'
import { lieAt, type Shard } from './shard-states.ts'

/** States in which a sync makes a difference and that are judged before it is called untested. */
const judgedMax = 400

/** Audits the syncs that are dealt to this shard. */
export function* auditSyncs(shard: Shard, control: readonly Place[]): Asks<readonly AuditedSync[]> {
  const audited: AuditedSync[] = []
  const all = (yield* placesOf(shard, control)).flatMap((place) =>
    syncsOf(place).map((traced) => ({ place, traced })),
  )
  shard.go('syncs', all.length)
  for (const [index, { place, traced }] of all.entries()) {
    if (shard.isMine(index + 1) && !shard.isOver)
      audited.push(yield* auditSync(shard, place, traced))
    shard.pass()
  }
  return audited
}

function syncsOf({ trace, reach }: Place): readonly TracedOp[] {
  const last = reach?.ops ?? Infinity
  return trace.ops.filter(
    ({ op, result, n }) => isSync(op) && result.code === undefined && n <= last,
  )
}

function* placesOf(shard: Shard, control: readonly Place[]): Asks<readonly Place[]> {
  const places: Place[] = [...control]
  for (const life of control)
    for (const place of heldPlaces(shard, life)) {
      const given = yield* shard.live(place.stem.standing, place.image, [], 'sites')
      if (given.trace === undefined) continue
      const reach = { ops: firstAck(given.trace), reads: 0 }
      places.push({ ...place, trace: given.trace, reach })
    }
  return places
}

function* auditSync(
  shard: Shard,
  { stem, image, before, trace, endsAfter }: Place,
  { n, op, frames }: TracedOp,
): Asks<AuditedSync> {
  const lie = lieAt(n)
  const { life } = stem.standing
  const known = { life, op: n, text: describeOp(op), frames }
  const given = yield* shard.live(stem.standing, image, [lie], true, endsAfter)
  if (given.trace === undefined || !hasFired(given.marks, lie)) return { ...known, differs: false }
  const usual = new Set(statesOf(shard, trace, before).map(keyOf))
  let differs = false
  let judged = 0
  const model = modelOf(shard, given.trace, before)
  const marks = model.marks.map((line) => JSON.parse(line) as Mark)
  const seen = new Set<string>()
  for (const state of statesIn(shard, model)) {
    const told = marks.slice(0, state.point.marks)
    // The line that proves the lie is no mark of the life.
    const key = `${state.image.hash} ${told.length - (hasFired(told, lie) ? 1 : 0)}`
    if (usual.has(key) || seen.has(key)) continue
    seen.add(key)
    differs = true
    if (judged >= judgedMax) break
    judged += 1
    const after = stemAfterCrash(stem, told, state.fault, [lie])
    const { entries, tree } = state.image
    const recovery = yield* shard.recover(entries, after.standing, tree)
    const { verdict, finding } = shard.judge(after, recovery.lives)
    if (!isBreach(verdict)) continue
    return {
      ...known,
      differs,
      verdict,
      ...(finding === undefined ? {} : { invariant: finding.invariant, what: finding.what }),
      schedule: stringifySchedule(after.schedule),
    }
  }
  return { ...known, differs }
}

function modelOf(shard: Shard, trace: Trace, before: Place['before']): DiskModel {
  const { profile, seed } = shard.asked.order
  return new DiskModel(trace, before, profile, seed)
}

function statesOf(shard: Shard, trace: Trace, before: Place['before']): readonly CrashState[] {
  return [...statesIn(shard, modelOf(shard, trace, before))]
}

/** Everything that a power loss can leave, whole ops lost or kept. */
function* statesIn(shard: Shard, model: DiskModel): Generator<CrashState> {
  const bounds = { ...laterBounds, seed: shard.asked.bounds.seed }
  for (const point of model.points()) yield* powerLossStates(model, point, bounds).states
}

function keyOf({ image, point }: CrashState): string {
  return `${image.hash} ${point.marks}`
}
