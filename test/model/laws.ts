/**
 * The laws of the journal contract, as predicates over one state.
 *
 * "Every later open" is asked in every state at once: `readRun` gives what a life that opened now would recover, and the
 * promises made so far are judged against that. A finding of a step itself (an alarm that was false, an opener refused by the
 * dead) is in the state as its alarm.
 */
import { countIn, covers, type Image } from './image.ts'
import { highestNumber } from './disk.ts'
import { ackedCount } from './obligations.ts'
import type { Model } from './program.ts'
import { blankReading, readRun } from './reading.ts'
import { Alarm, byteAt, Flag, get, hasFlag, livesIn, Of, World, type Row } from './state.ts'

/** Of `src/journal.ts`; `reader`: nothing that a reader was told is decided vanishes. */
export type Law = 'J1' | 'J3' | 'J4' | 'J5' | 'J7' | 'J9' | 'J11' | 'reader'

export interface Broken {
  readonly law: Law
  readonly what: string
}

const found = blankReading()

/** The first law that the state breaks. */
export function brokenLaw(row: Row, model: Model): Broken | undefined {
  const alarm = brokenByStep(byteAt(row, World.alarm))
  if (alarm !== undefined) return alarm
  readRun(row, highestNumber(row) + 1, model.protocol, found)
  if (found.corrupt) return FALSE_ALARM
  if (found.partial) return { law: 'J3', what: 'a part of a batch is taken for a batch' }
  return brokenPromise(row, found.image) ?? brokenEpochs(row)
}

const FALSE_ALARM: Broken = {
  law: 'J7',
  what: 'an open would report damage, and nothing is damaged',
}

function brokenByStep(alarm: number): Broken | undefined {
  if (alarm === Alarm.corrupt) return FALSE_ALARM
  if (alarm === Alarm.refused) {
    return {
      law: 'J11',
      what: 'an opener is refused for the segment of a dead life, as all others will be',
    }
  }
  if (alarm === Alarm.robbed) return { law: 'J11', what: 'a live owner was robbed under if-dead' }
  if (alarm === Alarm.short)
    return { law: 'J1', what: 'a reader missed what was acknowledged before it began' }
  return undefined
}

function brokenPromise(row: Row, image: Image): Broken | undefined {
  if (!covers(image, byteAt(row, World.told))) {
    return { law: 'reader', what: 'a batch that a reader was told is decided has vanished' }
  }
  for (let life = 0; life < livesIn(row); life += 1) {
    if (countIn(image, life) < ackedCount(row, life)) {
      return {
        law: 'J1',
        what: `batch ${ackedCount(row, life)} of life ${life + 1} was acknowledged, and an open would not find it`,
      }
    }
  }
  for (let life = 0; life < livesIn(row); life += 1) {
    if (!hasFlag(row, life, Flag.resolved)) continue
    const broken = brokenDecision(row, life, image)
    if (broken !== undefined) return broken
  }
  return undefined
}

/** What a resolved open recovered stands, batch by batch, whatever is read later. */
function brokenDecision(row: Row, owner: number, image: Image): Broken | undefined {
  const decided = get(row, owner, Of.image)
  for (let life = 0; life < livesIn(row); life += 1) {
    if (get(row, life, Of.number) >= get(row, owner, Of.number)) continue
    const count = countIn(decided, life)
    if (ackedCount(row, life) > count) {
      return {
        law: 'J5',
        what: `life ${life + 1} acknowledged batch ${count + 1}, which life ${owner + 1} does not have`,
      }
    }
    if (countIn(image, life) > count) {
      return {
        law: 'J5',
        what: `batch ${count + 1} of life ${life + 1} became visible, though life ${owner + 1} resolved without it`,
      }
    }
    if (countIn(image, life) < count) {
      return {
        law: 'J4',
        what: `life ${owner + 1} resolved with batch ${count} of life ${life + 1}, and an open would not find it`,
      }
    }
  }
  return undefined
}

function brokenEpochs(row: Row): Broken | undefined {
  let seen = 0
  for (let life = 0; life < livesIn(row); life += 1) {
    if (!hasFlag(row, life, Flag.resolved)) continue
    const bit = 1 << get(row, life, Of.number)
    if ((seen & bit) !== 0) return { law: 'J11', what: 'two lives own the run in the same epoch' }
    seen |= bit
  }
  return undefined
}

/**
 * J9: no step of an open that nobody disturbs changes what an open recovers, wherever it may stop. Asked of every move, known
 * state or not.
 */
export function brokenRecovery(from: Row, to: Row, slot: number, model: Model): Broken | undefined {
  if (slot < 0 || slot >= model.bounds.lives) return undefined
  const pc = get(from, slot, Of.pc)
  if (pc <= model.listing || pc > model.resolving) return undefined
  if (hasFlag(from, slot, Flag.disturbed)) return undefined
  readRun(from, highestNumber(from) + 1, model.protocol, found)
  const before = found.image
  readRun(to, highestNumber(to) + 1, model.protocol, found)
  if (found.image === before && !found.corrupt) return undefined
  return { law: 'J9', what: 'an open that nobody disturbed changed what the next one recovers' }
}
