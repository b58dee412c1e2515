/**
 * A campaign: scenarios over systems, each with a control run and the cases that its crash points and fault classes give.
 *
 *   P1  a case that was not proven to be one (its fault did not fire) is drawn anew and counted apart
 *   P2  the cases and their verdicts depend on the seed and the numbers asked for, never on how many run at once
 *   P3  nothing is judged before the control of its group holds: a workload that fails without a fault proves nothing
 *   P4  what was not shown is said: skipped scenarios with the reason, fault classes that never fired, sometimes that
 *       never happened; any of the latter makes the whole inconclusive, never a pass
 */
import { historyOf, type History } from '../history.ts'
import { readLedger } from '../ledger.ts'
import { openLive, type LiveEngine } from '../live/engine.ts'
import type { LiveOptions } from '../live/options.ts'
import type { Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { missingClaims, type System } from '../system.ts'
import { worst, type Verdict } from '../verdict.ts'
import { addCase, emptyCoverage, vacuous, type ScenarioCoverage } from './coverage.ts'
import { planCases, workloadOfSeed, type Group, type PlannedCase } from './group.ts'
import { askedCase, judgeCase, runControl, type CaseReport } from './trial.ts'

export interface CampaignOptions {
  readonly seed: string
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  /** Workloads per scenario and system; each has a control run. Default 1. */
  readonly workloads?: number
  /** Cases per workload. */
  readonly cases: number
  readonly live?: LiveOptions
  /** Told of every case when it is judged, in an order that depends on the number of jobs. */
  readonly onCase?: (report: CaseReport) => void
  /** True when no further case is to be started: a time budget is used up, or somebody pressed Ctrl-C. */
  readonly isOver?: () => boolean
}

export interface CampaignResult {
  readonly seed: string
  /** Cases that are not a pass, in the order of the campaign. */
  readonly failures: readonly CaseReport[]
  readonly coverage: readonly ScenarioCoverage[]
  /** Scenarios that a system was not given, with the claims that it lacks. */
  readonly skipped: readonly {
    readonly scenario: string
    readonly system: string
    readonly missing: string
  }[]
  readonly cases: number
  /** The worst of all cases, and `INCONCLUSIVE` where something was never shown. */
  readonly verdict: Verdict
}

/** Draws per case wanted, before a class is given up as one that does not fire. */
const drawsPerCaseMax = 4

/**
 * Runs a campaign.
 *
 * @throws TroubleError where a system cannot be started at all
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const coverage: ScenarioCoverage[] = []
  const skipped: { scenario: string; system: string; missing: string }[] = []
  const failures: CaseReport[] = []
  for (const system of options.systems) {
    const runnable = options.scenarios.filter((scenario) => {
      const missing = missingClaims(system, scenario.needs)
      if (missing.length > 0)
        skipped.push({ scenario: scenario.name, system: system.name, missing: missing.join(', ') })
      return missing.length === 0
    })
    const engine = await openLive(system, options.live)
    try {
      const campaign = new SystemCampaign(engine, options)
      const parts = await Promise.all(runnable.map((scenario) => campaign.runScenario(scenario)))
      for (const part of parts) {
        coverage.push(part.coverage)
        failures.push(...part.failures)
      }
    } finally {
      await engine.close()
    }
  }
  const cases = coverage.reduce((sum, each) => sum + each.cases, 0)
  const isVacuous = cases === 0 || coverage.some((each) => vacuous(each).length > 0)
  const verdict = worst([
    ...failures.map((each) => each.verdict),
    ...(isVacuous ? (['INCONCLUSIVE'] as const) : []),
  ])
  return { seed: options.seed, failures, coverage, skipped, cases, verdict }
}

interface ScenarioPart {
  readonly coverage: ScenarioCoverage
  readonly failures: readonly CaseReport[]
}

class SystemCampaign {
  readonly #engine: LiveEngine
  readonly #options: CampaignOptions

  constructor(engine: LiveEngine, options: CampaignOptions) {
    this.#engine = engine
    this.#options = options
  }

  async runScenario(scenario: Scenario): Promise<ScenarioPart> {
    const { system } = this.#engine
    const coverage = emptyCoverage(scenario, system)
    const failures: CaseReport[] = []
    const workloads = this.#options.workloads ?? 1
    for (let number = 0; number < workloads; number++) {
      const seed = deriveSeed(this.#options.seed, 'case', scenario.name, system.name, number)
      const group: Group = { scenario, system, seed, workload: workloadOfSeed(scenario, seed) }
      for (const report of await this.#runGroup(group, coverage))
        if (report.verdict !== 'HOLDS' && report.verdict !== 'REFUSED') failures.push(report)
    }
    return { coverage, failures }
  }

  async #runGroup(group: Group, coverage: ScenarioCoverage): Promise<readonly CaseReport[]> {
    const found = await runControl(this.#engine, group)
    const { report, control, history } = found
    this.#options.onCase?.(report)
    if (control === undefined || history === undefined) return [report]
    coverage.pointsSeen += control.ops.length
    return [report, ...(await this.#runCases(group, planCases(group, control), history, coverage))]
  }

  async #runCases(
    group: Group,
    plans: Iterator<PlannedCase>,
    control: History,
    coverage: ScenarioCoverage,
  ): Promise<readonly CaseReport[]> {
    const reports: CaseReport[] = []
    const { cases } = this.#options
    for (let drawn = 0; reports.length < cases && drawn < cases * drawsPerCaseMax;) {
      const batch = this.#take(plans, cases - reports.length)
      if (batch.length === 0) break
      const asked = batch.map((plan, index) => askedCase(group, String(drawn + index), plan))
      drawn += batch.length
      let index = 0
      for await (const run of this.#engine.runCases(asked)) {
        const { origin } = batch[index] as PlannedCase
        index += 1
        const tried = judgeCase(group, origin, run, control)
        if (tried.kind === 'not-fired') coverage.notFired += 1
        else reports.push(this.#cover(coverage, tried.report))
      }
    }
    return reports
  }

  #take(plans: Iterator<PlannedCase>, count: number): readonly PlannedCase[] {
    const taken: PlannedCase[] = []
    while (taken.length < count && this.#options.isOver?.() !== true) {
      const { value, done } = plans.next()
      if (done === true) break
      taken.push(value)
    }
    return taken
  }

  #cover(coverage: ScenarioCoverage, report: CaseReport): CaseReport {
    const { run, origin, group, asked } = report
    addCase(coverage, group.scenario, group.seed, {
      schedule: run.landed?.schedule ?? asked.schedule,
      ...(origin.kind === 'class' ? { faultClass: origin.name } : {}),
      random: run.landed !== undefined,
      history: historyOf(readLedger(run.ledger)),
      done: run.ending.kind === 'done',
    })
    this.#options.onCase?.(report)
    return report
  }
}
