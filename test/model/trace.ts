/** The way to a state in words: who did what, stretch by stretch. */
import { PIECES } from './disk.ts'
import { countIn } from './image.ts'
import { movesOf } from './moves.ts'
import type { Model } from './program.ts'
import { byteAt, get, livesIn, Of, Page, World, type Row } from './state.ts'
import { slotBefore, type Moved } from './symmetry.ts'

/** One move on the way. */
interface Move {
  readonly text: string
  /** Slot of the life in the state before, -1 for nobody's move. */
  readonly slot: number
  readonly moved: Moved
}

/** A stretch of moves of one life, or of nobody. */
export interface Stretch {
  readonly who: string
  readonly moves: readonly string[]
}

/** Finds out again which moves lead along `path`. A life is called after the slot that it has in the end. */
export function stretches(path: readonly Row[], model: Model): Stretch[] {
  const told: { who: string; moves: string[] }[] = []
  for (const { who, text } of namedMoves(path, model)) {
    const last = told.at(-1)
    if (last?.who === who) last.moves.push(text)
    else told.push({ who, moves: [text] })
  }
  return told
}

function namedMoves(path: readonly Row[], model: Model): { who: string; text: string }[] {
  const slots = Array.from({ length: model.slots }, (_, slot) => slot)
  let names = slots.map((slot) => (slot < model.bounds.lives ? `life ${slot + 1}` : 'reader'))
  const named: { who: string; text: string }[] = []
  for (let index = path.length - 1; index > 0; index -= 1) {
    const [from, to] = [path[index - 1], path[index]]
    if (from === undefined || to === undefined) break
    const { text, slot, moved } = moveBetween(from, to, model)
    const before = [...names]
    for (const now of slots) before[slotBefore(moved, now)] = names[now] ?? ''
    const details = slot < 0 ? detailsOf(from, to, names) : ''
    names = before
    named.unshift({ who: names[slot] ?? '', text: details === '' ? text : `${text}: ${details}` })
  }
  return named
}

function moveBetween(from: Row, to: Row, model: Model): Move {
  let found: Move | undefined
  const expand = movesOf(model, (next, text, slot, moved) => {
    if (found === undefined && next.every((byte, index) => byte === to[index])) {
      found = { text, slot, moved }
    }
  })
  expand(from)
  if (found === undefined) throw new Error('no move leads from one state of the path to the next')
  return found
}

/** What a power loss, a reader or memory pressure did, from the difference that it made. */
function detailsOf(from: Row, to: Row, names: readonly string[]): string {
  const told = byteAt(to, World.told)
  if (told !== byteAt(from, World.told)) return toldText(told, names)
  const kept: string[] = []
  const lost: string[] = []
  for (const { name, before, after } of piecesOf(from, to, names)) {
    if (before !== Page.dirty && before !== Page.clean) continue
    if (after === Page.durable) kept.push(name)
    else if (after !== before) lost.push(name)
  }
  const parts = [
    kept.length > 0 ? `keeps ${kept.join(', ')}` : '',
    lost.length > 0 ? `loses ${lost.join(', ')}` : '',
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function toldText(image: number, names: readonly string[]): string {
  const batches = names.flatMap((name, life) =>
    Array.from({ length: countIn(image, life) }, (_, batch) => `batch ${batch + 1} of ${name}`),
  )
  return batches.join(', ')
}

interface Piece {
  readonly name: string
  readonly before: number
  readonly after: number
}

function piecesOf(from: Row, to: Row, names: readonly string[]): Piece[] {
  const pieces: Piece[] = [
    {
      name: 'the parent directory',
      before: byteAt(from, World.base),
      after: byteAt(to, World.base),
    },
    { name: 'the run directory', before: byteAt(from, World.run), after: byteAt(to, World.run) },
  ]
  for (let life = 0; life < livesIn(from); life += 1) {
    for (const piece of [Of.entry, ...PIECES]) {
      const name = `${PIECE_NAMES.get(piece) ?? ''} of ${names[life] ?? ''}`
      pieces.push({ name, before: get(from, life, piece), after: get(to, life, piece) })
    }
  }
  return pieces
}

const PIECE_NAMES: ReadonlyMap<number, string> = new Map([
  [Of.entry, 'name'],
  [Of.header, 'header'],
  [Of.seal, 'seal'],
  [Of.batch, 'batch 1'],
  [Of.batch + 1, 'batch 2'],
  [Of.mark, 'end marker'],
])
