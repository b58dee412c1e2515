/**
 * One state of the modelled world, packed into a row of bytes so that a few million of them fit and hash fast.
 *
 * A row holds everything that a law or a step can see: what each life is about to do, what the page cache and the platter
 * hold of its segment, and what it has acknowledged. Nothing else of a real system is in the model.
 */

export type Row = Uint8Array

/**
 * What is known of one piece of a file (header, seal, batch) or of one directory entry.
 *
 *  absent   nobody wrote it
 *  torn     on disk or in the cache, but not whole: its checksum fails
 *  dirty    whole in the page cache; a power loss keeps or loses it
 *  clean    whole in the page cache, but its sync failed: the kernel dropped the write and calls the page clean. No later
 *           sync writes it, memory pressure may forget it at any time
 *  durable  whole on the platter
 */
export const Page = { absent: 0, torn: 1, dirty: 2, clean: 3, durable: 4 } as const

/** Bytes about the world as a whole. */
export const World = {
  /** Power losses so far. */
  losses: 0,
  /** Entry of the directory above the run's, in one that the caller vouches for. */
  base: 1,
  /** Entry of the run directory. */
  run: 2,
  /** What went wrong inside a step, as a number of {@link Alarm}. */
  alarm: 3,
  /** An image: what a reader was told is decided. */
  told: 4,
  /** Pieces destroyed by the medium so far. */
  rotted: 5,
} as const

/** Bytes about one life and its segment. */
export const Of = {
  /** Which step of its program comes next, 0 for a life that has not begun, or {@link OVER}. */
  pc: 0,
  /** Number of its segment: planned from `list` on, taken from `publish` on. */
  number: 1,
  /** While reading: number of the segment to look at next. */
  cursor: 2,
  /** Directory entry of its segment. */
  entry: 3,
  header: 4,
  /** A reader has no segment; it keeps here the image that it must not fall short of. */
  owed: 4,
  seal: 5,
  /** First batch; the second one is the next byte. */
  batch: 6,
  /** The image that it read; from `write-seal` on also what its seal promises. */
  image: 8,
  /** Bit k: batch k was acknowledged. */
  acked: 9,
  flags: 10,
  /** Number of the segment whose seal it took, from then until its own is written. */
  source: 11,
  /** End marker behind the last batch: the life closed. */
  mark: 12,
} as const

export const Flag = {
  /** Its open resolved. */
  resolved: 1,
  /** Its seal holds a copy of the last batch of the image. */
  copied: 2,
  /** Its process lives and it has not closed. Tracked under `if-dead` only. */
  holding: 4,
  /** While it opens, somebody else has taken a step. Tracked only where the bounds ask for it. */
  disturbed: 8,
} as const

export const Alarm = { none: 0, corrupt: 1, refused: 2, robbed: 3, short: 4 } as const

/** `pc` of a life that is dead, fenced, poisoned, refused or closed. */
export const OVER = 63

/** Batches that a life can append at most. */
export const BATCHES_MAX = 2

const WORLD_BYTES = 6
/** Bytes of one life. */
export const LIFE_BYTES = 13

/** Bytes of a row with so many lives: a multiple of four. */
export function rowBytes(lives: number): number {
  return Math.ceil((WORLD_BYTES + lives * LIFE_BYTES) / 4) * 4
}

/** How many lives a row has room for. */
export function livesIn(row: Row): number {
  return Math.floor((row.length - WORLD_BYTES) / LIFE_BYTES)
}

export function byteAt(row: Row, offset: number): number {
  return row[offset] ?? 0
}

/** Where a field of a life lies in the row. */
export function offsetOf(life: number, field: number): number {
  return WORLD_BYTES + life * LIFE_BYTES + field
}

export function get(row: Row, life: number, field: number): number {
  return row[WORLD_BYTES + life * LIFE_BYTES + field] ?? 0
}

export function set(row: Row, life: number, field: number, value: number): void {
  row[WORLD_BYTES + life * LIFE_BYTES + field] = value
}

export function hasFlag(row: Row, life: number, flag: number): boolean {
  return (get(row, life, Of.flags) & flag) !== 0
}

export function setFlag(row: Row, life: number, flag: number): void {
  set(row, life, Of.flags, get(row, life, Of.flags) | flag)
}

export function dropFlag(row: Row, life: number, flag: number): void {
  set(row, life, Of.flags, get(row, life, Of.flags) & ~flag)
}
