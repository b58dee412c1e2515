/**
 * The states found so far, in one array of bytes, with a hash table of their indices and the way back to the first.
 */
import type { Row } from './state.ts'

const FIRST_ROWS = 1 << 12
/** Places in the table for each row there is room for. */
const TABLE_FACTOR = 4

export class Found {
  size = 0
  readonly #bytes: number
  #rows: Uint8Array
  #words: Int32Array
  #parents: Int32Array
  #table: Int32Array

  /** `bytes`: of one state, a multiple of four. */
  constructor(bytes: number) {
    this.#bytes = bytes
    this.#rows = new Uint8Array(FIRST_ROWS * bytes)
    this.#words = new Int32Array(this.#rows.buffer)
    this.#parents = new Int32Array(FIRST_ROWS)
    this.#table = new Int32Array(FIRST_ROWS * TABLE_FACTOR)
  }

  /** Keeps a copy of the state unless it is known; true if it was new. */
  add(row: Row, parent: number): boolean {
    // The place behind the last state is free to try the new one in.
    this.#rows.set(row, this.size * this.#bytes)
    const place = this.#placeOf(this.size)
    if ((this.#table[place] ?? 0) !== 0) return false
    this.#table[place] = this.size + 1
    this.#parents[this.size] = parent
    this.size += 1
    if (this.size === this.#parents.length) this.#grow()
    return true
  }

  /** Copies the state at an index to `row`. */
  read(index: number, row: Row): void {
    const start = index * this.#bytes
    for (let byte = 0; byte < this.#bytes; byte += 1) row[byte] = this.#rows[start + byte] ?? 0
  }

  /** The states from the first one to the one at an index. */
  pathTo(index: number): Row[] {
    const path: Row[] = []
    for (let at = index; at >= 0; at = this.#parents[at] ?? -1) {
      const row = new Uint8Array(this.#bytes)
      this.read(at, row)
      path.unshift(row)
    }
    return path
  }

  /** Where in the table the state at an index is, or belongs. */
  #placeOf(index: number): number {
    const count = this.#bytes >> 2
    const start = index * count
    const mask = this.#table.length - 1
    let hash = 0x9e3779b9
    for (let word = start; word < start + count; word += 1) {
      hash = Math.imul(hash ^ (this.#words[word] ?? 0), 0x85ebca6b)
      hash ^= hash >>> 15
    }
    let place = hash & mask
    for (;;) {
      const known = this.#table[place] ?? 0
      if (known === 0 || this.#equal(start, (known - 1) * count, count)) return place
      place = (place + 1) & mask
    }
  }

  #equal(a: number, b: number, count: number): boolean {
    for (let word = 0; word < count; word += 1) {
      if (this.#words[a + word] !== this.#words[b + word]) return false
    }
    return true
  }

  #grow(): void {
    const rows = new Uint8Array(this.#rows.length * 2)
    rows.set(this.#rows)
    const parents = new Int32Array(this.#parents.length * 2)
    parents.set(this.#parents)
    this.#rows = rows
    this.#words = new Int32Array(rows.buffer)
    this.#parents = parents
    this.#table = new Int32Array(this.#table.length * 2)
    for (let index = 0; index < this.size; index += 1) {
      this.#table[this.#placeOf(index)] = index + 1
    }
  }
}
