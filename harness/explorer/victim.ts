/** Lives that are crashed, and the points at which they are. */
import type { DirectoryImage } from '../directory-image.ts'
import { DiskModel, type CrashPoint, type DiskBefore } from '../disk-model/model.ts'
import type { CrashState } from '../disk-model/states.ts'
import { position, type LifeFaults } from '../fault.ts'
import type { Mark } from '../mark.ts'
import type { Trace } from '../trace.ts'
import type { Sites } from './findings.ts'
import type { CaseOrder } from './job.ts'
import type { Stem } from './lives.ts'

/** A life to be crashed. */
export interface Victim {
  readonly stem: Stem
  /** What its disk held when it began. */
  readonly image: DirectoryImage
  readonly trace: Trace
  readonly before: DiskBefore
  /** Op behind which it is killed whenever it runs again, for it would wait for ever. */
  readonly endsAfter?: number
  /** Faults that it was given besides. */
  readonly inside: LifeFaults
  /** 1: the first crash. */
  readonly depth: number
  /** Behind a storage error: only these points, and the one behind its last op; absent: all. */
  readonly ops?: { readonly from: number; readonly to: number }
}

/** A life with what it takes to crash it. */
export interface Opened extends Victim {
  readonly model: DiskModel
  readonly marks: readonly Mark[]
  /** Sites of its ops, once they were asked for. */
  sites?: Sites
}

/** Opens a life for its crashes. */
export function openVictim(victim: Victim, { profile, seed }: CaseOrder): Opened {
  const model = new DiskModel(victim.trace, victim.before, profile, seed)
  return { ...victim, model, marks: model.marks.map(parseMark) }
}

/** True for a life of the control, which is crashed at every point. */
export function isWholeLife({ depth, ops }: Victim): boolean {
  return depth === 1 && ops === undefined
}

/** The points of a life, in their order. */
export function* pointsOf({ model, ops }: Opened): Generator<CrashPoint> {
  if (ops === undefined) {
    yield* model.points()
    return
  }
  const last = model.length
  for (let op = Math.max(1, ops.from); op <= Math.min(ops.to, last); op += 1) {
    const point = model.pointAt(position(op, 'before', model.trace.stream))
    if (point !== undefined) yield point
  }
  const end = model.pointAt(position(last, 'after', model.trace.stream))
  if (end !== undefined) yield end
}

/** The ops that the machine holds and no sync covers. */
export function heldAt({ model }: Opened, { point }: CrashState): string {
  const { pending } = model.stateAt(point)
  return pending.map(({ index }) => index).join()
}

/** The disk before the life behind a crash: after a power loss nothing is held any more. */
export function beforeNext({ before, trace }: Opened, { fault, image }: CrashState): DiskBefore {
  if (fault.kind === 'power-loss') return { initial: image.entries }
  return { ...before, past: [...(before.past ?? []), { trace, kill: fault }] }
}

function parseMark(line: string): Mark {
  return JSON.parse(line) as Mark
}
