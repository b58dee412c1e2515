/**
 * CRC-32 (the zlib polynomial), native, as every stored line carries it. It finds accidents, not forgeries.
 */
import { createHash } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 of `bytes` going on from `seed`: an unsigned 32-bit integer. Another seed always gives another sum. */
export function crc32(bytes: Uint8Array, seed: number): number {
  return zlibCrc32(bytes, seed)
}

/** Eight lower-case hexadecimal digits of an unsigned 32-bit integer. */
export function hex8(value: number): string {
  return value.toString(16).padStart(8, '0')
}

/** The integer that eight lower-case hexadecimal digits at `at` spell, or -1 where they are something else. */
export function parseHex8(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let index = at; index < at + 8; index++) {
    const digit = hexDigit(bytes[index])
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

/** SHA-256 of `bytes`, 64 lower-case hexadecimal digits: the name of a blob. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57
  return -1
}
