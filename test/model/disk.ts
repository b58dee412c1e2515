/**
 * The disk: what a write, a sync, a failed sync, memory pressure and a power loss do to the pieces of a segment and to
 * the entries of a directory.
 *
 * Every piece is a page of its own: what one sync covers may still be lost piece by piece at a power loss before it. An
 * entry may be durable while the file it names is torn, and a higher-numbered entry while a lower one is lost.
 */
import {
  BATCHES_MAX,
  byteAt,
  dropFlag,
  Flag,
  get,
  hasFlag,
  livesIn,
  Of,
  offsetOf,
  OVER,
  Page,
  set,
  World,
  type Row,
} from './state.ts'

/** The pieces of a segment, in file order. */
export const PIECES: readonly number[] = [
  Of.header,
  Of.seal,
  ...Array.from({ length: BATCHES_MAX }, (_, batch) => Of.batch + batch),
  Of.mark,
]

/** Whether a reader finds it whole. */
export function isWhole(page: number): boolean {
  return page >= Page.dirty
}

/** Whether the life's segment is there for whoever lists the run directory. */
export function isListed(row: Row, life: number): boolean {
  return isWhole(get(row, life, Of.entry)) && runExists(row)
}

export function runExists(row: Row): boolean {
  return isWhole(byteAt(row, World.run)) && isWhole(byteAt(row, World.base))
}

/** The life whose segment stands under this number, or -1. */
export function lifeAt(row: Row, number: number): number {
  for (let life = 0; life < livesIn(row); life += 1) {
    if (get(row, life, Of.number) === number && isListed(row, life)) return life
  }
  return -1
}

/** The highest number in the run directory, 0 if it is empty. */
export function highestNumber(row: Row): number {
  let highest = 0
  for (let life = 0; life < livesIn(row); life += 1) {
    if (isListed(row, life)) highest = Math.max(highest, get(row, life, Of.number))
  }
  return highest
}

export function syncFile(row: Row, life: number): void {
  for (const piece of PIECES) harden(row, offsetOf(life, piece))
}

/** The pages are dropped and marked clean: a later sync has nothing to write and succeeds. */
export function failSyncOfFile(row: Row, life: number): void {
  for (const piece of PIECES) soften(row, offsetOf(life, piece))
}

export function syncRunDirectory(row: Row): void {
  for (let life = 0; life < livesIn(row); life += 1) harden(row, offsetOf(life, Of.entry))
}

export function failSyncOfRunDirectory(row: Row): void {
  for (let life = 0; life < livesIn(row); life += 1) soften(row, offsetOf(life, Of.entry))
}

export function harden(row: Row, offset: number): void {
  if (byteAt(row, offset) === Page.dirty) row[offset] = Page.durable
}

export function soften(row: Row, offset: number): void {
  if (byteAt(row, offset) === Page.dirty) row[offset] = Page.clean
}

/** Hands over, one after the other in `next`, every state that a power loss may leave of `row`. */
export function losePower(row: Row, next: Row, emit: () => void): void {
  const pending = pendingOffsets(row)
  for (let kept = 0; kept < 1 << pending.length; kept += 1) {
    next.set(row)
    if (!settle(next, pending, kept)) continue
    next[World.losses] = byteAt(next, World.losses) + 1
    for (let life = 0; life < livesIn(next); life += 1) {
      if (get(next, life, Of.pc) !== 0) end(next, life)
    }
    emit()
  }
}

/**
 * Ends a life: it takes no further step. What nobody can see any more is zeroed, so that states that differ only in it
 * are one.
 */
export function end(row: Row, life: number): void {
  set(row, life, Of.pc, OVER)
  set(row, life, Of.cursor, 0)
  set(row, life, Of.source, 0)
  dropFlag(row, life, Flag.holding | Flag.disturbed)
  const named = isWhole(get(row, life, Of.entry))
  if (!named) {
    set(row, life, Of.entry, Page.absent)
    for (const piece of PIECES) set(row, life, piece, Page.absent)
  }
  const resolved = hasFlag(row, life, Flag.resolved)
  if (!resolved && !isWhole(get(row, life, Of.seal))) {
    set(row, life, Of.image, 0)
    dropFlag(row, life, Flag.copied)
  }
  if (!resolved && !named) set(row, life, Of.number, 0)
}

/** Where something lies that a power loss may keep or lose; entries first, the outermost before the inner. */
function pendingOffsets(row: Row): number[] {
  const offsets: number[] = []
  if (isPending(byteAt(row, World.base))) offsets.push(World.base)
  if (isPending(byteAt(row, World.run))) offsets.push(World.run)
  for (const piece of [Of.entry, ...PIECES]) {
    for (let life = 0; life < livesIn(row); life += 1) {
      if (isWhole(get(row, life, Of.entry)) && isPending(get(row, life, piece))) {
        offsets.push(offsetOf(life, piece))
      }
    }
  }
  return offsets
}

function isPending(page: number): boolean {
  return page === Page.dirty || page === Page.clean
}

/** Keeps or loses each pending piece; false if it would keep one in a file that is gone, which is no other state. */
function settle(row: Row, pending: readonly number[], kept: number): boolean {
  for (const [index, offset] of pending.entries()) {
    const keeps = ((kept >> index) & 1) === 1
    if (!isWhole(byteAt(row, offset))) {
      if (keeps) return false
      continue
    }
    if (keeps) row[offset] = Page.durable
    else lose(row, offset)
  }
  return true
}

function lose(row: Row, offset: number): void {
  if (offset === World.base || offset === World.run) {
    if (offset === World.base) row[World.base] = Page.absent
    row[World.run] = Page.absent
    for (let life = 0; life < livesIn(row); life += 1) loseSegment(row, life)
    return
  }
  for (let life = 0; life < livesIn(row); life += 1) {
    if (offset === offsetOf(life, Of.entry)) {
      loseSegment(row, life)
      return
    }
  }
  row[offset] = Page.torn
}

function loseSegment(row: Row, life: number): void {
  set(row, life, Of.entry, Page.absent)
  for (const piece of PIECES) set(row, life, piece, Page.absent)
}
