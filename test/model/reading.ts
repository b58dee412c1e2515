/**
 * What a run looks like to whoever reads it: S, the image that S's seal and S's own batches give, and what is missing.
 *
 * The steps of an opener use the parts one by one; {@link readRun} is the whole in one go, with which the laws ask in every
 * state "what would a life that opened now recover?".
 */
import { countIn, lastLife, withCount, withoutLast, type Image } from './image.ts'
import { isListed, isWhole, lifeAt } from './disk.ts'
import type { FalseAlarm, Protocol } from './protocol.ts'
import { BATCHES_MAX, Flag, get, hasFlag, livesIn, Of, Page, type Row } from './state.ts'

/** What one reading found. Filled in place: it is made once and used millions of times. */
export interface Reading {
  image: Image
  /** Number of S; 0 where there is none. */
  source: number
  /** Something that must be there is not. */
  corrupt: boolean
  /** A batch was taken of which a part is missing. */
  partial: boolean
}

export function blankReading(): Reading {
  return { image: 0, source: 0, corrupt: false, partial: false }
}

/** Reads everything below a number at once. */
export function readRun(row: Row, below: number, protocol: Protocol, found: Reading): void {
  found.image = 0
  found.source = 0
  found.corrupt = false
  found.partial = false
  for (let number = below - 1; number > 0; number -= 1) {
    const life = lifeAt(row, number)
    if (seemsDamaged(row, life, below, number, protocol)) found.corrupt = true
    if (life < 0) continue
    if (protocol.authority === 'segments') {
      takeOwnBatches(row, life, protocol, found)
    } else if (hasSeal(row, life)) {
      found.image = get(row, life, Of.image)
      found.source = number
      takeOwnBatches(row, life, protocol, found)
      break
    }
  }
  if (found.source > 0) takePromised(row, found.source, protocol, found, -1)
}

/** Whether the life's segment can be S. */
export function hasSeal(row: Row, life: number): boolean {
  return isWhole(get(row, life, Of.header)) && isWhole(get(row, life, Of.seal))
}

/** Adds the valid batches of a segment to the image; a bad one with a good one behind it is damage. */
export function takeOwnBatches(row: Row, life: number, protocol: Protocol, found: Reading): void {
  let count = 0
  const closed = protocol.wholeBehindBad === 'damage' && isWhole(get(row, life, Of.mark))
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const page = get(row, life, Of.batch + batch)
    const accepted = isWhole(page) || (page === Page.torn && protocol.tornBatch === 'accepted')
    if (page === Page.torn && closed) found.corrupt = true
    if (!accepted) continue
    if (count < batch) found.corrupt = true
    if (page === Page.torn) found.partial = true
    count += 1
  }
  found.image = withCount(found.image, life, count)
}

/**
 * Looks for every batch of the image below S: in its segment, and in the copies of complete seals up to S.
 * `inMemory` is the life whose last batch the reader holds already, or -1.
 */
export function takePromised(
  row: Row,
  source: number,
  protocol: Protocol,
  found: Reading,
  inMemory: number,
): void {
  for (let life = 0; life < livesIn(row); life += 1) {
    const promised = countIn(found.image, life)
    const number = get(row, life, Of.number)
    if (!protocol.sealLengths) {
      if (number < source && isListed(row, life)) takeOwnBatches(row, life, protocol, found)
      continue
    }
    if (number === source) continue
    for (let batch = 0; batch < promised; batch += 1) {
      if (life === inMemory && batch === promised - 1) continue
      if (!isHeld(row, life, batch, source, protocol)) found.corrupt = true
    }
  }
}

/** What of an image a reader that does not own the run calls decided. */
export function decidedPart(row: Row, image: Image, source: number, protocol: Protocol): Image {
  const owner = source > 0 ? lifeAt(row, source) : -1
  // Who closed had nothing left that was not acknowledged, nor a seal that was not synced.
  const closed = owner >= 0 && isWhole(get(row, owner, Of.mark))
  if (closed || protocol.undecided === 'nothing') return image
  const last = lastLife(row, image)
  const isOfS = last >= 0 && get(row, last, Of.number) === source
  return isOfS || protocol.undecided === 'last of image' ? withoutLast(row, image) : image
}

/**
 * Whether what stands under a number makes the reader report damage: a batch or end marker behind a header or seal that is not
 * whole, since nobody appends or closes before both are durable; and, in a careless reader, what proves nothing.
 */
export function seemsDamaged(
  row: Row,
  life: number,
  below: number,
  number: number,
  protocol: Protocol,
): boolean {
  if (protocol.wholeBehindBad === 'damage' && life >= 0 && wholeBehindBadSeal(row, life)) {
    return true
  }
  if (protocol.falseAlarms.length === 0) return false
  const alarms = (alarm: FalseAlarm): boolean => protocol.falseAlarms.includes(alarm)
  if (life < 0) return alarms('gap above S')
  if (get(row, life, Of.header) === Page.torn && alarms('torn header above S')) return true
  if (get(row, life, Of.seal) === Page.torn && alarms('torn seal above S')) return true
  if (!hasSeal(row, life) || !alarms('torn header below S')) return false
  return lowerHeaderIsTorn(row, Math.min(below, number))
}

function wholeBehindBadSeal(row: Row, life: number): boolean {
  if (hasSeal(row, life)) return false
  if (isWhole(get(row, life, Of.mark))) return true
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    if (isWhole(get(row, life, Of.batch + batch))) return true
  }
  return false
}

function lowerHeaderIsTorn(row: Row, below: number): boolean {
  for (let life = 0; life < livesIn(row); life += 1) {
    const lower = get(row, life, Of.number) < below && isListed(row, life)
    if (lower && get(row, life, Of.header) === Page.torn) return true
  }
  return false
}

function isHeld(
  row: Row,
  owner: number,
  batch: number,
  source: number,
  protocol: Protocol,
): boolean {
  if (isListed(row, owner) && isWhole(get(row, owner, Of.batch + batch))) return true
  if (!protocol.copiesRead) return false
  for (let life = 0; life < livesIn(row); life += 1) {
    if (!isListed(row, life) || get(row, life, Of.number) > source) continue
    if (!hasSeal(row, life) || !hasFlag(row, life, Flag.copied)) continue
    const image = get(row, life, Of.image)
    if (lastLife(row, image) === owner && countIn(image, owner) === batch + 1) return true
  }
  return false
}
