/**
 * What a campaign has shown besides verdicts: which crash points it killed at, which fault classes fired, which *sometimes*
 * happened, whether a second run was like the first. Gathered here, read in the result (`report/result/coverage.ts`).
 */
import { killsProcess, type Fault, type Schedule } from '../fault.ts'
import { stringifyFault } from '../fault-text.ts'
import type { History } from '../history.ts'
import type { Landed } from '../live/case.ts'
import type { Control, ControlMessage, ControlOp, FaultClass, Scenario } from '../scenario.ts'
import type { Coverage } from '../report/result/result.ts'
import type { System } from '../system.ts'
import { applicable, type Group } from './group.ts'
import { callMember } from './scenario-calls.ts'
import { emptySameAgain, type SameAgain } from './same-again.ts'

/** Crash points of one workload: how many there are, and at which a first life was killed. */
interface WorkloadPoints {
  /** By kind of op or message. */
  readonly points: Map<string, number>
  /** Distinct exact points, as the text of the kill. */
  readonly killedAt: Set<string>
  /** Numbers of ops and messages by kind, where before, after and inside of one are one point. */
  readonly killed: Map<string, Set<number>>
}

/** Where a control can be killed. */
export type Points = Pick<Control, 'ops' | 'messages'>

/** A kill at a random time that landed. */
export interface RandomKillSeen {
  /** Of the exact kill at the same point. */
  readonly token: string
  readonly precision: Landed['precision']
  /** What it fell on: `write`, `mark effect`. */
  readonly at: string
}

/** What is known of one scenario over one system. */
export interface ScenarioCoverage {
  readonly scenario: string
  readonly system: string
  /** By seed. */
  readonly workloads: Map<string, WorkloadPoints>
  /** Cases whose run ended after a kill. */
  recovered: number
  /** Real processes that were killed. */
  kills: number
  /** Kills at a random time that landed. */
  readonly randomKills: RandomKillSeen[]
  /** Kills at a random time that fell on no run: it had ended before. */
  randomMissed: number
  /** Cases by fault class that fired. */
  readonly fired: Map<string, number>
  /** Fault classes and sometimes that this system cannot be given: name to missing claims. */
  readonly skipped: Map<string, string>
  /** Cases in which each sometimes happened. */
  readonly sometimes: Map<string, number>
  /** Why an executable was driven by its marks although this host has native hooks: what these saw is not what it did. */
  unseen?: string
  /** Why there are no native hooks, where strace showed the ops of an executable. */
  traced?: string
  cases: number
  /** Draws whose fault was not reached: drawn anew, no cases. */
  notFired: number
  readonly again: SameAgain
}

/** Nothing seen yet, with every class and sometimes that should be. */
export function emptyCoverage(scenario: Scenario, system: System): ScenarioCoverage {
  const classes = applicable(scenario.faults, system)
  const sometimes = applicable(scenario.sometimes, system)
  const skipped = [...classes.skipped, ...sometimes.skipped]
  return {
    scenario: scenario.name,
    system: system.name,
    workloads: new Map(),
    recovered: 0,
    kills: 0,
    randomKills: [],
    randomMissed: 0,
    fired: new Map(classes.run.map(({ name }) => [name, 0])),
    skipped: new Map(skipped.map(({ item, missing }) => [item.name, missing])),
    sometimes: new Map(sometimes.run.map(({ name }) => [name, 0])),
    cases: 0,
    notFired: 0,
    again: emptySameAgain(),
  }
}

/** Points of a control that a scenario strikes at: messages where a fault class needs a wire, ops where one does not. */
export function pointsStruck(
  { scenario, system }: Pick<Group, 'scenario' | 'system'>,
  control: Points,
): Points {
  const classes = applicable(scenario.faults, system).run
  const needsWire = ({ needs = [] }: FaultClass): boolean => needs.includes('wire')
  return {
    ops: classes.every(needsWire) ? [] : control.ops,
    messages: classes.some(needsWire) ? (control.messages ?? []) : [],
  }
}

/** Adds the points of a control: each is one where a first life can be killed. */
export function addPoints(
  coverage: ScenarioCoverage,
  seed: string,
  { ops, messages = [] }: Points,
): void {
  const { points } = workloadOf(coverage, seed)
  for (const kind of [...ops.map(pointKind), ...messages.map(messageKind)])
    points.set(kind, (points.get(kind) ?? 0) + 1)
}

/** What a report calls an op: `write`, `mark effect`. */
export function pointKind({ op, mark }: Pick<ControlOp, 'op' | 'mark'>): string {
  return mark === undefined ? op.kind : `mark ${mark}`
}

/** What a report calls a message: `message send`. */
function messageKind({ kind }: ControlMessage): string {
  return `message ${kind}`
}

function workloadOf({ workloads }: ScenarioCoverage, seed: string): WorkloadPoints {
  const known = workloads.get(seed)
  if (known !== undefined) return known
  const made: WorkloadPoints = { points: new Map(), killedAt: new Set(), killed: new Map() }
  workloads.set(seed, made)
  return made
}

/** Adds a judged case. */
export function addCase(
  coverage: ScenarioCoverage,
  scenario: Scenario,
  seed: string,
  shown: {
    readonly token: string
    readonly schedule: Schedule
    readonly faultClass?: string
    readonly landed?: Landed
    /** Of the control of its workload. */
    readonly points: Points
    readonly history: History
    readonly done: boolean
  },
): void {
  const { history, schedule, points, landed, token } = shown
  coverage.cases += 1
  addKilledAt(coverage, seed, schedule, points)
  const killed = history.of('exit').filter(({ signal }) => signal === 'SIGKILL').length
  coverage.kills += killed
  if (killed > 0 && shown.done) coverage.recovered += 1
  if (landed !== undefined) {
    const { precision } = landed
    coverage.randomKills.push({ token, precision, at: placeOf(landed.schedule, points.ops) })
  }
  const { faultClass } = shown
  if (faultClass !== undefined)
    coverage.fired.set(faultClass, (coverage.fired.get(faultClass) ?? 0) + 1)
  for (const { name, happened } of scenario.sometimes) {
    if (!coverage.sometimes.has(name)) continue
    const called = { scenario, member: `sometimes ${JSON.stringify(name)}.happened` }
    if (callMember(called, () => happened(history)))
      coverage.sometimes.set(name, (coverage.sometimes.get(name) ?? 0) + 1)
  }
}

function addKilledAt(
  coverage: ScenarioCoverage,
  seed: string,
  schedule: Schedule,
  { ops, messages = [] }: Points,
): void {
  const fault = schedule[0]?.find(killsProcess)
  if (fault === undefined) return
  const { killedAt, killed } = workloadOf(coverage, seed)
  killedAt.add(stringifyFault(fault))
  if (fault.at.stream !== mainStream) return
  const index = fault.at.op - 1
  const kind = kindAt(fault, ops[index], messages[index])
  if (kind === undefined) return
  const numbers = killed.get(kind) ?? new Set<number>()
  killed.set(kind, numbers.add(fault.at.op))
}

function kindAt(
  { kind }: Fault,
  op: ControlOp | undefined,
  message: ControlMessage | undefined,
): string | undefined {
  if (kind === 'message') return message && messageKind(message)
  return op && pointKind(op)
}

/** What a kill at a random time fell on; in a later life, only which one: no control tells its ops. */
function placeOf(schedule: Schedule, ops: readonly ControlOp[]): string {
  const fault = schedule.at(-1)?.find(isKill)
  const op = fault === undefined ? undefined : ops[fault.at.op - 1]
  if (fault === undefined || op === undefined || schedule.length > 1)
    return `life ${schedule.length}`
  return fault.at.phase.kind === 'inside' ? `inside a ${pointKind(op)}` : pointKind(op)
}

const mainStream = '1'

function isKill(fault: Fault): fault is Extract<Fault, { kind: 'kill' }> {
  return fault.kind === 'kill'
}

/** The same as plain data, as it stands in a result. */
export function plainCoverage({
  workloads,
  fired,
  skipped,
  sometimes,
  ...rest
}: ScenarioCoverage): Coverage {
  return {
    ...rest,
    workloads: [...workloads].map(([seed, { points, killedAt, killed }]) => ({
      seed,
      points: Object.fromEntries(points),
      killedAt: [...killedAt],
      killed: Object.fromEntries([...killed].map(([kind, numbers]) => [kind, [...numbers]])),
    })),
    fired: Object.fromEntries(fired),
    skipped: Object.fromEntries(skipped),
    sometimes: Object.fromEntries(sometimes),
  }
}
