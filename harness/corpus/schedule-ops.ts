/**
 * The ops that a schedule names, and the same schedule with other numbers in their place.
 *
 * Op numbers move with every change of the code and with every step that a shrink takes away. What an op *is* moves less: so
 * a schedule is carried over by looking up each of its ops again (`op-fingerprint.ts`) and putting in the new number.
 */
import type { Fault, LifeFaults, OpPart, OpReference, Position, Schedule } from '../fault.ts'

/** One op that a schedule names. */
export interface OpUse {
  /** Entry of the schedule whose life does the op, from 1. */
  readonly slot: number
  readonly reference: OpReference
}

/** The number that an op has now; `undefined` where it has none. */
export type FindOp = (use: OpUse) => number | undefined

/** The ops that a schedule names, in the order of its text. */
export function opUses(schedule: Schedule): readonly OpUse[] {
  const uses: OpUse[] = []
  mapOps(schedule, (use) => {
    uses.push(use)
    return use.reference.op
  })
  return uses
}

/** The schedule with every op looked up; `undefined` as soon as one cannot be found. */
export function mapOps(schedule: Schedule, find: FindOp): Schedule | undefined {
  const mapped: LifeFaults[] = []
  for (const [index, faults] of schedule.entries()) {
    const life: Fault[] = []
    for (const fault of faults) {
      const found = mapFault(fault, index + 1, find)
      if (found === undefined) return undefined
      life.push(found)
    }
    mapped.push(life)
  }
  return mapped
}

function mapFault(fault: Fault, slot: number, find: FindOp): Fault | undefined {
  const at = (reference: OpReference, inSlot = slot): number | undefined =>
    find({ slot: inSlot, reference: { stream: reference.stream, op: reference.op } })
  switch (fault.kind) {
    case 'kill':
      return withParts(fault, fault.lost, at, (position, lost) => ({
        ...fault,
        at: position,
        lost,
      }))
    case 'power-loss':
      return withParts(fault, fault.except, at, (position, except) => ({
        ...fault,
        at: position,
        except,
      }))
    case 'zombie': {
      const stop = moved(fault.at, at(fault.at))
      if (fault.until === 'done') return stop && { ...fault, at: stop }
      // It goes on at an op of its successor, which is the next life.
      const until = moved(fault.until, at(fault.until, slot + 1))
      return stop && until && { ...fault, at: stop, until }
    }
    case 'resumers': {
      if (fault.barrier === undefined) return fault
      const barrier = moved(fault.barrier, at(fault.barrier))
      return barrier && { ...fault, barrier }
    }
    case 'storage-error':
    case 'short-write':
    case 'lying-sync':
    case 'slow-sync':
    case 'sigterm':
    case 'outside':
    case 'rival':
    case 'server-kill':
    case 'heap': {
      const position = moved(fault.at, at(fault.at))
      return position && { ...fault, at: position }
    }
    // Reads and messages have counts of their own, and the others name no op.
    case 'read-error':
    case 'message':
    case 'quota':
    case 'clock':
    case 'rot':
    case 'pid-recycled':
      return fault
  }
}

function withParts(
  { at }: { readonly at: Position },
  parts: readonly OpPart[],
  find: (reference: OpReference) => number | undefined,
  rebuilt: (at: Position, parts: readonly OpPart[]) => Fault,
): Fault | undefined {
  const position = moved(at, find(at))
  if (position === undefined) return undefined
  const found: OpPart[] = []
  for (const part of parts) {
    const op = find(part)
    if (op === undefined) return undefined
    found.push({ ...part, op })
  }
  return rebuilt(position, found)
}

function moved(position: Position, op: number | undefined): Position | undefined {
  return op === undefined ? undefined : { ...position, op }
}
