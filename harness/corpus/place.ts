/**
 * Carries a schedule from one program, or one workload, over to another: life by life, because where a later life can be hit
 * is only known once the faults of the earlier ones have their places.
 *
 *   F1  a fault is placed at an op that means the same (`op-fingerprint.ts`), or the schedule has no place at all
 *   F2  a tear stays inside its write: bytes beyond its length are cut to what is left of it
 */
import type { Fault, LifeFaults, OpReference, Schedule } from '../fault.ts'
import type { TracedOp } from '../trace.ts'
import {
  findOp,
  findOps,
  fingerprintOp,
  type OpFingerprint,
  type SiteOf,
} from './op-fingerprint.ts'
import { mapOps, opUses } from './schedule-ops.ts'

/** The fingerprint of one op that a schedule names. */
export interface NamedOp {
  /** Entry of the schedule, from 1. */
  readonly slot: number
  readonly stream: string
  readonly op: number
  readonly is: OpFingerprint
}

/** A schedule and what its ops are. */
export interface NamedSchedule {
  readonly schedule: Schedule
  readonly ops: readonly NamedOp[]
}

/**
 * The ops of all streams of the first process in entry `slot`, when the entries before it are carried out and this one has
 * no fault; `undefined` where there is no such life.
 */
export type OpsOfSlot = (before: Schedule, slot: number) => Promise<readonly TracedOp[] | undefined>

/** A schedule that has a place, or the reason why it has none. */
export type Placed =
  | { readonly kind: 'placed'; readonly schedule: Schedule }
  | { readonly kind: 'stale'; readonly why: string }

/** Finds out what the ops of a schedule are. An op that is not there has no entry. */
export async function nameOps(
  schedule: Schedule,
  opsOfSlot: OpsOfSlot,
  siteOf?: SiteOf,
): Promise<NamedSchedule> {
  const ops: NamedOp[] = []
  for (const slot of slotsOf(schedule)) {
    const traced = await opsOfSlot(beforeSlot(schedule, slot), slot)
    for (const { stream, op } of namedIn(schedule, slot)) {
      const is = fingerprintOp(ofStream(traced ?? [], stream), op, siteOf)
      if (is !== undefined) ops.push({ slot, stream, op, is })
    }
  }
  return { schedule, ops }
}

/** The schedule with each op where it is now. */
export async function placeSchedule(
  named: NamedSchedule,
  opsOfSlot: OpsOfSlot,
  siteOf?: SiteOf,
): Promise<Placed> {
  let { schedule } = named
  for (const slot of slotsOf(named.schedule)) {
    const traced = await opsOfSlot(beforeSlot(schedule, slot), slot)
    if (traced === undefined) return { kind: 'stale', why: `there is no life ${slot} any more` }
    const found = new Map<number, number>()
    for (const reference of namedIn(named.schedule, slot)) {
      const is = fingerprintOf(named, slot, reference)
      if (is === undefined)
        return { kind: 'stale', why: `nobody knows what op ${reference.op} of life ${slot} was` }
      const op = findOp(ofStream(traced, reference.stream), is, siteOf)
      if (op === undefined)
        return { kind: 'stale', why: `life ${slot} has no ${is[0]?.like ?? 'such op'} any more` }
      found.set(reference.op, op)
    }
    const moved = moveSlot(schedule, slot, (op) => found.get(op), traced)
    if (moved === undefined)
      return { kind: 'stale', why: `a write of life ${slot} is too short to be torn` }
    schedule = moved
  }
  return { kind: 'placed', schedule }
}

/** Places for a schedule whose first life alone names ops: likely ones first. Empty where there is none. */
export function placementsInFirstLife(
  named: NamedSchedule,
  traced: readonly TracedOp[],
  siteOf?: SiteOf,
): readonly Schedule[] {
  const references = namedIn(named.schedule, 1)
  const places = references.map((reference) => {
    const is = fingerprintOf(named, 1, reference)
    return is === undefined ? [] : findOps(ofStream(traced, reference.stream), is, siteOf)
  })
  // All ops of a life move together: the first place of each, the second of each …
  const most = Math.max(0, ...places.map(({ length }) => length))
  const schedules: Schedule[] = []
  for (let rank = 0; rank < most; rank++) {
    const found = new Map(
      references.map(({ op }, index) => [op, places[index]?.[rank] ?? places[index]?.[0]]),
    )
    const moved = moveSlot(named.schedule, 1, (op) => found.get(op), traced)
    if (moved !== undefined) schedules.push(moved)
  }
  return schedules
}

/** Entries whose lives do ops that the schedule names, in order. */
export function slotsOf(schedule: Schedule): readonly number[] {
  return [...new Set(opUses(schedule).map(({ slot }) => slot))].sort((a, b) => a - b)
}

function namedIn(schedule: Schedule, slot: number): readonly OpReference[] {
  return opUses(schedule)
    .filter((use) => use.slot === slot)
    .map(({ reference }) => reference)
}

function fingerprintOf(
  named: NamedSchedule,
  slot: number,
  { stream, op }: OpReference,
): OpFingerprint | undefined {
  return named.ops.find((each) => each.slot === slot && each.stream === stream && each.op === op)
    ?.is
}

function ofStream(traced: readonly TracedOp[], stream: string): readonly TracedOp[] {
  return traced.filter((each) => each.stream === stream)
}

/** The entries before a slot; a zombie in the last of them waits for the end of its successor, so that all its ops are seen. */
function beforeSlot(schedule: Schedule, slot: number): Schedule {
  return schedule
    .slice(0, slot - 1)
    .map((faults, index) => (index === slot - 2 ? faults.map(untilDone) : faults))
}

function untilDone(fault: Fault): Fault {
  return fault.kind === 'zombie' ? { ...fault, until: 'done' } : fault
}

/** The schedule with the ops of one slot moved; `undefined` where one has no place. */
function moveSlot(
  schedule: Schedule,
  slot: number,
  find: (op: number) => number | undefined,
  traced: readonly TracedOp[],
): Schedule | undefined {
  const moved = mapOps(schedule, (use) =>
    use.slot === slot ? find(use.reference.op) : use.reference.op,
  )
  if (moved === undefined) return undefined
  const fitted: LifeFaults[] = []
  for (const [index, faults] of moved.entries()) {
    if (index !== slot - 1) {
      fitted.push(faults)
      continue
    }
    const life = faults.map((fault) => keepInside(fault, traced))
    if (life.some((fault) => fault === undefined)) return undefined
    fitted.push(life.filter((fault) => fault !== undefined))
  }
  return fitted
}

/** Keeps a tear inside its write (F2). */
function keepInside(fault: Fault, traced: readonly TracedOp[]): Fault | undefined {
  switch (fault.kind) {
    case 'kill':
    case 'power-loss':
    case 'storage-error':
    case 'short-write': {
      const { phase } = fault.at
      if (phase.kind !== 'inside') return fault
      const op = ofStream(traced, fault.at.stream).find(({ n }) => n === fault.at.op)?.op
      if (op?.kind !== 'write' || op.length < 2) return undefined
      const bytes = Math.min(phase.bytes, op.length - 1)
      return { ...fault, at: { ...fault.at, phase: { kind: 'inside', bytes } } }
    }
    default:
      return fault
  }
}
