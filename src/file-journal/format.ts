/**
 * The lines of a segment: how they are written. `parse.ts` reads them.
 *
 *   {"crc":"…","killpoint":1,"run":…,"epoch":…,"nonce":…,"at":…,…,"owner":…}      header, first line
 *   {"crc":"…","prev":"…","seal":{"records":…,"lives":[…]},"copy":[…]}            seal, second line
 *   {"crc":"…","prev":"…","batch":1,"records":2,"seq":7,"body":…}                 first record of a batch
 *   {"seq":8,"body":…}                                                            its other records
 *   {"crc":"…","prev":"…","end":"closed"}                                         end marker, last line
 *
 * `crc` is the CRC-32 of everything after it up to the end of what it covers: one line, or all lines of a batch. It is
 * seeded with the header's own crc, the life's *key*, which covers run, epoch and nonce: the valid line of another life
 * is not valid here. `prev` is the crc of the line or batch before, so that none can be replaced or swapped.
 *
 * Every line is JSON, and JSON holds no raw newline: a batch ends at the newline of its last record. Between the last
 * batch and the end of a pre-sized segment are newlines, which readers of JSON lines skip.
 */
import { crc32, hex8 } from '../checksum.ts'
import type { OwnerIdentity } from '../identity.ts'

/** Written into every header; a higher number is refused (`FormatVersionError`). */
export const formatVersion = 1

/** Bytes of `{"crc":"01234567`: the checksum covers what follows. */
export const crcBytes = 16

/** Where the digits of `prev` stand in a line that has one, and where its kind begins: `","batch":`, say. */
export const prevAt = 26
export const kindAt = 34

/** The byte that pre-sizes a segment: a newline. */
export const filler = 0x0a

/** First line of a segment: who lives here. */
export interface Header {
  readonly run: string
  readonly epoch: number
  readonly nonce: string
  /** Free text from the caller, or host and pid. */
  readonly name: string
  readonly owner: OwnerIdentity
  /** When the life began, ISO 8601; for people only. */
  readonly at: string
  /** The most bytes by which the segment is made longer ahead of its records; see `presize.ts`. */
  readonly presize: number
}

/** What a seal says of one earlier life; `range` where it committed something. */
export interface SealedLife {
  readonly epoch: number
  readonly owner: string
  readonly ended: 'closed' | 'died'
  readonly range?: SealedRange
}

/** The accepted part of a segment, and all that is needed to check it without its head. */
export interface SealedRange {
  /** Bytes from the start of the file to the first batch and behind the last one. */
  readonly start: number
  readonly end: number
  readonly batches: number
  readonly records: number
  /** Checksums: the life's key, that of what stands before the first batch, and that of the last batch. */
  readonly key: string
  readonly first: string
  readonly last: string
}

export interface Seal {
  /** Of the whole image. */
  readonly records: number
  readonly lives: readonly SealedLife[]
  /** The epoch whose last batch is in `copy`. */
  readonly copyOf?: number
}

/** A line with its checksum, ready to be written. */
export interface SummedLine {
  readonly bytes: Buffer
  readonly crc: number
}

export function headerLine(header: Header): SummedLine {
  const { run, epoch, nonce, at, presize, name, owner } = header
  const members = { killpoint: formatVersion, run, epoch, nonce, at, presize, name, owner }
  return summed(`",${JSON.stringify(members).slice(1)}\n`, 0)
}

/** `copy`: the lines of the image's last batch, joined by commas; empty where there is none. */
export function sealLine(seal: Seal, copy: string, key: number, prev: number): SummedLine {
  return summed(`","prev":"${hex8(prev)}","seal":${JSON.stringify(seal)},"copy":[${copy}]}\n`, key)
}

export function endLine(end: 'closed' | 'lost', key: number, prev: number): SummedLine {
  return summed(`","prev":"${hex8(prev)}","end":"${end}"}\n`, key)
}

/** What a record holds apart from its seq: `"body":…` or `"blob":…`, as JSON text without braces. */
export type RecordText = string

export function bodyText(json: string): RecordText {
  return `"body":${json}`
}

export function blobText(hash: string, bytes: number): RecordText {
  return `"blob":"${hash}","bytes":${bytes}`
}

/** The lines of one batch whose first record gets `seq`. */
export function batchLines(
  frame: {
    readonly key: number
    readonly prev: number
    readonly batch: number
    readonly seq: number
  },
  records: readonly RecordText[],
): SummedLine {
  const { key, prev, batch, seq } = frame
  let text = `","prev":"${hex8(prev)}","batch":${batch},"records":${records.length},"seq":${seq},${records[0]}}\n`
  for (let index = 1; index < records.length; index++) {
    text += `{"seq":${seq + index},${records[index]}}\n`
  }
  return summed(text, key)
}

function summed(rest: string, seed: number): SummedLine {
  const bytes = Buffer.from(`{"crc":"00000000${rest}`)
  const crc = crc32(bytes.subarray(crcBytes), seed)
  bytes.write(hex8(crc), 8, 'latin1')
  return { bytes, crc }
}
