/**
 * Lives that meet storage errors, and lives that find their media damaged.
 *
 * Both happen to the first life and to recoveries. Recoveries are taken from a few places of the run: right after acks, spread
 * evenly over it, and at its end.
 */
import { treeOfImage } from '../image-tree.ts'
import { DiskModel } from '../disk-model/model.ts'
import { position } from '../fault.ts'
import type { Mark } from '../mark.ts'
import type { Trace } from '../trace.ts'
import type { Asks } from './asks.ts'
import { afterBetween, type Before, type BetweenFault } from './between-lives.ts'
import { kindOfError, kindsOfTrace } from './case-kinds.ts'
import { damagesOf } from './damages.ts'
import { hangOf, isLast, stemAfterCrash, stemAfterEnd, type LivedLife } from './lives.ts'
import { firstAck } from './held-lives.ts'
import type { Place } from './place.ts'
import { hasFired } from './replay-case.ts'
import type { Shard } from './shard-states.ts'
import { storageErrorsOf, type Reach, type StorageError } from './storage-errors.ts'

/** Places of a run from which recovery is harmed. */
const placesMax = 3
/**
 * Ops behind a storage error before which the run is crashed; and once more at the end of the life. Three: a sync that is tried again, the
 * ack that rests on it, and what comes next, when that ack is out.
 */
const crashedOps = 3

/** Lets every storage error hit the first life and recoveries, alone and with a crash behind it. */
export function* failLives(shard: Shard, life: Place): Asks<void> {
  const places = [yield* asInMemory(shard, life), ...(yield* recoveries(shard, life))]
  const errors = places.flatMap((place) => {
    const kinds = kindsOfTrace(place.trace)
    const isFirst = place.reach === undefined
    return storageErrorsOf(place.trace, place.reach).map((error) => {
      const kind = kindOfError(kinds, place.trace, error, isFirst)
      return { kind, place, error }
    })
  })
  for (const { place, error } of shard.mine('storage errors', errors))
    yield* fail(shard, place, error)
}

/** As it is lived in memory: in a process of its own a program that polls reads the more often the slower the machine is. */
function* asInMemory(shard: Shard, life: Place): Asks<Place> {
  const { stem, image, endsAfter } = life
  const { trace = life.trace } = yield* shard.live(stem.standing, image, [], true, endsAfter)
  return { ...life, trace }
}

/** Lets media rot between a life and its recovery. */
export function* damageRuns(shard: Shard, life: Place): Asks<void> {
  const damages = (yield* rotPlaces(shard, life)).flatMap((before) =>
    damagesOf(before.image).map(({ fault, kind }) => ({
      kind: `behind ${before.stem.standing.life - 1} | ${kind}`,
      before,
      fault,
    })),
  )
  for (const { before, fault } of shard.mine('damages', damages))
    yield* damage(shard, before, fault)
}

function* damage(shard: Shard, { stem, image }: Before, fault: BetweenFault): Asks<void> {
  shard.counts.errors += 1
  const after = afterBetween({ stem, image }, fault)
  if (after === undefined) {
    shard.counts.unfired += 1
    return
  }
  const { lives } = yield* shard.recover(after.image, after.stem.standing)
  shard.judge({ ...after.stem, schedule: [...stem.schedule, [fault]] }, lives)
}

/** What media hold when they rot: the run as a kill left it, and once with a life behind that, so that damage is to what a life took over. */
function* rotPlaces(shard: Shard, life: Place): Asks<readonly Before[]> {
  const places: Before[] = [...placesOf(shard, life)]
  const middle = places[Math.floor((places.length - 1) / 2)]
  if (middle === undefined) return places
  const { stem, image } = middle
  const given = yield* shard.live(stem.standing, image, [], false)
  const lived: LivedLife = { ...stem.standing, ...given }
  return [...places, { stem: stemAfterEnd(stem, lived, []), image: given.image }]
}

function* fail(shard: Shard, { stem, image, before }: Place, error: StorageError): Asks<void> {
  shard.counts.errors += 1
  const { fault, op } = error
  const inside = [fault]
  const given = yield* shard.live(stem.standing, image, inside, true)
  if (!hasFired(given.marks, fault)) {
    shard.counts.unfired += 1
    return
  }
  const lived: LivedLife = { ...stem.standing, ...given }
  const after = stemAfterEnd(stem, lived, inside)
  const isOver = isLast(lived) || hangOf(lived) !== undefined
  const rest = isOver
    ? []
    : (yield* shard.recover(given.image, after.standing, treeOfImage(given.image))).lives
  shard.judge(after, rest)
  if (given.trace === undefined) return
  const from = op ?? given.trace.ops.length
  yield* shard.crash({
    stem,
    image,
    trace: given.trace,
    before,
    inside,
    depth: Math.max(1, stem.standing.life),
    ops: { from, to: from + crashedOps },
  })
}

/** Recoveries behind kills, each recorded up to where it owns the run. */
function* recoveries(shard: Shard, life: Place): Asks<readonly Place[]> {
  const places: Place[] = []
  for (const place of placesOf(shard, life)) {
    const { stem, image } = place
    const given = yield* shard.live(stem.standing, image, [], true)
    if (given.trace === undefined) continue
    places.push({ ...place, trace: given.trace, reach: reachOf(given.trace) })
  }
  return places
}

/** Up to the first ack of a recovery: what it does then, the first life did too. */
function reachOf(trace: Trace): Reach {
  return { ops: firstAck(trace), reads: trace.reads.length }
}

/** The run as a kill leaves it right after some acks, and at its end. */
function* placesOf(
  { asked }: Shard,
  { stem, before, trace }: Place,
): Generator<Omit<Place, 'trace'>> {
  const model = new DiskModel(trace, before, asked.order.profile, asked.order.seed)
  const marks = model.marks.map((line) => JSON.parse(line) as Mark)
  const acks = marks.flatMap(({ mark }, place) => {
    const op = model.markOps[place]
    return mark === 'ack' && op !== undefined ? [op] : []
  })
  const stride = Math.max(1, Math.floor(acks.length / placesMax))
  const chosen = acks.filter((_, place) => place % stride === 0).slice(0, placesMax)
  for (const op of new Set([...chosen, model.length])) {
    const at = position(op, 'after', trace.stream)
    const point = model.pointAt(at)
    if (point === undefined) continue
    const fault = { kind: 'kill', at, lost: [] } as const
    yield {
      stem: stemAfterCrash(stem, marks.slice(0, point.marks), fault),
      image: model.imageAt(point, [], []).entries,
      before: { ...before, past: [...(before.past ?? []), { trace, kill: fault }] },
    }
  }
}
