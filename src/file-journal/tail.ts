/**
 * What lies behind the last valid batch of a segment: nothing, a torn append, or a proof of damage.
 *
 * A life writes a batch only after the one before it is durable and checked. So whatever a crash does, behind a batch
 * that is not whole there is never a whole one. A whole one behind a bad one, or behind filler or zeros, proves that
 * committed bytes were changed later (J7). And behind a seal that is not whole there is never a batch at all.
 */
import type { ReadableFile } from '../file-system.ts'
import { ByteWindow } from './byte-window.ts'
import { batchEnd, emptyFrame, parseFrame, sumHolds } from './frame.ts'

export interface Tail {
  /** Where a valid batch begins that cannot be there unless bytes before it were damaged. */
  readonly batchAt: number | undefined
  /** Bytes up to the last one that is neither newline nor zero. */
  readonly torn: number
}

/** What proves damage: a batch with one of these keys and at least this number. Without keys, anything with a frame. */
export interface Proof {
  readonly keys: readonly number[]
  readonly batchMin: number
}

export async function surveyTail(file: ReadableFile, from: number, proof: Proof): Promise<Tail> {
  const window = new ByteWindow(file, from, Infinity)
  let contentEnd = from
  let consumed = 0
  try {
    do {
      await window.more(consumed)
      const found = findBatch(window, proof)
      if (found.batchAt !== undefined) return { batchAt: window.offset + found.batchAt, torn: 0 }
      consumed = found.searched
      const length = contentLength(window.bytes)
      if (length > 0) contentEnd = Math.max(contentEnd, window.offset + length)
    } while (!window.atEnd)
  } finally {
    await window.settle()
  }
  return { batchAt: undefined, torn: contentEnd - from }
}

const frameStart = '{"crc":"'
/** Longer than any frame: what begins nearer to the end of the window may go on behind it. */
const frameBytesMax = 256

function findBatch(
  window: ByteWindow,
  proof: Proof,
): { readonly batchAt?: number; readonly searched: number } {
  const bytes = window.bytes
  const text = bytes.toString('latin1')
  const frame = emptyFrame()
  let at = text.indexOf(frameStart)
  for (; at >= 0; at = text.indexOf(frameStart, at + 1)) {
    if (!window.atEnd && at + frameBytesMax > text.length) return { searched: at }
    if (!parseFrame(text, at, frame) || frame.batch < proof.batchMin) continue
    if (proof.keys.length === 0) return { batchAt: at, searched: at }
    const end = batchEnd(text, at, frame.records)
    if (end < 0 && !window.atEnd) return { searched: at }
    if (end >= 0 && proof.keys.some((key) => sumHolds(bytes, at, end, frame.crc, key)))
      return { batchAt: at, searched: at }
  }
  return { searched: window.atEnd ? text.length : Math.max(0, text.length - frameStart.length) }
}

function contentLength(bytes: Buffer): number {
  let length = bytes.length
  while (length > 0 && (bytes[length - 1] === 0x0a || bytes[length - 1] === 0)) length--
  return length
}
