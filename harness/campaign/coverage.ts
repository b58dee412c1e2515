/**
 * What a campaign has shown besides verdicts: which crash points it killed at, which fault classes fired, which *sometimes*
 * happened. Coverage of several shards adds up.
 */
import type { Fault, Schedule } from '../fault.ts'
import { stringifyFault } from '../fault-text.ts'
import type { History } from '../history.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import { applicable } from './group.ts'

/** What is known of one scenario over one system. */
export interface ScenarioCoverage {
  readonly scenario: string
  readonly system: string
  /** Ops of the controls: places at which a first life can be killed. */
  pointsSeen: number
  /** Distinct exact points at which a first life was killed. */
  readonly killedAt: Set<string>
  /** Cases whose run ended after a kill. */
  recovered: number
  /** Real processes that were killed. */
  kills: number
  /** Kills at a random time that landed, with their exact tokens. */
  randomKills: number
  /** Cases by fault class that fired. */
  readonly fired: Map<string, number>
  /** Fault classes and sometimes that this system cannot be given: name to missing claims. */
  readonly skipped: Map<string, string>
  /** Cases in which each sometimes happened. */
  readonly sometimes: Map<string, number>
  cases: number
  /** Draws whose fault was not reached: drawn anew, no cases. */
  notFired: number
}

/** Nothing seen yet, with every class and sometimes that should be. */
export function emptyCoverage(scenario: Scenario, system: System): ScenarioCoverage {
  const classes = applicable(scenario.faults, system)
  const sometimes = applicable(scenario.sometimes, system)
  const skipped = [...classes.skipped, ...sometimes.skipped]
  return {
    scenario: scenario.name,
    system: system.name,
    pointsSeen: 0,
    killedAt: new Set(),
    recovered: 0,
    kills: 0,
    randomKills: 0,
    fired: new Map(classes.run.map(({ name }) => [name, 0])),
    skipped: new Map(skipped.map(({ item, missing }) => [item.name, missing])),
    sometimes: new Map(sometimes.run.map(({ name }) => [name, 0])),
    cases: 0,
    notFired: 0,
  }
}

/** Adds a judged case. */
export function addCase(
  coverage: ScenarioCoverage,
  scenario: Scenario,
  workload: string,
  shown: {
    readonly schedule: Schedule
    readonly faultClass?: string
    readonly random: boolean
    readonly history: History
    readonly done: boolean
  },
): void {
  const { history, schedule } = shown
  coverage.cases += 1
  const first = schedule[0]?.find(isKill)
  if (first !== undefined) coverage.killedAt.add(`${workload} ${stringifyFault(first)}`)
  const killed = history.of('exit').filter(({ signal }) => signal === 'SIGKILL').length
  coverage.kills += killed
  if (killed > 0 && shown.done) coverage.recovered += 1
  if (shown.random) coverage.randomKills += 1
  const { faultClass } = shown
  if (faultClass !== undefined)
    coverage.fired.set(faultClass, (coverage.fired.get(faultClass) ?? 0) + 1)
  for (const { name, happened } of scenario.sometimes)
    if (coverage.sometimes.has(name) && happened(history))
      coverage.sometimes.set(name, (coverage.sometimes.get(name) ?? 0) + 1)
}

function isKill(fault: Fault): boolean {
  return fault.kind === 'kill'
}

/** What a campaign cannot say it has tested: names of fault classes that never fired and of sometimes that never happened. */
export function vacuous(coverage: ScenarioCoverage): readonly string[] {
  const missing: string[] = []
  if (coverage.pointsSeen === 0) missing.push('no crash point was seen')
  for (const [name, count] of coverage.fired)
    if (count === 0) missing.push(`fault class ${name} never fired`)
  for (const [name, count] of coverage.sometimes)
    if (count === 0) missing.push(`never happened: ${name}`)
  return missing
}
