/**
 * Recoveries on a machine that still holds what the killed life did not sync: a power loss in them takes that too.
 *
 * A record that a recovery read from the page cache and built upon must not vanish under it. Taken from a few kills that leave
 * something unsynced, spread evenly over the run, the first ones always.
 */
import { DiskModel } from '../disk-model/model.ts'
import { position, type Fault } from '../fault.ts'
import type { Mark } from '../mark.ts'
import type { Trace } from '../trace.ts'
import type { Asks } from './asks.ts'
import { stemAfterCrash } from './lives.ts'
import type { Place } from './place.ts'
import type { Shard } from './shard-states.ts'
import type { Victim } from './victim.ts'

/** Kills that are followed by a power loss. */
const heldMax = 8
/** Ops of a recovery that are crashed behind its first ack: what follows is as in a first life. */
const behindAck = 2

/** Loses power in recoveries behind kills. */
export function* loseHeld(shard: Shard, life: Place): Asks<void> {
  const places = [...heldPlaces(shard, life)]
  if (shard.asked.perKind === true) {
    const victims: Victim[] = []
    for (const place of places) victims.push(...(yield* heldLife(shard, place)))
    yield* shard.crashOneOfEach('held recoveries', victims)
    return
  }
  shard.go('held recoveries', places.length)
  for (const [index, place] of places.entries()) {
    if (index > 0) shard.pass()
    if (!shard.isMine(index + 1) || shard.isOver) continue
    for (const victim of yield* heldLife(shard, place)) yield* shard.crash(victim)
  }
}

/** What a recovery on such a machine does; nothing where it leaves no trace. */
function* heldLife(
  shard: Shard,
  { stem, image, before }: Omit<Place, 'trace'>,
): Asks<readonly Victim[]> {
  const { trace } = yield* shard.live(stem.standing, image, [], true)
  if (trace === undefined) return []
  const depth = Math.max(2, shard.asked.depth)
  const ops = { from: 1, to: firstAck(trace) + behindAck }
  return [{ stem, image, trace, before, inside: [], depth, ops }]
}

/** Op of the first ack of a life; its last op where there is none. */
export function firstAck({ ops }: Trace): number {
  const ack = ops.find(
    ({ op, bytes }) =>
      op.kind === 'mark' &&
      Buffer.from(bytes ?? [])
        .toString('utf8')
        .includes('"mark":"ack"'),
  )
  return ack?.n ?? ops.length
}

/** The run as kills of a life leave it while something is not synced. */
export function* heldPlaces(
  { asked }: Shard,
  { stem, before, trace }: Place,
): Generator<Omit<Place, 'trace'>> {
  const { profile, seed } = asked.order
  const model = new DiskModel(trace, before, profile, seed)
  const marks = model.marks.map((line) => JSON.parse(line) as Mark)
  const holding = trace.ops.filter(({ n, op }) => {
    if (op.kind === 'mark') return false
    const point = model.pointAt(position(n, 'after', trace.stream))
    return point !== undefined && model.stateAt(point).pending.length > 0
  })
  for (const { n } of spread(holding, heldMax)) {
    const at = position(n, 'after', trace.stream)
    const point = model.pointAt(at)
    if (point === undefined) continue
    const kill: Extract<Fault, { kind: 'kill' }> = { kind: 'kill', at, lost: [] }
    yield {
      stem: stemAfterCrash(stem, marks.slice(0, point.marks), kill),
      image: model.imageAt(point, [], []).entries,
      before: { ...before, past: [...(before.past ?? []), { trace, kill }] },
    }
  }
}

/** The first half of `max` from the front, the rest evenly from what is left. */
function spread<Item>(items: readonly Item[], max: number): readonly Item[] {
  if (items.length <= max) return items
  const front = Math.ceil(max / 2)
  const rest = items.slice(front)
  const stride = rest.length / (max - front)
  const picked = Array.from({ length: max - front }, (_, place) => rest[Math.floor(place * stride)])
  return [...items.slice(0, front), ...picked.filter((item) => item !== undefined)]
}
