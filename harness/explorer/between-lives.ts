/** What happens between two lives of an explored case: time passes, media rot. The ledger tells both. */
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import { stringifyFault } from '../fault-text.ts'
import type { Damage, Fault } from '../fault.ts'
import { damaged } from '../live/rot.ts'
import type { Stem } from './lives.ts'

/** A fault between two lives that an explored case can have. */
export type BetweenFault = Extract<Fault, { kind: 'clock' | 'rot' }>

/** True for a fault that happens before the life in whose entry it stands. */
export function isBetween(fault: Fault): fault is BetweenFault {
  return fault.kind === 'clock' || fault.kind === 'rot'
}

/** What stands before a life: everything before it, and its disk. */
export interface Before {
  readonly stem: Stem
  readonly image: DirectoryImage
}

/** The same after a fault; `undefined` where it changes nothing, so that it is no fault. */
export function afterBetween({ stem, image }: Before, fault: BetweenFault): Before | undefined {
  const rotten = fault.kind === 'rot' ? rotImage(image, fault.file, fault.damage) : image
  if (rotten === undefined) return undefined
  const { standing, lines } = stem
  const passedMs = fault.kind === 'clock' ? fault.ms : 0
  const text = stringifyFault(fault)
  const { life, clockMs } = standing
  return {
    stem: {
      ...stem,
      standing: { ...standing, clockMs: clockMs + passedMs },
      lines: [...lines, { mark: 'fault', life, fault: text, stream: '1', op: 0 }],
    },
    image: rotten,
  }
}

/** Paths of the regular files of an image in the order in which the schedule counts them, from 1. */
export function filesIn(image: DirectoryImage): readonly string[] {
  return [...image]
    .filter(([, { kind }]) => kind === 'file')
    .map(([path]) => path)
    .sort()
}

/** The image after one file (0: every file) was damaged; `undefined` where nothing of it changed. */
export function rotImage(
  image: DirectoryImage,
  file: number,
  damage: Damage,
): DirectoryImage | undefined {
  const files = filesIn(image)
  const hit = file === 0 ? files : files.slice(file - 1, file)
  const rotten = new Map(image)
  const changed = new Map<ImageEntry, ImageEntry>()
  for (const path of hit) {
    const entry = image.get(path)
    if (entry?.kind !== 'file') continue
    if (damage.kind === 'gone') {
      rotten.delete(path)
      continue
    }
    const { buffer, byteOffset, byteLength } = entry.bytes
    const bytes = damaged(Buffer.from(buffer, byteOffset, byteLength), damage)
    if (bytes !== undefined) changed.set(entry, { kind: 'file', bytes })
  }
  if (damage.kind === 'gone') return hit.length === 0 ? undefined : rotten
  if (changed.size === 0) return undefined
  // Damage is in the file, whichever of its names was meant.
  for (const [path, entry] of image) rotten.set(path, changed.get(entry) ?? entry)
  return rotten
}
