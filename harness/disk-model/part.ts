/**
 * Parts: how much of one unit a crash left, and how long tears are found.
 *
 * The vocabulary is that of the schedule grammar (`Part` in `fault.ts`), so that a choice is a token and back.
 */
import type { Part } from '../fault.ts'
import { random } from '../seed.ts'
import type { Unwritten } from './profile.ts'
import type { LosableUnit } from './units.ts'

/** What is left of a unit: nothing, or some parts of it. */
export type Chosen = 'lost' | readonly Part[]

/** All of it. */
export const whole: readonly Part[] = [{ kind: 'whole' }]

/** True where nothing of the unit is missing. */
export function isWhole(chosen: Chosen): boolean {
  return chosen !== 'lost' && chosen.some(({ kind }) => kind === 'whole')
}

/** Text that two equal choices share. */
export function chosenKey(chosen: Chosen): string {
  if (chosen === 'lost') return '-'
  return chosen
    .map((part) => {
      switch (part.kind) {
        case 'whole':
          return 'w'
        case 'prefix':
          return `${part.bytes}${part.rest[0] ?? ''}`
        case 'range':
          return `${part.from}-${part.to}`
        case 'cleared':
          return `${part.bytes}c`
      }
    })
    .join('_')
}

/** Whether a unit can be left in this part. `unwritten`: as for {@link tearsOf}. */
export function isPartOf(unit: LosableUnit, part: Part, unwritten: readonly Unwritten[]): boolean {
  switch (part.kind) {
    case 'whole':
      return true
    case 'prefix':
      return (
        unit.kind === 'write' &&
        part.bytes <= unit.bytes.length &&
        (part.rest === 'absent' || unwritten.includes(part.rest))
      )
    case 'range':
      return unit.kind === 'write' && unwritten.length > 0 && part.to <= unit.bytes.length
    case 'cleared':
      return (
        unit.kind === 'truncate' && unwritten.length > 0 && part.bytes <= unit.was - unit.length
      )
  }
}

/** How finely writes are torn. */
export interface TearOptions {
  /** Bytes that reach the media together: a sector. Infinity: writes are not torn. */
  readonly grain: number
  /** True: also at every single byte. */
  readonly everyByte: boolean
}

/** Default: sectors of 512 bytes, and three places inside. */
export const tearDefaults: TearOptions = { grain: 512, everyByte: false }

/** Where a write of `length` bytes at `offset` is cut, in bytes from its start, ascending; never 0 and never all of it. */
export function cutsOf(offset: number, length: number, options: TearOptions): readonly number[] {
  if (options.grain === Infinity) return []
  const cuts = new Set<number>()
  if (options.everyByte) for (let cut = 1; cut < length; cut += 1) cuts.add(cut)
  const first = options.grain - (offset % options.grain)
  for (let cut = first; cut < length; cut += options.grain) cuts.add(cut)
  for (const cut of [1, Math.floor(length / 2), length - 1])
    if (cut > 0 && cut < length) cuts.add(cut)
  return [...cuts].sort((left, right) => left - right)
}

/**
 * Every way in which one unit can be left in part. `unwritten`: what the bytes behind a size ahead of its data may read as; where it is empty
 * (the death of a process) there is no such size, and no later sector without the earlier ones.
 */
export function tearsOf(
  unit: LosableUnit,
  options: TearOptions,
  unwritten: readonly Unwritten[],
): readonly Chosen[] {
  if (options.grain === Infinity) return []
  if (unit.kind === 'truncate') return unwritten.length === 0 ? [] : clearings(unit)
  if (unit.kind !== 'write') return []
  const { length } = unit.bytes
  const cuts = cutsOf(unit.offset, length, options)
  const tears: Chosen[] = cuts.map((bytes) => [{ kind: 'prefix', bytes, rest: 'absent' }])
  if (unwritten.length === 0) return tears
  for (const bytes of [0, ...cuts])
    for (const rest of unwritten) tears.push([{ kind: 'prefix', bytes, rest }])
  for (const from of cuts) tears.push([{ kind: 'range', from, to: length }])
  return tears
}

/**
 * A file system clears the rest of the last block in memory before it notes the new size, and may write that block first (seen on ext4). Blocks differ:
 * one way for each usual size.
 */
function clearings({ length, was }: Extract<LosableUnit, { kind: 'truncate' }>): readonly Chosen[] {
  const ends = blockSizes.map((size) => Math.min(was, Math.ceil(length / size) * size))
  return [...new Set(ends)]
    .filter((end) => end > length)
    .map((end) => [{ kind: 'cleared', bytes: end - length }])
}

const blockSizes = [512, 1024, 2048, 4096]

/** The bytes that `length` bytes of a never written sector hold: drawn, and none of them zero by rule. */
export function garbage(seed: string, op: number, length: number): Uint8Array {
  const numbers = random(seed, 'garbage', op)
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index += 4) {
    const word = numbers.int32() >>> 0
    for (let byte = 0; byte < 4 && index + byte < length; byte += 1)
      bytes[index + byte] = ((word >>> (8 * byte)) & 0xff) | 1
  }
  return bytes
}
