/** One checker on one history, for tests: what it says, as text. */
import { checkers } from '../../../harness/checkers/check.ts'
import { CaseView } from '../../../harness/checkers/context.ts'
import type { CheckContext } from '../../../harness/checkers/context.ts'
import { parseFaults } from '../../../harness/fault-parse.ts'
import { allClaims } from '../../../harness/system.ts'
import type { Claim } from '../../../harness/system.ts'
import type { Invariant } from '../../../harness/verdict.ts'
import type { EffectKind, StepTask, Task, Workload } from '../../../harness/workload.ts'
import { Story } from '../history-builder.ts'

/** What a test may say differently from the default: a system that claims everything, one step at a time. */
export interface Options extends Partial<Omit<CheckContext, 'history' | 'workload'>> {
  readonly workload?: Partial<Workload>
  readonly without?: readonly Claim[]
}

/** The case that a story tells: its schedule is the faults that fired in it. */
export function contextOf(
  root: Task,
  tell: (story: Story) => void,
  options: Options = {},
): CheckContext {
  const story = new Story()
  tell(story)
  const history = story.history()
  const { workload, without = [], schedule, ...rest } = options
  const claims = allClaims.filter((claim) => !without.includes(claim))
  return {
    history,
    workload: { root, inFlightMax: 1, ...workload },
    system: { claims, takeoverMsMax: 100 },
    schedule: schedule ?? history.of('fault').map(({ fault }) => parseFaults(fault)),
    livesMax: 2,
    ...rest,
  }
}

/** What one checker finds, as `VERDICT what`. */
export function findings(
  invariant: Invariant,
  root: Task,
  tell: (story: Story) => void,
  options: Options = {},
): readonly string[] {
  const view = new CaseView(contextOf(root, tell, options))
  expectSound(view.history.problems)
  return checkers[invariant](view).map((finding) => {
    if (finding.invariant !== invariant) throw new Error(`a finding of ${finding.invariant}`)
    return `${finding.verdict} ${finding.what}`
  })
}

/** A test that tells an impossible story tests nothing. */
function expectSound(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/** A step. */
export function step(id: string, effect: EffectKind = 'keyed', more: Partial<StepTask> = {}): Task {
  return { kind: 'step', id, effect, ...more }
}

/** Members in order. */
export function sequence(...of: readonly Task[]): Task {
  return { kind: 'sequence', of }
}

/** Members at once. */
export function parallel(...of: readonly Task[]): Task {
  return { kind: 'parallel', of }
}

/** Three steps in order. */
export const abc: Task = sequence(step('a'), step('b'), step('c'))
