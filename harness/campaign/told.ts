/** From a report and what was recorded to the story that a reader is told. */
import { opUses } from '../corpus/schedule-ops.ts'
import type { SiteOf } from '../corpus/op-fingerprint.ts'
import type { OpsOfSlot } from '../corpus/place.ts'
import { tracedMark } from '../corpus/traced-mark.ts'
import type { Fault, Schedule } from '../fault.ts'
import { describeOp } from '../op.ts'
import type { ToldFault } from '../report/failure-story.ts'
import type { TracedOp } from '../trace.ts'
import type { CaseReport } from './trial.ts'

/** The faults of a case in order, with what their ops do. */
export async function tellFaults(
  report: CaseReport,
  opsOfSlot: OpsOfSlot,
  siteOf: SiteOf,
): Promise<readonly ToldFault[]> {
  const schedule = report.run.landed?.schedule ?? report.asked.schedule
  const told: ToldFault[] = []
  for (const [index, faults] of schedule.entries()) {
    const slot = index + 1
    const life = report.run.lives.find((each) => each.slot === slot)?.life ?? slot
    const ops = faults.some(namesOp) ? await opsOfSlot(schedule.slice(0, index), slot) : undefined
    for (const fault of faults) told.push({ life, fault, ...around(fault, ops ?? [], siteOf) })
  }
  return told
}

function namesOp(fault: Fault): boolean {
  return opUses([[fault]]).length > 0
}

function around(
  fault: Fault,
  ops: readonly TracedOp[],
  siteOf: SiteOf,
): Pick<ToldFault, 'op' | 'site'> {
  const [use] = opUses([[fault]] satisfies Schedule)
  if (use === undefined || fault.kind === 'resumers') return {}
  const { stream, op } = use.reference
  const traced = ops.find((each) => each.stream === stream && each.n === op)
  if (traced === undefined) return {}
  const site = siteOf(traced.frames)
  return { op: tellOp(traced), ...(site === undefined ? {} : { site }) }
}

/** An op in words; a mark by its name: how long its line is tells a reader nothing. */
export function tellOp(traced: TracedOp): string {
  const found = tracedMark(traced)
  if (found === undefined) return describeOp(traced.op)
  return `mark ${found.mark}${found.about === undefined ? '' : ` of ${found.about}`}`
}
