/**
 * The first two lines of a segment: who lived here, and what that life decided about the lives before it.
 */
import { FormatVersionError } from '../errors.ts'
import type { ReadableFile } from '../file-system.ts'
import { ByteWindow } from './byte-window.ts'
import type { Header, Seal } from './format.ts'
import { type EndKind, parseEnd, parseHeader, parseSeal, prevOf } from './parse.ts'
import { corruptError } from './storage-errors.ts'

export type SegmentHead = SealedHead | UnsealedHead

export interface SealedHead {
  readonly kind: 'sealed'
  readonly header: Header
  readonly key: number
  readonly seal: Seal
  readonly sealCrc: number
  /** The lines of the batch that the seal copied, joined by commas. */
  readonly copy: string
  /** Behind the seal: where the life's own batches begin. */
  readonly start: number
}

/** No complete seal: this life acknowledged nothing. */
export interface UnsealedHead {
  readonly kind: 'unsealed'
  /** Missing where the header is torn too. */
  readonly header: Header | undefined
  /** What may be the life's key, from the remains: at most three. */
  readonly keys: readonly number[]
  /** Says `lost` where the life gave up before it had a seal. */
  readonly end: EndKind | undefined
  /** The first line is whole, is text, and is not one of ours. */
  readonly foreign: boolean
}

const headerBytesMax = 64 << 10

/**
 * Reads the head of the segment that should be that of `runId` and `epoch`.
 *
 * @throws FormatVersionError, JournalCorruptError (the head is another segment's)
 */
export async function readHead(
  file: ReadableFile,
  path: string,
  runId: string,
  epoch: number,
): Promise<SegmentHead> {
  const window = new ByteWindow(file, 0, Infinity)
  try {
    return await parseHead(window, path, runId, epoch)
  } finally {
    await window.settle()
  }
}

async function parseHead(
  window: ByteWindow,
  path: string,
  runId: string,
  epoch: number,
): Promise<SegmentHead> {
  await window.more(0)
  const first = window.bytes.subarray(0, window.bytes.indexOf(0x0a) + 1)
  const parsed = first.length > headerBytesMax ? undefined : parseHeader(first)
  if (parsed !== undefined && 'version' in parsed) throw newerFormat(path, parsed.version)
  const second = await lineAt(window, first.length)
  if (parsed === undefined) {
    const foreign = isForeign(window.bytes.subarray(0, first.length))
    return {
      kind: 'unsealed',
      header: undefined,
      keys: keysOf(first, second),
      end: undefined,
      foreign,
    }
  }
  const { header, key } = parsed
  if (header.run !== runId || header.epoch !== epoch) {
    throw corruptError(path, 0, 1, `found the segment of run ${header.run}, epoch ${header.epoch}`)
  }
  const sealed = parseSeal(second, key)
  if (sealed === undefined) {
    const end = parseEnd(second, key, key)
    return { kind: 'unsealed', header, keys: [key], end, foreign: false }
  }
  const { seal, crc, copy } = sealed
  return {
    kind: 'sealed',
    header,
    key,
    seal,
    sealCrc: crc,
    copy,
    start: first.length + second.length,
  }
}

/** The line that begins at `from`, its newline included; without a newline, what there is. */
async function lineAt(window: ByteWindow, from: number): Promise<Buffer> {
  for (let searched = from; ;) {
    const newline = window.bytes.indexOf(0x0a, searched)
    if (newline >= 0) return window.bytes.subarray(from, newline + 1)
    if (window.atEnd) return window.bytes.subarray(from)
    searched = window.bytes.length
    await window.more(0)
  }
}

/** A damaged header may still show its checksum, and the seal repeats it: also where the two changed places. */
function keysOf(first: Buffer, second: Buffer): readonly number[] {
  const text = first.toString('latin1', 8, 16)
  const own = /^[0-9a-f]{8}$/.test(text) ? [Number.parseInt(text, 16)] : []
  const repeated = [prevOf(first), prevOf(second)].filter((prev) => prev >= 0)
  return [...own, ...repeated]
}

/** A torn header is a piece of ours, zeros or garbage; a whole line of other text was written by another program. */
function isForeign(line: Buffer): boolean {
  if (line.length < 2 || line.toString('latin1', 0, 8) === '{"crc":"') return false
  return line.subarray(0, -1).every((byte) => (byte >= 0x20 && byte !== 0x7f) || byte === 0x09)
}

function newerFormat(path: string, version: number): FormatVersionError {
  return new FormatVersionError(
    `${path} has format ${version}, and this killpoint knows only format 1`,
    {
      hint: 'open the run with the killpoint that wrote it, or a newer one',
      details: { path, version },
    },
  )
}
