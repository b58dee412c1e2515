/** How openers and readers read: one segment, and one batch, at a time, while everybody else goes on. */
import { highestNumber, isWhole, lifeAt } from './disk.ts'
import { countIn, covers, lastLife, withCount, type Image } from './image.ts'
import { obligations } from './obligations.ts'
import type { OpenStep, ReaderStep } from './protocol.ts'
import {
  blankReading,
  decidedPart,
  hasSeal,
  seemsDamaged,
  takeOwnBatches,
  takePromised,
} from './reading.ts'
import type { Scene } from './scene.ts'
import { Alarm, Flag, get, hasFlag, Of, set, World, type Row } from './state.ts'

/** The steps of `open` in this file. */
export type ReadStep = Extract<OpenStep, 'read' | 'read-batch' | 'read-promised'>

export const READ_STEPS: Readonly<Record<ReadStep | ReaderStep, (scene: Scene) => void>> = {
  look,
  read,
  'read-batch': readBatch,
  'read-promised': readPromised,
  tell,
}

const reading = blankReading()

/** A reader begins: from now on it must not fall short of what is acknowledged or decided at this moment. */
function look(scene: Scene): void {
  const row = scene.begin()
  set(row, scene.slot, Of.number, highestNumber(row) + 1)
  set(row, scene.slot, Of.owed, obligations(row))
  scene.goOn('lists')
}

/** One segment; the life stays at this step until it has S, or nothing is left. */
function read(scene: Scene): void {
  const { protocol } = scene.model
  const row = scene.begin()
  const below = get(row, scene.slot, Of.number)
  const number = numberToRead(scene, below)
  if (number < 1 || number >= below) {
    scene.goOn('finds nothing to read', scene.following('read-promised'))
    return
  }
  const life = lifeAt(row, number)
  if (seemsDamaged(row, life, below, number, protocol)) {
    row[World.alarm] = Alarm.corrupt
    scene.goOn(`reads segment ${number}: JournalCorruptError`)
    return
  }
  const isS = life >= 0 && protocol.authority === 'seal' && hasSeal(row, life)
  if (isS) takeSeal(scene, row, life, number)
  else if (life >= 0 && protocol.authority === 'segments') takeSegment(scene, row, life)
  const text = isS ? `S = ${number}` : life < 0 ? 'there is none' : 'no complete seal'
  goOnReading(scene, number, isS, `reads segment ${number}: ${text}`)
}

function numberToRead(scene: Scene, below: number): number {
  const cursor = get(scene.from, scene.slot, Of.cursor)
  if (cursor > 0) return cursor
  return scene.model.protocol.order === 'newest first' ? below - 1 : 1
}

function goOnReading(scene: Scene, number: number, isS: boolean, text: string): void {
  const { protocol, bounds } = scene.model
  const row = scene.next
  const upwards = protocol.order === 'oldest first'
  const next = upwards ? number + 1 : number - 1
  const done = upwards ? next === get(row, scene.slot, Of.number) : isS || next === 0
  set(row, scene.slot, Of.cursor, done ? 0 : next)
  if (!done) {
    scene.goOn(text, scene.at)
    return
  }
  const oneByOne = bounds.readsBatches && get(row, scene.slot, Of.source) > 0
  scene.goOn(text, oneByOne ? undefined : scene.following('read-promised'))
}

/** The image is what the seal says and, unless they are read one by one, the segment's own batches. */
function takeSeal(scene: Scene, row: Row, life: number, number: number): void {
  set(row, scene.slot, Of.source, number)
  set(row, scene.slot, Of.image, get(row, life, Of.image))
  if (!scene.model.bounds.readsBatches) takeSegment(scene, row, life)
}

function takeSegment(scene: Scene, row: Row, life: number): void {
  reading.image = get(row, scene.slot, Of.image)
  reading.corrupt = false
  takeOwnBatches(row, life, scene.model.protocol, reading)
  keep(scene, row)
}

/** One own batch of S. A bad batch with a good one behind it is damage, unless the bad one has become good since. */
function readBatch(scene: Scene): void {
  const row = scene.begin()
  const batch = scene.nth
  const life = lifeAt(row, get(row, scene.slot, Of.source))
  if (life < 0 || !isWhole(get(row, life, Of.batch + batch))) {
    scene.goOn(`finds no batch ${batch + 1}`)
    return
  }
  const image = get(row, scene.slot, Of.image)
  const healed = scene.model.protocol.looksAgain && allWhole(row, life, batch)
  if (countIn(image, life) < batch && !healed) row[World.alarm] = Alarm.corrupt
  set(row, scene.slot, Of.image, withCount(image, life, batch + 1))
  scene.goOn(`reads batch ${batch + 1}`)
}

function allWhole(row: Row, life: number, count: number): boolean {
  for (let batch = 0; batch < count; batch += 1) {
    if (!isWhole(get(row, life, Of.batch + batch))) return false
  }
  return true
}

function readPromised(scene: Scene): void {
  const row = scene.begin()
  const source = get(row, scene.slot, Of.source)
  if (source > 0) {
    reading.image = get(row, scene.slot, Of.image)
    reading.corrupt = false
    takePromised(row, source, scene.model.protocol, reading, inMemory(scene, source))
    keep(scene, row)
  }
  scene.goOn('reads what S promises')
}

/** Whose last batch came with S: S's own, or the one that its seal carries a copy of. */
function inMemory(scene: Scene, source: number): number {
  const { protocol } = scene.model
  const last = lastLife(scene.from, reading.image)
  const life = lifeAt(scene.from, source)
  if (life < 0 || last === life) return last
  const carried = hasFlag(scene.from, life, Flag.copied) && protocol.copyOfSFrom === 'memory'
  return carried && protocol.copiesRead ? last : -1
}

function keep(scene: Scene, row: Row): void {
  if (reading.corrupt) row[World.alarm] = Alarm.corrupt
  set(row, scene.slot, Of.image, reading.image)
}

function tell(scene: Scene): void {
  const row = scene.begin()
  const image: Image = get(row, scene.slot, Of.image)
  if (!covers(image, get(row, scene.slot, Of.owed))) row[World.alarm] = Alarm.short
  const decided = decidedPart(row, image, get(row, scene.slot, Of.source), scene.model.protocol)
  if (!covers(obligations(row), decided)) row[World.told] = decided
  set(row, scene.slot, Of.image, 0)
  scene.giveUp('tells what it read')
}
