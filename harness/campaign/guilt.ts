/**
 * Whose fault it is that a crash was not survived: the one op that, had it been durable, would have made the case pass.
 *
 * Found by trying: the case runs again for each op that its last crash took, with that op kept. Nothing is guessed, and where no
 * single op would have saved the run, that is said. An op that was torn is tried in one more way: where the run survives it lost altogether, too,
 * no sync is missing, and whatever reads what it left is at fault.
 */
import type { SiteOf } from '../corpus/op-fingerprint.ts'
import type { Fault, OpPart, Schedule } from '../fault.ts'
import { describeOp, isSyncedWrite, type Op } from '../op.ts'
import type { TracedOp } from '../trace.ts'
import { isBreach } from '../verdict.ts'
import { markAtOp, markOpAt } from './relied.ts'
import type { CaseReport } from './trial.ts'
import type { Workbench } from './workbench.ts'

/** Ops that are tried; a crash that takes more is not a small case. */
const triedMax = 24

/** Whose fault it is. */
export interface Guilty {
  /** One sentence. */
  readonly text: string
  /** `src/journal.ts:88 < src/loop.ts:12`, where one op is guilty and its line is known. */
  readonly site?: string
  /** The op, where it is one. */
  readonly op?: TracedOp
}

/** The guilty op; `undefined` where the case has no crash that takes what was called. */
export async function guiltOf(
  bench: Workbench,
  report: CaseReport,
  siteOf: SiteOf,
): Promise<Guilty | undefined> {
  const { group, origin, asked, run, verdict } = report
  const { schedule } = asked
  const slot = schedule.findLastIndex((faults) => faults.some(takesOps)) + 1
  const missing = run.missing?.get(slot) ?? []
  if (slot === 0 || missing.length === 0 || !isBreach(verdict)) return undefined
  const candidates = missing.slice(0, triedMax)
  for (const traced of candidates) {
    const tried = await bench.run(group, { schedule: keeping(schedule, slot, traced) }, origin)
    if (tried.kind !== 'case' || isBreach(tried.report.verdict)) continue
    return (await isMisread(bench, report, slot, traced))
      ? misread(traced, siteOf)
      : guilt(traced, await reliedOn(bench, report, slot), siteOf)
  }
  const ops = candidates.map(({ n }) => n).join(', ')
  return {
    text: `no single op: of ops ${ops}, which no sync covers, more than one had to be durable`,
  }
}

function takesOps(fault: Fault): boolean {
  return fault.kind === 'power-loss' || (fault.kind === 'kill' && fault.lost.length > 0)
}

/** Whether the crash left a part of this op, and would have been survived without it. */
async function isMisread(
  bench: Workbench,
  { group, origin, asked: { schedule } }: CaseReport,
  slot: number,
  traced: TracedOp,
): Promise<boolean> {
  const isTorn = (schedule[slot - 1] ?? [])
    .flatMap(partsOf)
    .some((part) => isOf(part, traced) && part.part.kind !== 'whole')
  if (!isTorn) return false
  const without = changed(schedule, slot, traced, 'lost')
  const tried = await bench.run(group, { schedule: without }, origin)
  return tried.kind === 'case' && !isBreach(tried.report.verdict)
}

function partsOf(fault: Fault): readonly OpPart[] {
  if (fault.kind === 'kill') return fault.lost
  return fault.kind === 'power-loss' ? fault.except : []
}

function isOf({ stream, op }: OpPart, traced: TracedOp): boolean {
  return op === traced.n && stream === traced.stream
}

/** The schedule in which the crash of life `slot` leaves this op whole. */
export function keeping(schedule: Schedule, slot: number, traced: TracedOp): Schedule {
  return changed(schedule, slot, traced, 'kept')
}

/** The schedule in which the crash of life `slot` leaves this op whole, or nothing of it. */
function changed(
  schedule: Schedule,
  slot: number,
  traced: TracedOp,
  how: 'kept' | 'lost',
): Schedule {
  const own: OpPart = { stream: traced.stream, op: traced.n, part: { kind: 'whole' } }
  const listed = (parts: readonly OpPart[], isNamed: boolean): readonly OpPart[] => {
    const others = parts.filter((part) => !isOf(part, traced))
    return isNamed ? inOrder([...others, own]) : others
  }
  return schedule.map((faults, index) =>
    index + 1 !== slot
      ? faults
      : faults.map((fault): Fault => {
          if (fault.kind === 'kill') return { ...fault, lost: listed(fault.lost, how === 'lost') }
          if (fault.kind !== 'power-loss') return fault
          return { ...fault, except: listed(fault.except, fault.base !== how) }
        }),
  )
}

function inOrder(parts: readonly OpPart[]): readonly OpPart[] {
  return parts.toSorted((left, right) => left.op - right.op)
}

/** An op whose part is taken for more than it is. */
function misread(traced: TracedOp, siteOf: SiteOf): Guilty {
  const { known, where } = placeOf(traced, siteOf)
  const what = `${describeOp(traced.op)}${where}`
  return {
    text: `op ${traced.n} was torn, and what read its part took it for more: ${what}; with all of it, and with nothing of it, the run holds`,
    ...known,
  }
}

function placeOf(
  traced: TracedOp,
  siteOf: SiteOf,
): { readonly known: Omit<Guilty, 'text'>; readonly where: string } {
  const site = siteOf(traced.frames)
  if (site === undefined) return { known: { op: traced }, where: '' }
  return { known: { op: traced, site }, where: ` at ${site}` }
}

function guilt(traced: TracedOp, relied: string | undefined, siteOf: SiteOf): Guilty {
  const { known, where } = placeOf(traced, siteOf)
  const before = relied === undefined ? '' : ` before ${relied}`
  if (isSyncedWrite(traced.op))
    return {
      text: `op ${traced.n} was cut off before it returned: ${describeOp(traced.op)}${where}`,
      ...known,
    }
  const { never, lacks } = isContent(traced.op)
    ? { never: 'synced', lacks: 'no sync' }
    : { never: 'made durable', lacks: 'no sync of its directory' }
  const text = `op ${traced.n} was never ${never}: ${describeOp(traced.op)}${where} has ${lacks}${before}`
  return { text, ...known }
}

/** True for ops that a sync of the file covers; the others are names in a directory. */
function isContent({ kind }: Op): boolean {
  return kind === 'write' || kind === 'truncate'
}

/** The mark that was worth nothing, as an op of the crashed life: `the ack at op 39`. */
async function reliedOn(
  bench: Workbench,
  report: CaseReport,
  slot: number,
): Promise<string | undefined> {
  const { group, judgement, run } = report
  const since = judgement?.finding?.since
  const life = since === undefined ? undefined : run.entries[since]?.mark.life
  if (since === undefined || run.lives.find((each) => each.life === life)?.slot !== slot)
    return undefined
  const relied = await markOpAt(report, since, await bench.opsOfSlot(group))
  return relied === undefined ? undefined : markAtOp(relied)
}
