/** A failing case once more, with everything recorded: what a timeline is drawn from, and what an artifact keeps. */
import type { CaseReport } from './trial.ts'
import { failureOf } from './identity.ts'
import type { Workbench } from './workbench.ts'

/** What is known of a failing case when all of it is recorded. */
export interface Evidence {
  /** The recorded run; it fails in the same way. */
  readonly report: CaseReport
  /** The same case without a fault. */
  readonly control: CaseReport
}

/** Runs a failing case in the recording lane; a sentence where it does not fail there. */
export async function evidenceOf(bench: Workbench, report: CaseReport): Promise<Evidence | string> {
  const { group, origin, run, asked } = report
  const schedule = run.landed?.schedule ?? asked.schedule
  const control = await bench.control(group)
  if (schedule.length === 0) return { report: control.report, control: control.report }
  const options = { lane: 'recording', images: true } as const
  const tried = await bench.run(group, { schedule }, origin, options)
  if (tried.kind === 'not-fired') return `it could not be recorded: ${tried.why}`
  if (failureOf(tried.report) !== failureOf(report))
    return `recorded, it came to ${failureOf(tried.report)}`
  return { report: tried.report, control: control.report }
}
