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
import { compareImages } from '../directory-image.ts'
import type { Trace } from '../trace.ts'
import type { Asks } from './asks.ts'
import { auditSyncs } from './audit-syncs.ts'
import { damageRuns, failLives } from './harmed-lives.ts'
import { loseHeld } from './held-lives.ts'
import type { Harm, ShardReport } from './job.ts'
import { firstStemOf } from './lives.ts'
import type { Shard } from './shard-states.ts'

/** Explores; asks for lives as it goes. */
export function* exploreShard(shard: Shard, trace: Trace): Asks<ShardReport> {
  const { asked } = shard
  const early = yield* rehearse(shard, trace)
  if (early !== undefined) return shard.report(trace.ops.length, early)
  const audited = asked.isAudit === true ? yield* auditSyncs(shard, trace) : undefined
  if (audited === undefined) yield* harm(shard, trace)
  const late = yield* rehearse(shard, trace)
  return {
    ...shard.report(trace.ops.length, late),
    ...(audited === undefined ? {} : { audited }),
  }
}

/** In the order asked for; crashes of both kinds are of one walk over the run. */
function* harm(shard: Shard, trace: Trace): Asks<void> {
  const { harms, chosen } = shard.asked
  const firstCrash = harms.find(isCrash)
  for (const each of harms) {
    if (each === firstCrash) yield* crashAll(shard, trace)
    if (chosen !== undefined) continue
    if (each === 'error') yield* failLives(shard, trace)
    if (each === 'rot') yield* damageRuns(shard, trace)
  }
}

function* crashAll(shard: Shard, trace: Trace): Asks<void> {
  const before = { initial: new Map() }
  const stem = firstStemOf(shard.asked.order)
  yield* shard.crash({ stem, image: new Map(), trace, before, inside: [], depth: 1 })
  const { harms, chosen } = shard.asked
  if (chosen === undefined && harms.includes('power-loss')) yield* loseHeld(shard, trace)
}

function isCrash(harm: Harm): boolean {
  return harm === 'kill' || harm === 'power-loss'
}

/** Runs the control again; a sentence where it does not do what the recorded process did. */
function* rehearse(shard: Shard, trace: Trace): Asks<string | undefined> {
  if (shard.unsupported !== undefined) return undefined
  const given = yield* shard.live(firstStemOf(shard.asked.order).standing, new Map(), [], true)
  const again = given.trace
  if (given.unsupported !== undefined || again === undefined) return undefined
  const isForeign = shard.asked.chosen !== undefined
  const [left, right] = [shard.modelOf(trace), shard.modelOf(again)]
  const [difference] = compareImages(left, right)
  if (difference !== undefined && !isForeign)
    return `the control leaves another disk in memory than in a process: ${difference}`
  const ops = (each: Trace): string => each.ops.map(({ op }) => op.kind).join()
  if (ops(trace) !== ops(again))
    return `the control makes other ops in ${isForeign ? 'another' : 'memory than in a'} process: ${again.ops.length} instead of ${trace.ops.length}`
  return undefined
}
