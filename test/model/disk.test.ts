import { describe, expect, it } from 'vitest'
import { end, failSyncOfFile, losePower, PIECES, syncFile } from './disk.ts'
import { Flag, get, Of, OVER, Page, rowBytes, set, setFlag, World, type Row } from './state.ts'

describe('disk: power loss', () => {
  it('keeps and loses every combination of what is pending', () => {
    const row = segment({ [Of.header]: Page.dirty, [Of.seal]: Page.clean, [Of.batch]: Page.dirty })
    const after = afterPowerLoss(row).map((next) =>
      [Of.header, Of.seal, Of.batch].map((piece) => get(next, 0, piece)),
    )
    const { torn, durable } = Page
    expect(after.map(String).sort()).toEqual(
      [torn, durable]
        .flatMap((header) =>
          [torn, durable].flatMap((seal) => [
            [header, seal, torn],
            [header, seal, durable],
          ]),
        )
        .map(String)
        .sort(),
    )
  })

  it('keeps what was synced', () => {
    const row = segment({ [Of.header]: Page.dirty, [Of.batch]: Page.dirty })
    syncFile(row, 0)
    expect(afterPowerLoss(row).map((next) => get(next, 0, Of.batch))).toEqual([Page.durable])
  })

  it('loses what a failed sync left, even after a sync that succeeded', () => {
    const row = segment({ [Of.batch]: Page.dirty })
    failSyncOfFile(row, 0)
    syncFile(row, 0)
    expect(get(row, 0, Of.batch)).toBe(Page.clean)
    expect(afterPowerLoss(row).map((next) => get(next, 0, Of.batch))).toContain(Page.torn)
  })

  it('takes a whole segment with its name', () => {
    const row = segment({ [Of.entry]: Page.dirty, [Of.batch]: Page.durable })
    const lost = afterPowerLoss(row).filter((next) => get(next, 0, Of.entry) === Page.absent)
    expect(lost.map((next) => get(next, 0, Of.batch))).toEqual([Page.absent])
  })

  it('takes every segment with the run directory', () => {
    const row = segment({ [Of.batch]: Page.durable })
    row[World.run] = Page.dirty
    const lost = afterPowerLoss(row).filter((next) => next[World.run] === Page.absent)
    expect(lost.map((next) => get(next, 0, Of.entry))).toEqual([Page.absent])
  })

  it('ends every life that had begun, and no other', () => {
    const row = segment({})
    set(row, 0, Of.pc, 5)
    expect(afterPowerLoss(row).map((next) => [0, 1].map((life) => get(next, life, Of.pc)))).toEqual(
      [[OVER, 0]],
    )
  })
})

describe('disk: the end of a life', () => {
  it('leaves of a life that nobody can see only that it was', () => {
    const row = segment({ [Of.entry]: Page.absent, [Of.seal]: Page.dirty, [Of.batch]: Page.dirty })
    end(row, 0)
    expect(PIECES.map((piece) => get(row, 0, piece))).toEqual(PIECES.map(() => Page.absent))
    expect(get(row, 0, Of.number)).toBe(0)
  })

  it('keeps the number of a life that resolved: epochs are judged by it', () => {
    const row = segment({ [Of.entry]: Page.absent })
    setFlag(row, 0, Flag.resolved)
    end(row, 0)
    expect(get(row, 0, Of.number)).toBe(1)
  })
})

/** A world in which life 1 has segment 1, durable but for what is given. */
function segment(pieces: Readonly<Record<number, number>>): Row {
  const row = new Uint8Array(rowBytes(2))
  row[World.base] = Page.durable
  row[World.run] = Page.durable
  set(row, 0, Of.number, 1)
  set(row, 0, Of.entry, Page.durable)
  for (const [piece, page] of Object.entries(pieces)) set(row, 0, Number(piece), page)
  return row
}

function afterPowerLoss(row: Row): Row[] {
  const next = new Uint8Array(row.length)
  const after: Row[] = []
  losePower(row, next, () => after.push(next.slice()))
  return after
}
