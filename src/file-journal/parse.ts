/**
 * The lines of a segment: how they are read. Nothing here throws for bad bytes: what is not valid is `undefined`.
 */
import { crc32, parseHex8 } from '../checksum.ts'
import { crcBytes, formatVersion, type Header, kindAt, prevAt, type Seal } from './format.ts'
import { lineStart } from './frame.ts'

export interface ParsedHeader {
  readonly header: Header
  readonly key: number
}

/** A line that says it is a header of a format that this code does not know. */
export interface NewerFormat {
  readonly version: number
}

export interface ParsedSeal {
  readonly seal: Seal
  readonly crc: number
  /** The lines of the copied batch joined by commas, as they were written. */
  readonly copy: string
}

export type EndKind = 'closed' | 'lost'

const newerHeader = /^\{"crc":"[0-9a-f]{8}","killpoint":(\d{1,9}),/

/** `line` includes its newline. */
export function parseHeader(line: Uint8Array): ParsedHeader | NewerFormat | undefined {
  const text = Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, 64))
  const version = Number(newerHeader.exec(text.toString('latin1'))?.[1])
  if (version > formatVersion) return { version }
  const key = sumOf(line, 0)
  if (key === undefined || version !== formatVersion) return undefined
  return { header: json(line) as Header, key }
}

/** `line` includes its newline. */
export function parseSeal(line: Uint8Array, key: number): ParsedSeal | undefined {
  if (prevOf(line) !== key || !startsWith(line, kindAt, '","seal":{')) return undefined
  const crc = sumOf(line, key)
  if (crc === undefined) return undefined
  const { seal } = json(line) as { readonly seal: Seal }
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8')
  // Inside a JSON string the quotes would be escaped, and nothing before it has a member of this name.
  const start = text.indexOf(',"copy":[') + ',"copy":['.length
  return { seal, crc, copy: text.slice(start, -']}\n'.length) }
}

/** `line` includes its newline. */
export function parseEnd(line: Uint8Array, key: number, prev: number): EndKind | undefined {
  if (prevOf(line) !== prev || !startsWith(line, kindAt, '","end":"')) return undefined
  if (sumOf(line, key) === undefined) return undefined
  return (json(line) as { readonly end: EndKind }).end
}

/** The checksum that a whole line carries, where it is right; `undefined` where it is not. */
function sumOf(line: Uint8Array, seed: number): number | undefined {
  if (line[line.length - 1] !== 0x0a || !startsWith(line, 0, lineStart)) return undefined
  const crc = parseHex8(line, lineStart.length)
  return crc === crc32(line.subarray(crcBytes), seed) ? crc : undefined
}

/** The checksum that a line says is before it, right or not; -1 where there is none. */
export function prevOf(line: Uint8Array): number {
  return startsWith(line, crcBytes, '","prev":"') ? parseHex8(line, prevAt) : -1
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false
  }
  return true
}

// Only called on bytes whose checksum holds, so what is in them is what `format.ts` wrote.
function json(line: Uint8Array): unknown {
  return JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8'))
}
