/**
 * Finding batches where the bytes before them cannot be trusted: by the looks of their frame, and their checksum.
 */
import type { ReadableFile } from '../file-system.ts'
import { ByteWindow } from './byte-window.ts'
import { kindAt } from './format.ts'
import { parseEnd, prevOf } from './parse.ts'
import { batchEnd, emptyFrame, type Frame, lineStart, parseFrame, sumHolds } from './frame.ts'

/** What counts as found: a batch with one of these keys and at least this number. Without keys, any line with a frame. */
export interface Proof {
  readonly keys: readonly number[]
  readonly batchMin: number
}

export interface FoundBatch {
  readonly offset: number
  readonly frame: Frame
  /** Empty where there was no key to check it with. */
  readonly bytes: Buffer
}

export interface Searcher {
  readonly take: (batch: FoundBatch) => 'stop' | 'go on'
  /** Hears of end markers that say `closed`. */
  readonly takeEnd?: (offset: number) => void
  /** Sees all bytes searched, some of them twice. */
  readonly pass?: (offset: number, bytes: Buffer) => void
}

/** Searches the bytes from `from` up to `to`; where the batch begins at which `take` said stop. */
export async function searchBatches(
  file: ReadableFile,
  from: number,
  to: number,
  proof: Proof,
  searcher: Searcher,
): Promise<number | undefined> {
  const window = new ByteWindow(file, from, to)
  let consumed = 0
  try {
    do {
      await window.more(consumed)
      searcher.pass?.(window.offset, window.bytes)
      const { stoppedAt, searched } = searchWindow(window, proof, searcher)
      if (stoppedAt !== undefined) return stoppedAt
      consumed = searched
    } while (!window.atEnd)
    return undefined
  } finally {
    await window.settle()
  }
}

/** Longer than any frame: one that begins nearer to the end of the window may go on behind it. */
const frameBytesMax = 256

function searchWindow(
  window: ByteWindow,
  proof: Proof,
  searcher: Searcher,
): { readonly stoppedAt?: number; readonly searched: number } {
  const { bytes, offset, atEnd } = window
  const text = bytes.toString('latin1')
  const frame = emptyFrame()
  let at = text.indexOf(lineStart)
  while (at >= 0) {
    if (!atEnd && at + frameBytesMax > text.length) return { searched: at }
    const isBatch = parseFrame(text, at, frame)
    const end = isBatch ? endOf(text, bytes, at, frame, proof) : notFound
    if (!isBatch && isClosedAt(text, bytes, at, proof)) searcher.takeEnd?.(offset + at)
    if (end === cutOff && !atEnd) return { searched: at }
    if (end >= 0) {
      const found = { offset: offset + at, frame, bytes: bytes.subarray(at, end) }
      if (searcher.take(found) === 'stop') return { stoppedAt: offset + at, searched: at }
    }
    at = text.indexOf(lineStart, end > at ? end : at + 1)
  }
  return { searched: atEnd ? text.length : Math.max(0, text.length - lineStart.length) }
}

const notFound = -1
const cutOff = -2

function isClosedAt(text: string, bytes: Buffer, at: number, proof: Proof): boolean {
  if (!text.startsWith('","end":"closed"', at + kindAt)) return false
  const line = bytes.subarray(at, text.indexOf('\n', at) + 1)
  return proof.keys.some((key) => parseEnd(line, key, prevOf(line)) === 'closed')
}

/** Behind the batch; the batch's own start where it cannot be checked. */
function endOf(text: string, bytes: Buffer, at: number, frame: Frame, proof: Proof): number {
  if (frame.batch < proof.batchMin) return notFound
  // A torn seal may show a copied batch of another life, but never as a line of its own.
  if (proof.keys.length === 0) return at > 0 && text[at - 1] === '\n' ? at : notFound
  const end = batchEnd(text, at, frame.records)
  if (end < 0) return cutOff
  return proof.keys.some((key) => sumHolds(bytes, at, end, frame.crc, key)) ? end : notFound
}
