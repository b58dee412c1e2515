/**
 * One shard of an exploration: every crash state of a recorded life, recovered, continued to its end and judged; and the same of
 * lives that met a storage error, or found their media damaged.
 *
 *  X1  Recovery is run once per image and standing; the checkers see every distinct pair of image and ledger prefix.
 *  X2  A state belongs to the shard that its image's hash deals it to, and a storage error or damage to the one that its number
 *      does: the shards together see each exactly once, whatever their number, and what they report adds up to the same.
 *  X3  Of each kind of finding the simplest few are kept; the rest is counted.
 *  X4  The first thing that a shard does is the control, and the last: both do what the process did that was recorded. Otherwise
 *      the memory is not like a disk, or one life reached into another, and nothing that was found is worth anything.
 *
 * It is a generator that asks for lives and is given what came of them: it knows nothing of how they are run.
 */
import { compareImages, type DirectoryImage } from '../directory-image.ts'
import type { DiskBefore } from '../disk-model/model.ts'
import type { Trace } from '../trace.ts'
import type { Asks } from './asks.ts'
import { auditSyncs } from './audit-syncs.ts'
import { leftBy, type RecordedLife } from './control-lives.ts'
import { damageRuns, failLives } from './harmed-lives.ts'
import { loseHeld } from './held-lives.ts'
import type { Harm, ShardReport } from './job.ts'
import { firstStemOf, killBehind, stemAfterCrash, stemAfterEnd } from './lives.ts'
import type { Place } from './place.ts'
import type { Shard } from './shard-states.ts'

/** Explores the lives of a control; asks for lives as it goes. */
export function* exploreShard(shard: Shard, control: readonly RecordedLife[]): Asks<ShardReport> {
  const { asked } = shard
  const ops = control.reduce((sum, { trace }) => sum + trace.ops.length, 0)
  const places = yield* rehearse(shard, control)
  if (typeof places === 'string') return shard.report(ops, places)
  const audited = asked.isAudit === true ? yield* auditSyncs(shard, places) : undefined
  if (audited === undefined) yield* harm(shard, places)
  const again = yield* rehearse(shard, control)
  return {
    ...shard.report(ops, typeof again === 'string' ? again : undefined),
    ...(audited === undefined ? {} : { audited }),
  }
}

/** In the order asked for; crashes of both kinds are of one walk over the run. */
function* harm(shard: Shard, places: readonly Place[]): Asks<void> {
  const { harms, chosen } = shard.asked
  const firstCrash = harms.find(isCrash)
  for (const each of harms) {
    if (each === firstCrash) yield* crashAll(shard, places)
    if (chosen !== undefined) continue
    for (const place of places) {
      if (each === 'error') yield* failLives(shard, place)
      if (each === 'rot') yield* damageRuns(shard, place)
    }
  }
}

function* crashAll(shard: Shard, places: readonly Place[]): Asks<void> {
  const { harms, chosen } = shard.asked
  for (const place of places) {
    yield* shard.crash({ ...place, inside: [], depth: 1 })
    if (chosen === undefined && harms.includes('power-loss')) yield* loseHeld(shard, place)
  }
}

function isCrash(harm: Harm): boolean {
  return harm === 'kill' || harm === 'power-loss'
}

/** Runs the control again: where each of its lives stands, or a sentence where one does not do what the recorded process did. */
function* rehearse(
  shard: Shard,
  control: readonly RecordedLife[],
): Asks<readonly Place[] | string> {
  const places: Place[] = []
  let stem = firstStemOf(shard.asked.order)
  let image: DirectoryImage = new Map()
  let before: DiskBefore = { initial: image }
  for (const life of control) {
    if (shard.unsupported !== undefined) return places
    const { trace, endsAfter } = life
    const given = yield* shard.live(stem.standing, image, [], true, endsAfter)
    if (given.unsupported !== undefined) return places
    const strange = given.trace && differenceOf(shard, life, given.trace, image)
    if (strange !== undefined) return strange
    places.push({ stem, image, before, trace, ...(endsAfter === undefined ? {} : { endsAfter }) })
    const kill = endsAfter === undefined ? undefined : killBehind(endsAfter)
    stem =
      kill === undefined
        ? stemAfterEnd(stem, { ...stem.standing, ...given }, [])
        : stemAfterCrash(stem, given.marks, kill)
    before = {
      ...before,
      past: [...(before.past ?? []), kill === undefined ? { trace } : { trace, kill }],
    }
    image = given.image
  }
  return places
}

function differenceOf(
  { asked }: Shard,
  life: RecordedLife,
  again: Trace,
  image: DirectoryImage,
): string | undefined {
  const { trace } = life
  const isForeign = asked.chosen !== undefined
  const [difference] = compareImages(leftBy(life, image), leftBy({ trace: again }, image))
  if (difference !== undefined && !isForeign)
    return `the control leaves another disk in memory than in a process: ${difference}`
  const ops = (each: Trace): string => each.ops.map(({ op }) => op.kind).join()
  if (ops(trace) !== ops(again))
    return `the control makes other ops in ${isForeign ? 'another' : 'memory than in a'} process: ${again.ops.length} instead of ${trace.ops.length}`
  return undefined
}
