/**
 * One case: asked, run, judged. Campaigns, replays, shrinking and the corpus all do it here, so that one case means one
 * thing whoever runs it.
 *
 *   R1  a control comes first, in the recording lane; a case is judged against the history of its control
 *   R2  nothing but the group and the plan decides what a case is: its name only names its directory
 *   R3  a case whose fault did not fire is none, and says why
 */
import type { Judgement } from '../checkers/check.ts'
import { historyOf, type History } from '../history.ts'
import { readLedger } from '../ledger.ts'
import type { CaseRun, LiveCase } from '../live/case.ts'
import type { LiveEngine } from '../live/engine.ts'
import type { Trouble } from '../live/trouble.ts'
import { livesPoisoned, modelOf } from '../model.ts'
import type { CasePlan, Control } from '../scenario.ts'
import { stringifyToken } from '../token.ts'
import type { Trace } from '../trace.ts'
import type { Verdict } from '../verdict.ts'
import { controlOf, controlOfMarks, type Group, type Origin } from './group.ts'
import { judge } from './judge.ts'

/** The disk profile of live cases unless another is asked for: a SIGKILL leaves the page cache, whatever the disk. */
export const liveProfile = 'posix'

/** One case, judged. */
export interface CaseReport {
  readonly token: string
  readonly group: Group
  readonly origin: Origin
  readonly asked: LiveCase
  readonly run: CaseRun
  readonly verdict: Verdict
  /** Absent where there was nothing to judge. */
  readonly judgement?: Judgement
  readonly trouble?: Trouble
}

/** What came of trying a case. */
export type Tried =
  | { readonly kind: 'case'; readonly report: CaseReport }
  | { readonly kind: 'not-fired'; readonly why: string }

/** The control of a group. */
export interface ControlRun {
  readonly report: CaseReport
  /** Where faults can be put; absent where the control does not hold. */
  readonly control?: Control
  /** What cases are judged against; absent where the control does not hold. */
  readonly history?: History
}

/** How a case is run, beyond what it is. */
export interface TrialOptions {
  readonly lane?: LiveCase['lane']
  readonly profile?: string
  /** Keep what each life leaves. */
  readonly images?: boolean
  /** Nothing is excused: what a disk that lies is told as if the system were to blame. */
  readonly isAudit?: boolean
}

/** A case of a group as the engine is asked for it. `name` is unique among the cases that run at once. */
export function askedCase(
  group: Group,
  name: string,
  plan: CasePlan,
  lane?: LiveCase['lane'],
): LiveCase {
  const { scenario, seed, workload } = group
  return {
    id: `${scenario.name}-${seed}-${name}`,
    runId: 'run',
    workload,
    seed,
    schedule: plan.schedule,
    livesMax: scenario.livesMax + livesPoisoned(modelOf(workload)),
    ...(plan.randomKill === undefined ? {} : { randomKill: plan.randomKill }),
    ...(lane === undefined ? {} : { lane }),
  }
}

/** The case of a group that has no fault, as the engine is asked for it. */
export function controlCase(group: Group, name = 'control'): LiveCase {
  return askedCase(group, name, { schedule: [] }, 'recording')
}

/** Runs the case of a group that has no fault. Never throws for what goes wrong in it. */
export async function runControl(
  engine: LiveEngine,
  group: Group,
  name = 'control',
  profile: string = liveProfile,
): Promise<ControlRun> {
  const run = await engine.runCase(controlCase(group, name))
  const tried = judgeCase(group, { kind: 'control' }, run, undefined, profile)
  if (tried.kind === 'not-fired') throw new Error(`a control has no fault: ${tried.why}`)
  const { report } = tried
  if (report.verdict !== 'HOLDS') return { report }
  const history = historyOf(readLedger(run.ledger))
  const control = controlFrom(group, run, history)
  if (control.ops.length === 0) {
    const { judgement: _, ...known } = report
    return { report: { ...known, verdict: 'HARNESS_ERROR', trouble: nowhere } }
  }
  return { report, control, history }
}

const nowhere: Trouble = {
  kind: 'unsupported',
  message:
    'its main thread neither writes a mark nor touches the state directory: threads or children do it all, and faults strike at ops of the main thread',
  hint: 'let the main thread write the marks, or start what does the work as the worker itself',
}

/** Where faults can be put: at the ops of its trace, at what was kept of these, or at its marks. */
function controlFrom({ workload }: Group, { traces, kept }: CaseRun, history: History): Control {
  if (kept !== undefined) {
    const { ops, messages, isNative, killsOnly } = kept
    return {
      workload,
      ops,
      ...(messages === undefined ? {} : { messages }),
      ...(isNative ? { isNative } : {}),
      ...(killsOnly === true ? { killsOnly } : {}),
    }
  }
  const trace = mainStream(traces)
  return trace === undefined ? controlOfMarks(workload, history) : controlOf(workload, trace)
}

/** Runs one case of a group and judges it. */
export async function runTrial(
  engine: LiveEngine,
  group: Group,
  plan: CasePlan & { readonly origin: Origin; readonly name: string },
  control: ControlRun,
  options: TrialOptions = {},
): Promise<Tried> {
  const asked = askedCase(group, plan.name, plan, options.lane)
  const run = await engine.runCase(options.images === true ? { ...asked, images: true } : asked)
  return judgeCase(group, plan.origin, run, control.history, options.profile, options.isAudit)
}

/** From what came of a case to its report. */
export function judgeCase(
  group: Group,
  origin: Origin,
  run: CaseRun,
  control: History | undefined,
  profile: string = liveProfile,
  isAudit = false,
): Tried {
  const { scenario, system } = group
  const judged = judge(scenario, system, run, control, isAudit)
  if (judged.kind === 'not-fired') return judged
  const known = {
    token: tokenOf(group, run.landed?.schedule ?? run.case.schedule, profile),
    group,
    origin,
    asked: run.case,
    run,
  }
  const report: CaseReport =
    judged.kind === 'trouble'
      ? { ...known, verdict: 'HARNESS_ERROR', trouble: judged.trouble }
      : { ...known, verdict: judged.judgement.verdict, judgement: judged.judgement }
  return { kind: 'case', report }
}

/** The token of a case of a group. */
export function tokenOf(
  { scenario, system, seed, path }: Group,
  schedule: LiveCase['schedule'],
  profile: string = liveProfile,
): string {
  return stringifyToken({
    scenario: scenario.name,
    system: system.name,
    seed,
    ...(path === undefined ? {} : { path }),
    profile,
    schedule,
  })
}

/** The main stream of a case's first life. */
export function mainStream(
  traces: ReadonlyMap<number, readonly Trace[]> | undefined,
): Trace | undefined {
  return traces?.get(1)?.[0]
}
