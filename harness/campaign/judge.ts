/**
 * From what came of a case to one answer about it.
 *
 * Only an ending that a checker can read is judged. A fault that did not fire makes no case; trouble is the harness's, the
 * host's or the adapter's, never the system's.
 */
import { check, type Judgement } from '../checkers/check.ts'
import type { Schedule } from '../fault.ts'
import { historyOf, type History } from '../history.ts'
import { readLedger } from '../ledger.ts'
import type { CaseRun } from '../live/case.ts'
import type { Trouble } from '../live/trouble.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'

export type Judged =
  /** The oracle's answer: holds, broken, inconclusive. */
  | { readonly kind: 'judged'; readonly judgement: Judgement; readonly history: History }
  /** A fault did not fire: this is no case. */
  | { readonly kind: 'not-fired'; readonly why: string }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }

/** Judges one case. `control` is the history of the same case without a fault; `isAudit`: nothing is excused. */
export function judge(
  scenario: Scenario,
  system: System,
  run: CaseRun,
  control: History | undefined,
  isAudit = false,
): Judged {
  const { ending } = run
  if (ending.kind === 'not-fired') return { kind: 'not-fired', why: ending.why }
  if (ending.kind === 'trouble') return { kind: 'trouble', trouble: ending.trouble }
  const history = historyOf(readLedger(run.ledger))
  const judgement = check(
    {
      history,
      workload: run.case.workload,
      system,
      schedule: scheduleOf(run, history),
      livesMax: scenario.livesMax,
      ...(control === undefined ? {} : { control }),
      isAudit,
    },
    scenario.invariants,
  )
  return { kind: 'judged', judgement, history }
}

/**
 * A kill at a random time is no fault of the schedule, and the hooks do not report it: the exit does. Only where the run was
 * about to end unharmed is it killed at that very op, and the ledger says so.
 */
function scheduleOf({ case: asked, landed }: CaseRun, history: History): Schedule {
  const toldItself = history.of('fault').some(({ life }) => life === landed?.life)
  return landed !== undefined && toldItself ? landed.schedule : asked.schedule
}
