/**
 * What it costs to come back: how much a recovering life found in its directory, and what it did until it was back.
 *
 *   W1  A life is back at its first `recovered`; where its system gives none, at its first `ack`.
 *   W2  Nothing here is judged. Bytes, ops and syncs are the explorer's, counted in memory, equal for equal seeds; milliseconds are
 *       the live engine's alone, of real processes, because time in memory says nothing about a disk.
 *   W3  A sample is bounded whatever the number of lives: of each system, engine and size (a power of two of bytes) the few whose
 *       hash is lowest. So it depends neither on the order in which lives came nor on how they were dealt to shards, and samples
 *       of parts join to the sample of the whole.
 */
import { createHash } from 'node:crypto'

/** What a life in memory did until it was back. */
export interface RecoveryCost {
  readonly readBytes: number
  readonly writtenBytes: number
  readonly ops: number
  readonly syncs: number
}

/** One recovering life. */
export interface RecoveryPoint {
  readonly scenario: string
  readonly system: string
  readonly engine: 'explorer' | 'live'
  readonly token: string
  readonly life: number
  /** What the files in its directory held when it began. */
  readonly bytes: number
  /** Records that it said it found (W1). */
  readonly records?: number
  readonly cost?: RecoveryCost
  /** Real milliseconds from the start of its process until the harness saw that it was back. */
  readonly ms?: number
}

/** Points of one system, engine and size that are kept. */
export const keptMax = 12

interface Kept {
  readonly rank: string
  readonly point: RecoveryPoint
}

/** Takes points one by one and keeps a few (W3). */
export class RecoverySample {
  readonly #kept = new Map<string, Kept[]>()

  /** A life that found nothing has nothing to come back from, and is left out. */
  add(point: RecoveryPoint): void {
    const { system, engine, token, life, bytes } = point
    if (bytes === 0) return
    const key = JSON.stringify([system, engine, sizeOf(bytes)])
    const rank = createHash('sha256').update(`${token} ${life}`).digest('hex').slice(0, 16)
    const list = this.#kept.get(key) ?? []
    this.#kept.set(key, list)
    const last = list.at(-1)
    if (list.length >= keptMax && last !== undefined && rank >= last.rank) return
    if (list.some((each) => each.rank === rank)) return
    const place = list.findIndex((each) => each.rank > rank)
    list.splice(place < 0 ? list.length : place, 0, { rank, point })
    if (list.length > keptMax) list.pop()
  }

  /** What was kept: by system and engine, then by what was found. */
  list(): RecoveryPoint[] {
    return [...this.#kept.values()].flatMap((list) => list.map(({ point }) => point)).sort(inOrder)
  }
}

/** Which power of two the bytes reach: 0 for 1, 1 for 2-3, 2 for 4-7 … */
export function sizeOf(bytes: number): number {
  return Math.floor(Math.log2(bytes))
}

function inOrder(left: RecoveryPoint, right: RecoveryPoint): number {
  return (
    compare(left.system, right.system) ||
    compare(left.engine, right.engine) ||
    left.bytes - right.bytes ||
    compare(left.token, right.token) ||
    left.life - right.life
  )
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
