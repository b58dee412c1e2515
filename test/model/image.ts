/**
 * An image: how many batches of each life a run consists of, two bits a life.
 *
 * Batches of one life are ordered by their index and lives by the number of their segment, so counts say it all: a
 * hole cannot be written down, and reading one is a finding of `reading.ts`.
 */
import { get, livesIn, Of, type Row } from './state.ts'

export type Image = number

export function countIn(image: Image, life: number): number {
  return (image >> (2 * life)) & 3
}

export function withCount(image: Image, life: number, count: number): Image {
  return (image & ~(3 << (2 * life))) | (count << (2 * life))
}

/** Whether `image` has at least the batches of `part`. */
export function covers(image: Image, part: Image): boolean {
  for (let shift = 0; shift < 8; shift += 2) {
    if (((image >> shift) & 3) < ((part >> shift) & 3)) return false
  }
  return true
}

/** The life of the image's last batch, or -1 for an empty image. */
export function lastLife(row: Row, image: Image): number {
  let last = -1
  let highest = -1
  for (let life = 0; life < livesIn(row); life += 1) {
    const number = get(row, life, Of.number)
    if (countIn(image, life) > 0 && number > highest) {
      last = life
      highest = number
    }
  }
  return last
}

/** The image without its last batch: what a reader may call decided. */
export function withoutLast(row: Row, image: Image): Image {
  const life = lastLife(row, image)
  return life < 0 ? image : withCount(image, life, countIn(image, life) - 1)
}
