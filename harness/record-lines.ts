/**
 * Which files can rot by lines: those that are text, where a line stands for a record.
 *
 * In other files a line is whatever lies between two bytes that happen to be 10, often all of it; without its middle such a file is a
 * shorter one that no journal can tell from a whole one, and nothing that a journal promises is tested.
 */
import { isUtf8 } from 'node:buffer'

const newline = 10

/** A file of so few lines is hardly more than its last batch. */
const linesMin = 3

/** Where a line begins and ends, its newline included. */
export interface Line {
  readonly from: number
  readonly to: number
}

/** The lines of any file. */
export function linesOf(bytes: Uint8Array): readonly Line[] {
  const lines: Line[] = []
  for (let from = 0; from < bytes.byteLength;) {
    const end = bytes.indexOf(newline, from)
    const to = end < 0 ? bytes.byteLength : end + 1
    lines.push({ from, to })
    from = to
  }
  return lines
}

/** Whether a line (from 1) can lose its middle: there are others, and where they are few, one behind it. */
export function canLoseMiddle(bytes: Uint8Array, line: number): boolean {
  const { length } = linesOf(bytes)
  return isText(bytes) && line <= length && (length >= linesMin || line < length)
}

/** Whether lines can change places: one of them at least stays where it is. */
export function canSwap(bytes: Uint8Array): boolean {
  return isText(bytes) && linesOf(bytes).length >= linesMin
}

/** UTF-8, and of the control characters no others than those of text: tab, line feed, form feed, carriage return. */
function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && bytes.every((byte) => byte >= 0x20 || textual.has(byte))
}

const textual: ReadonlySet<number> = new Set([9, newline, 12, 13])
