/** What each step of `open` does to the world, reading aside. */
import {
  failSyncOfFile,
  failSyncOfRunDirectory,
  harden,
  highestNumber,
  isListed,
  isWhole,
  lifeAt,
  runExists,
  soften,
  syncFile,
  syncRunDirectory,
} from './disk.ts'
import { lastLife } from './image.ts'
import type { OpenStep } from './protocol.ts'
import type { ReadStep } from './read-steps.ts'
import type { Scene } from './scene.ts'
import {
  Alarm,
  byteAt,
  dropFlag,
  Flag,
  get,
  hasFlag,
  livesIn,
  Of,
  OVER,
  Page,
  set,
  setFlag,
  World,
  type Row,
} from './state.ts'

export const OPEN_STEPS: Readonly<Record<Exclude<OpenStep, ReadStep>, (scene: Scene) => void>> = {
  'make-dir': makeBoth,
  'make-base': makeBase,
  'make-run': makeRun,
  'sync-parent': (scene) => syncAbove(scene, World.run, 'syncs the parent directory'),
  'sync-grandparent': (scene) => syncAbove(scene, World.base, 'syncs the directory above it'),
  list,
  examine,
  publish,
  'write-header': writeHeader,
  'sync-dir': syncDirectory,
  'sync-predecessor': syncPredecessor,
  'write-seal': writeSeal,
  'sync-seal': syncSeal,
  'check-open': checkOpen,
  resolve,
}

function makeBoth(scene: Scene): void {
  const row = scene.begin()
  const existed = runExists(row)
  make(row, World.base)
  make(row, World.run)
  const text = existed ? 'finds the run directory' : 'makes the run directory'
  scene.goOn(text, existed ? afterFinding(scene) : undefined)
}

function afterFinding(scene: Scene): number | undefined {
  const { parents } = scene.model.protocol
  if (parents === 'all') return undefined
  return scene.following(parents === 'missing' ? 'list' : 'sync-parent')
}

/** Looks for the deepest directory that exists; only from there on anything is made and synced. */
function makeBase(scene: Scene): void {
  const row = scene.begin()
  if (runExists(row)) {
    scene.goOn('finds the run directory', scene.following('sync-parent'))
    return
  }
  const existed = isWhole(byteAt(row, World.base))
  make(row, World.base)
  scene.goOn(existed ? 'finds the parent directory' : 'makes the parent directory')
}

function makeRun(scene: Scene): void {
  make(scene.begin(), World.run)
  scene.goOn('makes the run directory')
}

function make(row: Row, offset: number): void {
  if (!isWhole(byteAt(row, offset))) row[offset] = Page.dirty
}

function syncAbove(scene: Scene, offset: number, text: string): void {
  harden(scene.begin(), offset)
  scene.goOn(text)
  if (!scene.model.bounds.directoriesForget || byteAt(scene.from, offset) !== Page.dirty) return
  soften(scene.begin(), offset)
  scene.giveUp(`${text}: fails, the entry is forgotten`)
}

function list(scene: Scene): void {
  const row = scene.begin()
  let number = highestNumber(row) + 1
  if (scene.model.protocol.number === 'first gap') {
    number = 1
    while (lifeAt(row, number) >= 0) number += 1
  }
  set(row, scene.slot, Of.number, number)
  scene.goOn(`lists; its number is ${number}`)
}

/** A header that is not whole: the machine has stopped since, and its owner with it. */
function examine(scene: Scene): void {
  const row = scene.begin()
  const newest = lifeAt(row, highestNumber(row))
  const readable = newest >= 0 && isWhole(get(row, newest, Of.header))
  if (readable && hasFlag(row, newest, Flag.holding)) {
    scene.giveUp('finds the newest owner alive: RunOwnedError')
  } else scene.goOn(newest < 0 ? 'finds no owner' : 'takes the newest owner for dead')
}

function publish(scene: Scene): void {
  const { protocol, bounds } = scene.model
  const row = scene.begin()
  const taken = lifeAt(row, get(row, scene.slot, Of.number))
  if (taken >= 0 && protocol.publish !== 'rename') {
    yieldNumber(scene)
    return
  }
  if (taken >= 0) set(row, taken, Of.entry, Page.absent)
  set(row, scene.slot, Of.entry, Page.dirty)
  if (protocol.publish !== 'create, then write') set(row, scene.slot, Of.header, Page.dirty)
  if (bounds.takeover === 'if-dead') {
    if (robsSomebody(row, scene.slot)) row[World.alarm] = Alarm.robbed
    setFlag(row, scene.slot, Flag.holding)
  }
  scene.goOn(taken < 0 ? 'publishes its segment' : 'replaces the segment of that number by its own')
}

function yieldNumber(scene: Scene): void {
  if (scene.model.protocol.taken === 'refused') {
    scene.giveUp('finds its number taken: RunOwnedError')
  } else scene.goOn('finds its number taken', scene.model.listing)
}

function robsSomebody(row: Row, robber: number): boolean {
  for (let life = 0; life < livesIn(row); life += 1) {
    if (life !== robber && hasFlag(row, life, Flag.holding)) return true
  }
  return false
}

function writeHeader(scene: Scene): void {
  set(scene.begin(), scene.slot, Of.header, Page.dirty)
  scene.goOn('writes its header')
}

function syncDirectory(scene: Scene): void {
  syncRunDirectory(scene.begin())
  scene.goOn('syncs the run directory')
  if (!scene.model.bounds.directoriesForget) return
  failSyncOfRunDirectory(scene.begin())
  scene.giveUp('syncs the run directory: fails, the entries are forgotten')
}

function syncPredecessor(scene: Scene): void {
  const last = lastLife(scene.from, get(scene.from, scene.slot, Of.image))
  const row = scene.begin()
  if (last >= 0 && isListed(row, last)) syncFile(row, last)
  scene.goOn('syncs the file of the last batch')
}

/** At once or in two parts, as a batch is. */
function writeSeal(scene: Scene): void {
  const row = scene.begin()
  const began = get(row, scene.slot, Of.seal) === Page.torn
  if (copiesLast(scene, row)) setFlag(row, scene.slot, Flag.copied)
  set(row, scene.slot, Of.source, 0)
  set(row, scene.slot, Of.seal, Page.dirty)
  scene.goOn(began ? 'writes the rest of its seal' : 'writes its seal')
  if (!scene.model.bounds.writesTear || began) return
  set(scene.begin(), scene.slot, Of.seal, Page.torn)
  scene.goOn('writes a part of its seal', scene.at)
}

function copiesLast(scene: Scene, row: Row): boolean {
  const { sealCopy, copyFrom } = scene.model.protocol
  const image = get(row, scene.slot, Of.image)
  const last = lastLife(row, image)
  if (last < 0 || sealCopy === 'none') return false
  const isOfS = get(row, last, Of.number) === get(row, scene.slot, Of.source)
  if (!isOfS) return sealCopy === 'last'
  return copyFrom === 'memory' || isWhole(lastPage(row, last, image))
}

function lastPage(row: Row, life: number, image: number): number {
  return get(row, life, Of.batch + ((image >> (2 * life)) & 3) - 1)
}

function syncSeal(scene: Scene): void {
  syncFile(scene.begin(), scene.slot)
  scene.goOn('syncs its seal')
  if (!scene.model.bounds.syncsFail) return
  failSyncOfFile(scene.begin(), scene.slot)
  scene.giveUp('syncs its seal: fails, pages marked clean; StorageError')
}

function checkOpen(scene: Scene): void {
  const row = scene.begin()
  const rival = newerLife(scene)
  if (rival < 0) {
    scene.goOn('sees no newer segment')
    return
  }
  // A slot is the rank among the listings: an honest rival listed later, or is alive.
  if (rival < scene.slot && get(row, rival, Of.pc) === OVER) row[World.alarm] = Alarm.refused
  scene.giveUp('sees a newer segment: RunOwnedError')
}

/** The life of a newer segment, or -1. */
export function newerLife(scene: Scene): number {
  const own = get(scene.from, scene.slot, Of.number)
  if (scene.model.protocol.looksFor === 'next number') return lifeAt(scene.from, own + 1)
  const highest = highestNumber(scene.from)
  return highest > own ? lifeAt(scene.from, highest) : -1
}

function resolve(scene: Scene): void {
  setFlag(scene.begin(), scene.slot, Flag.resolved)
  dropFlag(scene.next, scene.slot, Flag.disturbed)
  scene.goOn('open resolves')
}
