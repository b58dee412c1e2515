/**
 * May the newest life be displaced? Asked before anything is written, and never for safety: see `identity.ts`.
 */
import type { Identity } from '../identity.ts'
import type { Takeover } from '../journal.ts'
import { livenessOf, ownedError } from '../ownership.ts'
import { crcBytes, type Header } from './format.ts'
import { parseEnd, prevOf } from './parse.ts'
import { readHead } from './segment-head.ts'
import { type RunSource, withSegment } from './source.ts'

/** What the newest segment says of its life. */
export interface NewestLife {
  /** Missing where the header is torn: the machine stopped before that life could own anything. */
  readonly header: Header | undefined
  /** It gave the run up in order. */
  readonly ended: boolean
}

/** @throws RunOwnedError naming the owner (J11) */
export async function assertFree(
  source: RunSource,
  identity: Identity,
  newest: number,
  takeover: Takeover,
): Promise<void> {
  if (takeover === 'always') return
  const { header, ended } = await readNewestLife(source, newest)
  if (ended) return
  const liveness = header === undefined ? 'dead' : await livenessOf(identity, header)
  if (liveness === 'dead' && takeover === 'if-dead') return
  throw ownedError(source.run.runId, newest, header, liveness)
}

async function readNewestLife(source: RunSource, newest: number): Promise<NewestLife> {
  return withSegment(source, newest, async (file, path) => {
    const head = await readHead(file, path, source.run.runId, newest)
    if (head.kind === 'unsealed') return { header: head.header, ended: head.end !== undefined }
    const size = await file.size()
    const tail = Buffer.alloc(Math.min(size, endBytesMax))
    const count = await file.read(tail, size - tail.length)
    const line = lastLine(tail.subarray(0, count))
    return { header: head.header, ended: parseEnd(line, head.key, prevOf(line)) !== undefined }
  })
}

/** Longer than an end marker; a segment that ended in order ends with it. */
const endBytesMax = crcBytes + 100

function lastLine(tail: Buffer): Buffer {
  return tail.subarray(tail.lastIndexOf(0x0a, tail.length - 2) + 1)
}
