/**
 * Damages a file of the state directory between two lives, as the schedule says: media that rot, a file that is lost.
 */
import { existsSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Damage } from '../fault.ts'
import { canLoseMiddle, canSwap } from '../record-lines.ts'

/** The regular files under a directory, sorted by path; the schedule counts them from 1. None where a life took it away. */
export function filesOf(directory: string): readonly string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Damages file number `file` (0: every file). False where nothing of it could be done: no such file, line or byte, or no line that can rot. */
export function rot(directory: string, file: number, damage: Damage): boolean {
  const files = filesOf(directory)
  const hit = file === 0 ? files : files.slice(file - 1, file)
  if (damage.kind === 'gone') {
    for (const path of hit) unlinkSync(path)
    return hit.length > 0
  }
  return hit.map((path) => rotFile(path, damage)).includes(true)
}

function rotFile(path: string, damage: Exclude<Damage, { kind: 'gone' }>): boolean {
  const bytes = readFileSync(path)
  const rotten = damaged(bytes, damage)
  if (rotten === undefined) return false
  writeFileSync(path, rotten)
  return true
}

/** The bytes after the damage; `undefined` where it changes nothing, or they are too few for it. */
export function damaged(
  bytes: Buffer,
  damage: Exclude<Damage, { kind: 'gone' }>,
): Buffer | undefined {
  const rotten = damagedBytes(bytes, damage)
  return rotten === undefined || rotten.equals(bytes) ? undefined : rotten
}

function damagedBytes(
  bytes: Buffer,
  damage: Exclude<Damage, { kind: 'gone' }>,
): Buffer | undefined {
  switch (damage.kind) {
    case 'byte': {
      const byte = bytes[damage.offset]
      if (byte === undefined) return undefined
      const copy = Buffer.from(bytes)
      copy[damage.offset] = byte ^ damage.xor
      return copy
    }
    case 'nul':
      return damage.from < bytes.length
        ? Buffer.from(bytes).fill(0, damage.from, Math.min(damage.to, bytes.length))
        : undefined
    case 'cut':
      return damage.bytes < bytes.length ? bytes.subarray(0, damage.bytes) : undefined
    case 'line':
      if (!canLoseMiddle(bytes, damage.line)) return undefined
      return withLines(bytes, (lines) => {
        const line = lines[damage.line - 1]
        if (line === undefined) return undefined
        const quarter = Math.floor(line.length / 4)
        lines[damage.line - 1] = Buffer.concat([
          line.subarray(0, quarter),
          line.subarray(line.length - quarter),
        ])
        return lines
      })
    case 'swap':
      if (!canSwap(bytes)) return undefined
      return withLines(bytes, (lines) => {
        const [one, other] = [lines[damage.line - 1], lines[damage.other - 1]]
        if (one === undefined || other === undefined) return undefined
        lines[damage.line - 1] = other
        lines[damage.other - 1] = one
        return lines
      })
  }
}

function withLines(
  bytes: Buffer,
  change: (lines: Buffer[]) => readonly Buffer[] | undefined,
): Buffer | undefined {
  // Latin-1 keeps every byte: what rots need not be text.
  const lines = bytes.toString('latin1').split('\n')
  const changed = change(lines.map((line) => Buffer.from(line, 'latin1')))
  if (changed === undefined) return undefined
  return Buffer.from(changed.map((line) => line.toString('latin1')).join('\n'), 'latin1')
}
