/**
 * Breadth-first search over all states: the first state that breaks a law has the shortest way to it.
 *
 * States lie one after the other in `found.ts`, in the order in which they were found, so the queue is a counter.
 */
import { Found } from './found.ts'
import { brokenLaw, brokenRecovery, type Broken } from './laws.ts'
import { firstRow, movesOf } from './moves.ts'
import type { Model } from './program.ts'
import { rowBytes, type Row } from './state.ts'

export interface Explored {
  readonly states: number
  readonly moves: number
  /** Moves on the longest of all shortest ways. */
  readonly depth: number
  /** With the states on the way, from the first one to the one that breaks the law. */
  readonly broken?: Broken & { readonly path: readonly Row[] }
}

interface Walk {
  /** Index of the state whose moves are taken. */
  current: number
  moves: number
  broken: Broken | undefined
}

/**
 * Walks every state that can be reached, or stops at the first one that breaks a law. `visit` sees each state once; the row is
 * scratch.
 */
export function explore(model: Model, visit?: (row: Row) => void): Explored {
  const bytes = rowBytes(model.slots)
  const found = new Found(bytes)
  const row = new Uint8Array(bytes)
  const walk: Walk = { current: 0, moves: 0, broken: undefined }
  const expand = movesOf(model, (next, _text, slot) => {
    walk.moves += 1
    if (walk.broken !== undefined) return
    const isNew = found.add(next, walk.current)
    if (model.bounds.watchesRecovery) walk.broken = brokenRecovery(row, next, slot, model)
    if (isNew) walk.broken ??= brokenLaw(next, model)
  })
  found.add(firstRow(model), -1)
  for (; walk.current < found.size && walk.broken === undefined; walk.current += 1) {
    found.read(walk.current, row)
    visit?.(row)
    expand(row)
  }
  const { moves, broken } = walk
  const path = found.pathTo(found.size - 1)
  const counts = { states: found.size, moves, depth: path.length - 1 }
  return broken === undefined ? counts : { ...counts, broken: { ...broken, path } }
}
