/**
 * One explored case from its schedule alone: nothing is taken from the exploration that found it. Every life is run again, its trace
 * is crashed as the schedule says, and the lives behind it recover.
 */
import { check, type Judgement } from '../checkers/check.ts'
import type { DirectoryImage } from '../directory-image.ts'
import { DiskModel, type DiskBefore } from '../disk-model/model.ts'
import { applyFault } from '../disk-model/states.ts'
import type { PastLife } from '../disk-model/units.ts'
import { stringifyFault } from '../fault-text.ts'
import type { Fault, LifeFaults, Schedule } from '../fault.ts'
import type { History } from '../history.ts'
import type { Mark } from '../mark.ts'
import type { Trace, TracedOp } from '../trace.ts'
import type { OutsideAct } from '../workload.ts'
import type { Asks, LifeGiven } from './asks.ts'
import { afterBetween, isBetween } from './between-lives.ts'
import type { CaseOrder } from './job.ts'
import {
  firstStemOf,
  hangOf,
  isLast,
  linesOf,
  standingAfter,
  stemAfterCrash,
  stemAfterEnd,
  type CrashFault,
  type Hang,
  type LivedLife,
  type Standing,
  type Stem,
  verbOf,
} from './lives.ts'

/** A life of a case that was replayed. */
export interface ReplayedLife extends LifeGiven {
  readonly life: number
  readonly verb: 'run' | OutsideAct['kind']
  /** Of the acts of other processes, how many were acknowledged before it. */
  readonly act: number
  /** Faults of its entry. */
  readonly faults: LifeFaults
  /** Ops whose effect its crash took, in order. */
  readonly missing: readonly TracedOp[]
}

/** What a schedule leads to. */
export interface ReplayedCase {
  /** The ledger. */
  readonly lines: readonly Mark[]
  readonly lives: readonly ReplayedLife[]
  /** Whether the run ended. */
  readonly isOver: boolean
  /** The hang that ended the case, where one did. */
  readonly hang?: Hang
}

/** Why a schedule is no case of these lives. */
export interface NoCase {
  readonly life: number
  readonly why: string
  readonly fault: Fault
}

/** Where a case stands between two lives. */
interface Stand {
  stem: Stem
  image: DirectoryImage
  /** What of it is durable. */
  before: DiskBefore
  isOver: boolean
  hang: Hang | undefined
  readonly lives: ReplayedLife[]
}

/** Runs the lives of a schedule, and those that follow until the run is over. `records`: all of them leave a trace. */
export function* replayCase(
  order: CaseOrder,
  schedule: Schedule,
  records = false,
): Asks<ReplayedCase | NoCase> {
  const stand: Stand = {
    stem: firstStemOf(order),
    image: new Map(),
    before: { initial: new Map() },
    isOver: false,
    hang: undefined,
    lives: [],
  }
  const lastLoss = schedule.findLastIndex((faults) =>
    faults.some(({ kind }) => kind === 'power-loss'),
  )
  for (const [index, faults] of schedule.entries()) {
    const wrong = yield* scheduledLife(order, faults, stand, records || index < lastLoss)
    if (wrong !== undefined) return { life: stand.stem.standing.life, ...wrong }
  }
  const lines = [...stand.stem.lines]
  let next = stand.stem.standing
  for (let count = 0; count < order.livesGiven && isOpen(stand); count += 1) {
    const given = yield { image: stand.image, standing: next, faults: [], records }
    const lived: LivedLife = { ...next, ...given }
    stand.lives.push({
      ...given,
      life: next.life,
      ...doingOf(order, next),
      faults: [],
      missing: [],
    })
    lines.push(...linesOf(lived))
    stand.isOver = isLast(lived)
    stand.hang = hangOf(lived)
    stand.image = given.image
    next = standingAfter(next, given.marks)
  }
  const { lives, isOver, hang } = stand
  return { lines, lives, isOver, ...(hang === undefined ? {} : { hang }) }
}

function isOpen({ isOver, hang }: Stand): boolean {
  return !isOver && hang === undefined
}

function* scheduledLife(
  order: CaseOrder,
  faults: LifeFaults,
  stand: Stand,
  records: boolean,
): Asks<Omit<NoCase, 'life'> | undefined> {
  for (const fault of faults.filter(isBetween)) {
    const after = afterBetween(stand, fault)
    if (after === undefined) return { fault, why: 'there was nothing that it could be done to' }
    Object.assign(stand, after, { before: { initial: after.image } })
  }
  const last = faults.at(-1)
  const crash = last !== undefined && isCrash(last) ? last : undefined
  const inside = faults.filter((fault) => fault !== crash && !isBetween(fault))
  const { standing } = stand.stem
  const { life } = standing
  // Behind its crash it would only go on, and one that waits would never end.
  const ends = crash?.at.stream === '1' ? { endsAfter: crash.at.op } : {}
  const wanted = { image: stand.image, standing, faults: inside, ...ends }
  const given = yield { ...wanted, records: records || crash !== undefined }
  const unfired = inside.find((fault) => !hasFired(given.marks, fault))
  if (crash === undefined) {
    if (unfired !== undefined) return { fault: unfired, why: 'the life ended by itself before it' }
    const lived: LivedLife = { ...standing, ...given }
    stand.stem = stemAfterEnd(stand.stem, lived, faults)
    stand.image = given.image
    if (given.trace !== undefined) stand.before = heldToo(stand.before, { trace: given.trace })
    stand.isOver = isLast(lived)
    stand.hang = hangOf(lived)
    stand.lives.push({ ...given, life, ...doingOf(order, standing), faults, missing: [] })
    return undefined
  }
  if (given.trace === undefined) return { fault: crash, why: 'the life left no trace' }
  const crashed = crashLife(order, given.trace, stand.before, crash)
  if (typeof crashed === 'string') return { fault: crash, why: crashed }
  const early = inside.find((fault) => !hasFired(crashed.marks, fault))
  if (early !== undefined) return { fault: early, why: 'the crash comes before it' }
  stand.stem = stemAfterCrash(stand.stem, crashed.marks, crash, faults.slice(0, -1))
  stand.image = crashed.image
  stand.before =
    crash.kind === 'power-loss'
      ? { initial: crashed.image }
      : heldToo(stand.before, { trace: given.trace, kill: crash })
  stand.isOver = false
  stand.hang = undefined
  stand.lives.push({ ...given, ...ended, ...crashed, life, ...doingOf(order, standing), faults })
  return undefined
}

function doingOf({ workload }: CaseOrder, standing: Standing): Pick<ReplayedLife, 'verb' | 'act'> {
  const act = (workload.outside ?? []).length - standing.outside.length
  return { verb: verbOf(standing), act }
}

function heldToo(before: DiskBefore, life: PastLife): DiskBefore {
  return { ...before, past: [...(before.past ?? []), life] }
}

/** What it says behind its crash is never heard. */
const ended = { code: null, signal: 'SIGKILL', stderr: '' } as const

/** What a crash of a recorded life leaves; a sentence where the life has no such state. */
function crashLife(
  order: CaseOrder,
  trace: Trace,
  before: DiskBefore,
  crash: CrashFault,
):
  | {
      readonly marks: readonly Mark[]
      readonly image: DirectoryImage
      readonly missing: readonly TracedOp[]
    }
  | string {
  const model = new DiskModel(trace, before, order.profile, order.seed)
  const state = applyFault(model, crash)
  if (typeof state === 'string') return state
  return {
    marks: model.marks.slice(0, state.point.marks).map((line) => JSON.parse(line) as Mark),
    image: state.image.entries,
    missing: state.missing.map(({ traced }) => traced),
  }
}

/** True where the marks of a life prove that a fault of it fired. */
export function hasFired(marks: readonly Mark[], fault: Fault): boolean {
  const text = stringifyFault(fault)
  return marks.some((mark) => mark.mark === 'fault' && mark.fault === text)
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
