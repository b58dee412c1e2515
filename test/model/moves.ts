/**
 * Everything that can happen next: a step of any life, and what the machine does by itself.
 *
 * A life that is paused, or was killed, is one that takes no further step; since every state is reached with every life
 * stopped where it stands, both need no move of their own (under `if-dead` others look at it, and there dying is one).
 */
import { APPEND_STEPS } from './append-steps.ts'
import { end, highestNumber, isListed, losePower, PIECES } from './disk.ts'
import { decidedPart, blankReading, readRun } from './reading.ts'
import { covers } from './image.ts'
import { obligations } from './obligations.ts'
import { OPEN_STEPS } from './open-steps.ts'
import { READ_STEPS } from './read-steps.ts'
import type { StepName } from './protocol.ts'
import type { Model } from './program.ts'
import { Scene, type Emit } from './scene.ts'
import {
  byteAt,
  Flag,
  get,
  hasFlag,
  livesIn,
  Of,
  OVER,
  Page,
  rowBytes,
  set,
  World,
  type Row,
} from './state.ts'

const STEPS: Readonly<Record<StepName, (scene: Scene) => void>> = {
  ...OPEN_STEPS,
  ...READ_STEPS,
  ...APPEND_STEPS,
}

/** The state in which nothing has happened yet. */
export function firstRow(model: Model): Row {
  const row = new Uint8Array(rowBytes(model.slots))
  row[World.base] = model.bounds.parents === 0 ? Page.durable : Page.absent
  return row
}

/** Makes the function that hands over every state which one move can make of a state. */
export function movesOf(model: Model, emit: Emit): (from: Row) => void {
  const scene = new Scene(model, new Uint8Array(rowBytes(model.slots)), emit)
  const { bounds } = model
  return (from) => {
    scene.from = from
    for (let slot = 0; slot < model.slots; slot += 1) step(scene, slot)
    if (bounds.powerLosses > byteAt(from, World.losses)) {
      losePower(from, scene.next, () => scene.happen('power loss'))
    }
    if (bounds.takeover === 'if-dead') kill(scene)
    if (bounds.syncsFail) forget(scene)
    if (bounds.rot > byteAt(from, World.rotted)) rot(scene)
    if (byteAt(from, World.told) === 0) lookIn(scene)
  }
}

function step(scene: Scene, slot: number): void {
  const { from, model } = scene
  const pc = get(from, slot, Of.pc)
  if (pc === OVER) return
  scene.slot = slot
  if (pc === 0) {
    // Lives are alike until they list, so only one order of beginning is walked.
    const first = slot === 0 || slot >= model.bounds.lives || get(from, slot - 1, Of.pc) !== 0
    if (!first) return
  }
  const name = scene.program.steps[pc]
  if (name !== undefined) STEPS[name](scene)
}

function kill(scene: Scene): void {
  for (let life = 0; life < livesIn(scene.from); life += 1) {
    const pc = get(scene.from, life, Of.pc)
    const alive = pc !== OVER ? pc !== 0 : hasFlag(scene.from, life, Flag.holding)
    if (!alive) continue
    end(scene.begin(), life)
    scene.slot = life
    scene.giveUp('dies')
  }
}

/** Memory pressure: a page that is marked clean is dropped, and what comes back from the platter is not what was written. */
function forget(scene: Scene): void {
  for (let life = 0; life < livesIn(scene.from); life += 1) {
    for (const piece of PIECES) {
      if (get(scene.from, life, piece) !== Page.clean) continue
      set(scene.begin(), life, piece, Page.torn)
      scene.happen('memory pressure')
    }
  }
}

function rot(scene: Scene): void {
  for (let life = 0; life < livesIn(scene.from); life += 1) {
    for (const piece of PIECES) {
      if (get(scene.from, life, piece) !== Page.durable || !isListed(scene.from, life)) continue
      const row = scene.begin()
      set(row, life, piece, Page.torn)
      row[World.rotted] = byteAt(row, World.rotted) + 1
      scene.happen('the medium destroys a piece')
    }
  }
}

const found = blankReading()

/** A reader that reads everything at once. It is a move only where it is told more than the journal owes already. */
function lookIn(scene: Scene): void {
  const { from, model } = scene
  readRun(from, highestNumber(from) + 1, model.protocol, found)
  const decided = decidedPart(from, found.image, found.source, model.protocol)
  if (found.corrupt || covers(obligations(from), decided)) return
  scene.begin()[World.told] = decided
  scene.happen('a reader is told what is decided')
}
