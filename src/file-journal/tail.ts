/**
 * What lies behind the last valid batch of a segment: nothing, a torn append, or a proof of damage.
 *
 * A life writes a batch only after the one before it is durable and checked. So whatever a crash does, behind a batch
 * that is not whole there is never a whole one. A whole one behind a bad one, or behind filler or zeros, proves that
 * committed bytes were changed later (J7). And behind a seal that is not whole there is never a batch at all.
 */
import type { ReadableFile } from '../file-system.ts'
import { type Proof, searchBatches } from './search.ts'

export interface Tail {
  /** Where a valid batch begins that cannot be there unless bytes before it were damaged. */
  readonly batchAt: number | undefined
  /** Where a valid end marker begins that says `closed`: everything before it was acknowledged. */
  readonly closedAt: number | undefined
  /** Bytes up to the last one that is neither newline nor zero. */
  readonly torn: number
  /** How long the file is. */
  readonly fileEnd: number
}

export async function surveyTail(file: ReadableFile, from: number, proof: Proof): Promise<Tail> {
  let contentEnd = from
  let fileEnd = from
  let closedAt: number | undefined
  const batchAt = await searchBatches(file, from, Infinity, proof, {
    take: () => 'stop',
    takeEnd: (offset) => (closedAt ??= offset),
    pass: (offset, bytes) => {
      fileEnd = offset + bytes.length
      const length = contentLength(bytes)
      if (length > 0) contentEnd = Math.max(contentEnd, offset + length)
    },
  })
  return { batchAt, closedAt, torn: contentEnd - from, fileEnd }
}

function contentLength(bytes: Buffer): number {
  let length = bytes.length
  while (length > 0 && (bytes[length - 1] === 0x0a || bytes[length - 1] === 0)) length--
  return length
}
