/**
 * One explored case from its schedule alone: nothing is taken from the exploration that found it. Every life is run again, its trace
 * is crashed as the schedule says, and the lives behind it recover.
 */
import { check, type Judgement } from '../checkers/check.ts'
import type { DirectoryImage } from '../directory-image.ts'
import { DiskModel } from '../disk-model/model.ts'
import { applyFault } from '../disk-model/states.ts'
import type { Fault, Schedule } from '../fault.ts'
import { historyOfMarks, type History } from '../history.ts'
import type { Mark } from '../mark.ts'
import type { Asks } from './asks.ts'
import type { CaseOrder } from './job.ts'
import {
  firstStem,
  isLast,
  linesOf,
  standingAfter,
  stemAfterCrash,
  stemAfterEnd,
  type CrashFault,
  type LivedLife,
} from './lives.ts'

/** What a schedule leads to; a sentence where the lives have no such state. */
export type ReplayedCase = { readonly history: History } | string

/** Runs the lives of a schedule, and those that follow until the run is over. */
export function* replayCase(order: CaseOrder, schedule: Schedule): Asks<ReplayedCase> {
  let stem = firstStem
  let image: DirectoryImage = new Map()
  let isOver = false
  for (const faults of schedule) {
    const last = faults.at(-1)
    const crash = last !== undefined && isCrash(last) ? last : undefined
    const inside = crash === undefined ? faults : faults.slice(0, -1)
    const { standing } = stem
    const given = yield { image, standing, faults: inside, records: crash !== undefined }
    if (crash === undefined) {
      const lived: LivedLife = { ...standing, ...given }
      stem = stemAfterEnd(stem, lived, inside)
      image = given.image
      isOver = isLast(lived)
      continue
    }
    if (given.trace === undefined) return `life ${standing.life} left no trace`
    const model = new DiskModel(given.trace, image, order.profile, order.seed)
    const state = applyFault(model, crash)
    if (typeof state === 'string') return state
    const marks = model.marks.slice(0, state.point.marks).map((line) => JSON.parse(line) as Mark)
    stem = stemAfterCrash(stem, marks, crash, inside)
    image = state.image.entries
    isOver = false
  }
  const lines = [...stem.lines]
  let next = stem.standing
  for (let count = 0; count < order.livesMax && !isOver; count += 1) {
    const given = yield { image, standing: next, faults: [], records: false }
    const lived: LivedLife = { ...next, ...given }
    lines.push(...linesOf(lived))
    isOver = isLast(lived)
    image = given.image
    next = standingAfter(next, given.marks)
  }
  return { history: historyOfMarks(lines) }
}

/** True for a fault that ends a life in a crash state. */
export function isCrash(fault: Fault): fault is CrashFault {
  return fault.kind === 'kill' || fault.kind === 'power-loss'
}

/** Judges a case. */
export function judgeCase(
  order: CaseOrder,
  schedule: Schedule,
  history: History,
  { control, isAudit = false }: { readonly control?: History; readonly isAudit?: boolean } = {},
): Judgement {
  const { workload, system, livesMax, invariants } = order
  return check(
    {
      history,
      workload,
      system,
      schedule,
      livesMax,
      isAudit,
      ...(control === undefined ? {} : { control }),
    },
    invariants,
  )
}
