/**
 * The frame at the head of a batch's first line, read by position: this runs once per batch of a run that is opened.
 *
 * The text has one character per byte (latin1), so that a position in it is a position in the file.
 */
import { crc32 } from '../checksum.ts'
import { crcBytes, kindAt, prevAt } from './format.ts'

/** Filled anew by each `parseFrame`, so that a million batches need no million objects. */
export interface Frame {
  crc: number
  prev: number
  batch: number
  records: number
  seq: number
  /** Where the first record's `"body":` or `"blob":` begins. */
  contentAt: number
}

/** How every line with a checksum begins. */
export const lineStart = '{"crc":"'
const batchKind = '","batch":'

export function emptyFrame(): Frame {
  return { crc: 0, prev: 0, batch: 0, records: 0, seq: 0, contentAt: 0 }
}

/** True, and `frame` filled, where a frame begins at `at`; its checksum is still to be checked. */
export function parseFrame(text: string, at: number, frame: Frame): boolean {
  if (!text.startsWith(lineStart, at) || !text.startsWith(batchKind, at + kindAt)) return false
  frame.crc = hexAt(text, at + lineStart.length)
  frame.prev = hexAt(text, at + prevAt)
  if (frame.crc < 0 || frame.prev < 0) return false
  frame.batch = numberAt(text, at + kindAt + batchKind.length, frame)
  if (frame.batch < 1 || !text.startsWith(',"records":', frame.contentAt)) return false
  frame.records = numberAt(text, frame.contentAt + 11, frame)
  if (frame.records < 1 || !text.startsWith(',"seq":', frame.contentAt)) return false
  frame.seq = numberAt(text, frame.contentAt + 7, frame)
  frame.contentAt += 1
  return frame.seq >= 1 && text.charCodeAt(frame.contentAt - 1) === comma
}

/** Behind the newline of the `records`-th line from `at`; -1 where the text ends before that. */
export function batchEnd(text: string, at: number, records: number): number {
  let end = at
  for (let line = 0; line < records; line++) {
    end = text.indexOf('\n', end) + 1
    if (end === 0) return -1
  }
  return end
}

/** True where the checksum of the batch in `bytes` from `at` to `end` is right for a life with this key. */
export function sumHolds(
  bytes: Buffer,
  at: number,
  end: number,
  crc: number,
  key: number,
): boolean {
  return crc32(bytes.subarray(at + crcBytes, end), key) === crc
}

const comma = 0x2c
const digitsMax = 15

/** The number at `at`; `end.contentAt` is then behind its digits: a second result without an object for it. */
function numberAt(text: string, at: number, end: { contentAt: number }): number {
  let value = 0
  let index = at
  for (; index < at + digitsMax; index++) {
    const digit = text.charCodeAt(index) - 0x30
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  end.contentAt = index
  return index === at ? -1 : value
}

function hexAt(text: string, at: number): number {
  let value = 0
  for (let index = at; index < at + 8; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0x30 && code <= 0x39) value = value * 16 + code - 0x30
    else if (code >= 0x61 && code <= 0x66) value = value * 16 + code - 0x57
    else return -1
  }
  return value
}
