import { describe, expect, it } from 'vitest'
import { explore } from './explorer.ts'
import { firstRow, movesOf } from './moves.ts'
import { modelOf, type Model } from './program.ts'
import { FULL, PROTOCOL } from './protocol.ts'
import type { Row } from './state.ts'

/** More states than the explorer has room for at first, so that it must grow. */
const SMALL = { ...FULL, lives: 2 }
const STATES_MIN = 5000

describe('explorer', () => {
  it('finds the states and moves that a plain search over text keys finds', () => {
    const model = modelOf(PROTOCOL, SMALL)
    const { states, moves } = explore(model)
    expect({ states, moves }).toEqual(plainSearch(model))
    expect(states).toBeGreaterThan(STATES_MIN)
  })

  it('gives the shortest way: no shorter world of moves breaks the law', () => {
    const model = modelOf({ ...PROTOCOL, append: ['write', 'check', 'ack'] }, SMALL)
    const { broken } = explore(model)
    expect(broken?.path.length).toBe(plainDepth(model, broken?.path.at(-1)) + 1)
  })

  it('gives a way on which each state follows from the one before', () => {
    const { broken } = explore(modelOf({ ...PROTOCOL, number: 'first gap' }, FULL))
    const model = modelOf({ ...PROTOCOL, number: 'first gap' }, FULL)
    const path = broken?.path ?? []
    for (const [index, row] of path.slice(1).entries()) {
      expect(nextOf(path[index] ?? row, model).map(String)).toContain(String(row))
    }
    expect(path.length).toBeGreaterThan(1)
  })
})

function nextOf(row: Row, model: Model): Row[] {
  const rows: Row[] = []
  movesOf(model, (next) => rows.push(next.slice()))(row)
  return rows
}

function plainSearch(model: Model): { states: number; moves: number } {
  const known = new Map([[String(firstRow(model)), firstRow(model)]])
  let moves = 0
  for (const row of known.values()) {
    for (const next of nextOf(row, model)) {
      moves += 1
      if (!known.has(String(next))) known.set(String(next), next)
    }
  }
  return { states: known.size, moves }
}

/** How many moves it takes at least to get to a state. */
function plainDepth(model: Model, wanted: Row | undefined): number {
  let front = [firstRow(model)]
  const known = new Set(front.map(String))
  for (let depth = 0; front.length > 0; depth += 1) {
    if (front.some((row) => String(row) === String(wanted))) return depth
    front = front
      .flatMap((row) => nextOf(row, model))
      .filter((row) => !known.has(String(row)) && known.add(String(row)))
  }
  return -1
}
