/**
 * What a broken run had relied on: the mark that turned out to be worth nothing, as an op of the life that made it, and what that
 * life had written by then.
 *
 * The ops are those of another run of that life under the faults before it, where nonces differ: a mark is found again by its name,
 * by what it is about, and by which of those alike it is.
 */
import type { OpsOfSlot } from '../corpus/place.ts'
import { markTold, tracedMark, type TracedMark } from '../corpus/traced-mark.ts'
import type { TracedOp } from '../trace.ts'
import type { Invariant } from '../verdict.ts'
import type { CaseReport } from './trial.ts'

/** A mark as an op. */
export interface MarkOp {
  readonly op: TracedOp
  /** Its name: `ack`. */
  readonly mark: string
  /** The ops of its life, whole. */
  readonly ops: readonly TracedOp[]
}

/** The op of the mark at a place of the ledger; `undefined` where nobody recorded it. */
export async function markOpAt(
  { run, asked }: Pick<CaseReport, 'run' | 'asked'>,
  index: number,
  opsOfSlot: OpsOfSlot,
): Promise<MarkOp | undefined> {
  const mark = run.entries[index]?.mark
  const facts = run.lives.find(({ life }) => life === mark?.life)
  if (mark === undefined || facts === undefined) return undefined
  const told = markTold({ ...mark })
  const before = run.entries.slice(0, index).filter((entry) => entry.mark.life === mark.life)
  const nth = before.filter((entry) => isAlike(markTold({ ...entry.mark }), told)).length
  const schedule = run.landed?.schedule ?? asked.schedule
  const ops = (await opsOfSlot(schedule.slice(0, facts.slot - 1), facts.slot)) ?? []
  const op = ops.filter((each) => isAlike(tracedMark(each), told))[nth]
  return op === undefined ? undefined : { op, mark: mark.mark, ops }
}

function isAlike(one: TracedMark | undefined, { mark, about }: TracedMark): boolean {
  return one?.mark === mark && one.about === about
}

/** Where a mark was told: `the ack at op 39`, `the effect at op 1 of stream 1.1`. */
export function markAtOp({ mark, op: { stream, n } }: MarkOp): string {
  return `the ${mark} at op ${n}${stream === '1' ? '' : ` of stream ${stream}`}`
}

/** Invariants that say that something was lost which a life had been promised. */
const losses: ReadonlySet<Invariant> = new Set(['S1', 'S3', 'S4', 'S7', 'S13'])

/** The last write of a life before what it relied on. */
export interface LastWrite {
  readonly op: TracedOp
  /** `the ack at op 39`. */
  readonly before: string
  /** Whether no later life was killed too. */
  readonly isOfLastCrash: boolean
}

/**
 * Of a run that lost what a killed process had been promised: the last write before that promise. A SIGKILL takes no op, so what
 * was promised stood in none of them, or was not read from them.
 */
export async function lastWriteBefore(
  report: CaseReport,
  opsOfSlot: OpsOfSlot,
): Promise<LastWrite | undefined> {
  const { run, judgement } = report
  const finding = judgement?.finding
  if (finding?.since === undefined || !losses.has(finding.invariant)) return undefined
  const life = run.entries[finding.since]?.mark.life
  const killed = run.lives.filter(({ signal }) => signal === 'SIGKILL').map((each) => each.life)
  if (life === undefined || life === finding.life || !killed.includes(life)) return undefined
  const relied = await markOpAt(report, finding.since, opsOfSlot)
  if (relied === undefined) return undefined
  const writes = relied.ops.filter(({ op: { kind } }) => kind === 'write')
  const { stream, n, called } = relied.op
  const op =
    writes.findLast((each) => each.stream === stream && each.n < n) ??
    // A child that only tells relies on what its parent wrote.
    writes.findLast(({ done }) => stream !== '1' && done !== undefined && done.at < called.at)
  if (op === undefined) return undefined
  return { op, before: markAtOp(relied), isOfLastCrash: killed.at(-1) === life }
}
