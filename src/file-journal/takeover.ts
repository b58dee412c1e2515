/**
 * May the newest life be displaced? Asked before anything is written, and never for safety: see `identity.ts`.
 */
import { RunOwnedError } from '../errors.ts'
import { describeOwner, type Identity, type Liveness, sameOwner } from '../identity.ts'
import type { Takeover } from '../journal.ts'
import { crcBytes, type Header } from './format.ts'
import { isHeld } from './held.ts'
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

/** Like the port's answer, but a life of this very thread is alive only while its journal is open. */
export async function livenessOf(identity: Identity, header: Header): Promise<Liveness> {
  if (sameOwner(header.owner, await identity.self())) return isHeld(header.nonce) ? 'alive' : 'dead'
  return identity.liveness(header.owner)
}

/** The error for a run whose segment `epoch` somebody else has. */
export function ownedError(
  runId: string,
  epoch: number,
  header: Header | undefined,
  liveness?: Liveness,
): RunOwnedError {
  const who =
    header === undefined ? 'another life' : `${header.name} (${describeOwner(header.owner)})`
  const state = liveness === undefined ? '' : `, which is ${stateText[liveness]}`
  return new RunOwnedError(`run ${runId} is owned by ${who}, epoch ${epoch}${state}`, {
    hint: hintFor[liveness ?? 'alive'],
    details: {
      runId,
      epoch,
      owner: header?.name,
      host: header?.owner.host,
      pid: header?.owner.pid,
      liveness,
    },
  })
}

const stateText: Readonly<Record<Liveness, string>> = {
  alive: 'alive',
  dead: 'dead',
  unknown: 'out of sight (another host or pid namespace)',
}

const hintFor: Readonly<Record<Liveness, string>> = {
  alive: "wait for it, stop it, or open with takeover 'always' to fence it",
  dead: "open with takeover 'if-dead'",
  unknown: "make sure that it is gone and open with takeover 'always'; if it lives, it is fenced",
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
