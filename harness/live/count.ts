/**
 * Reads a count file (`hooks/count-file.ts`): how far the main stream of a process came before it died.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CountedOps } from './case.ts'

/** Bytes that one op phase takes in the file. */
const phaseBytes = 4

/** The count file of a stream in the trace directory of its life. */
export function countFilePath(trace: string, stream = '1'): string {
  return join(trace, `${stream}.count`)
}

/**
 * What a count file says; `undefined` where there is none. A number that the kill tore counts for nothing: its op had not
 * begun.
 */
export function readCount(path: string): CountedOps | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  let begun = 0
  const open = new Set<number>()
  for (let at = 0; at + phaseBytes <= bytes.length; at += phaseBytes) {
    const phase = bytes.readUInt32LE(at)
    const op = phase >>> 1
    if ((phase & 1) === 0) {
      begun = Math.max(begun, op)
      open.add(op)
    } else open.delete(op)
  }
  return { begun, open: [...open].sort((a, b) => a - b) }
}
