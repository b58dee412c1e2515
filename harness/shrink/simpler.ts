/**
 * Simpler schedules: what is tried before a workload is made smaller.
 *
 *   M1  every schedule offered is strictly smaller than the one it was made from, by `scheduleSize`; so shrinking ends
 *   M2  the boldest come first: whole lives, then single faults, then what a fault carries, then where it strikes
 */
import type { Fault, LifeFaults, Phase, Position, Schedule } from '../fault.ts'
import { stringifySchedule } from '../fault-text.ts'

/** How big a schedule is: faults, lives with an entry, what the faults carry, length of its text. Compared in this order. */
export function scheduleSize(schedule: Schedule): readonly number[] {
  const faults = schedule.flat()
  return [
    faults.length,
    schedule.findLastIndex((life) => life.length > 0) + 1,
    faults.reduce((sum, fault) => sum + weight(fault), 0),
    stringifySchedule(schedule).length,
  ]
}

/** Negative where the left one is smaller, 0 where they are of one size. */
export function compareSizes(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Simpler schedules than this one, boldest first; never one without a fault. */
export function* simplerSchedules(schedule: Schedule): Generator<Schedule> {
  const size = scheduleSize(schedule)
  const seen = new Set<string>()
  for (const simpler of candidates(schedule)) {
    const text = stringifySchedule(simpler)
    if (text === '-' || seen.has(text)) continue
    seen.add(text)
    if (compareSizes(scheduleSize(simpler), size) < 0) yield simpler
  }
}

function* candidates(schedule: Schedule): Generator<Schedule> {
  for (let life = 1; life < schedule.length; life++) yield schedule.slice(0, life)
  for (let life = 0; life < schedule.length; life++) yield schedule.toSpliced(life, 1)
  for (let life = 0; life < schedule.length; life++) yield schedule.with(life, [])
  for (const [life, faults] of schedule.entries())
    for (let fault = 0; fault < faults.length; fault++)
      yield schedule.with(life, faults.toSpliced(fault, 1))
  for (const [life, faults] of schedule.entries())
    for (const [place, fault] of faults.entries())
      for (const simpler of simplerFaults(fault)) yield withFault(schedule, life, place, simpler)
}

function withFault(schedule: Schedule, life: number, place: number, fault: Fault): Schedule {
  const faults: LifeFaults = (schedule[life] ?? []).with(place, fault)
  return schedule.with(life, faults)
}

/** What a fault carries besides being there, in units that only `scheduleSize` compares. */
function weight(fault: Fault): number {
  switch (fault.kind) {
    case 'kill':
      return phaseWeight(fault.at) + 4 * fault.lost.length
    case 'power-loss':
      return phaseWeight(fault.at) + 4 * fault.except.length
    case 'storage-error':
      return phaseWeight(fault.at) + (fault.mode === 'once' ? 0 : 1)
    case 'read-error':
    case 'lying-sync':
      return fault.sticky ? 1 : 0
    case 'zombie':
      return phaseWeight(fault.at) + (fault.until === 'done' ? 0 : 4 + phaseWeight(fault.until))
    case 'resumers':
      return fault.count + (fault.barrier === undefined ? 0 : 4)
    case 'slow-sync':
      return fault.ops
    case 'clock':
      return Math.ceil(Math.log2(1 + Math.abs(fault.ms)))
    case 'quota':
    case 'short-write':
    case 'message':
    case 'sigterm':
    case 'outside':
    case 'rival':
    case 'server-kill':
    case 'heap':
    case 'rot':
    case 'pid-recycled':
      return 0
  }
}

function phaseWeight({ phase }: Position): number {
  return { before: 0, after: 0, inside: 2 }[phase.kind]
}

function* simplerFaults(fault: Fault): Generator<Fault> {
  switch (fault.kind) {
    case 'kill':
      yield { ...fault, lost: [] }
      for (let part = 0; part < fault.lost.length; part++)
        yield { ...fault, lost: fault.lost.toSpliced(part, 1) }
      for (const at of aroundOp(fault.at)) yield { ...fault, at, lost: [] }
      return
    case 'power-loss':
      yield { ...fault, except: [] }
      for (let part = 0; part < fault.except.length; part++)
        yield { ...fault, except: fault.except.toSpliced(part, 1) }
      for (const at of aroundOp(fault.at)) yield { ...fault, at }
      return
    case 'storage-error':
      yield { ...fault, mode: 'once' }
      return
    case 'read-error':
    case 'lying-sync':
      yield { ...fault, sticky: false }
      return
    case 'zombie':
      yield { ...fault, until: 'done' }
      return
    case 'resumers':
      yield { kind: 'resumers', count: fault.count }
      for (const count of [2, Math.ceil(fault.count / 2), fault.count - 1])
        if (count >= 2) yield { ...fault, count }
      return
    case 'slow-sync':
      yield { ...fault, ops: 1 }
      return
    case 'clock':
      for (const ms of [1, 1_000, 3_600_000]) yield { ...fault, ms: Math.sign(fault.ms) * ms }
      return
    case 'quota':
    case 'short-write':
    case 'message':
    case 'sigterm':
    case 'outside':
    case 'rival':
    case 'server-kill':
    case 'heap':
    case 'rot':
    case 'pid-recycled':
      return
  }
}

/** A tear is harder to think about than a death before or after the op. */
function aroundOp(at: Position): readonly Position[] {
  if (at.phase.kind !== 'inside') return []
  return (['before', 'after'] as const).map((kind) => ({ ...at, phase: { kind } satisfies Phase }))
}
