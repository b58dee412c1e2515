/**
 * Lives are alike until they list: each is only a count of steps taken. So states that differ in who of them is where are
 * one state, and the one that is kept has the lives in the order in which they listed, then those on their way, furthest
 * first. A life's slot is therefore also its rank among the listings.
 */
import type { Model } from './program.ts'
import { countIn, withCount, type Image } from './image.ts'
import { byteAt, get, LIFE_BYTES, livesIn, Of, offsetOf, set, World, type Row } from './state.ts'

/** Where the lives of a state were in the state before: two bits a slot. */
export type Moved = number

const UNMOVED: Moved = 0b11100100

/** The slot, in the state before, of the life that is in this one now. */
export function slotBefore(moved: Moved, slot: number): number {
  return (moved >> (2 * slot)) & 3
}

/** Puts the lives in order. */
export function order(row: Row, model: Model): Moved {
  let moved = UNMOVED
  for (let behind = model.bounds.lives - 1; behind > 0; behind -= 1) {
    for (let slot = 0; slot < behind; slot += 1) {
      if (!isOvertaken(row, slot, model.listing)) continue
      exchange(row, slot)
      const difference = (slotBefore(moved, slot) ^ slotBefore(moved, slot + 1)) * 0b101
      moved ^= difference << (2 * slot)
    }
  }
  return moved
}

/** Whether the life has not listed and the next one is further. */
function isOvertaken(row: Row, slot: number, listing: number): boolean {
  const pc = get(row, slot, Of.pc)
  return pc <= listing && pc < get(row, slot + 1, Of.pc)
}

/** The bytes of the two, and in every image their counts. */
function exchange(row: Row, slot: number): void {
  for (let offset = offsetOf(slot, 0); offset < offsetOf(slot + 1, 0); offset += 1) {
    const kept = byteAt(row, offset)
    row[offset] = byteAt(row, offset + LIFE_BYTES)
    row[offset + LIFE_BYTES] = kept
  }
  row[World.told] = exchangedIn(byteAt(row, World.told), slot)
  for (let life = 0; life < livesIn(row); life += 1) {
    set(row, life, Of.image, exchangedIn(get(row, life, Of.image), slot))
  }
}

function exchangedIn(image: Image, slot: number): Image {
  const first = countIn(image, slot)
  return withCount(withCount(image, slot, countIn(image, slot + 1)), slot + 1, first)
}
