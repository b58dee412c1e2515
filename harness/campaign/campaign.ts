/**
 * A campaign: scenarios over systems, each with a control run and the cases that its crash points and fault classes give.
 *
 *   P1  a case that was not proven to be one (its fault did not fire) is drawn anew and counted apart
 *   P2  the cases and their verdicts depend on the seed and the numbers asked for, never on how many run at once
 *   P3  nothing is judged before the control of its group holds: a workload that fails without a fault proves nothing
 *   P4  what was not shown is said: skipped scenarios with the reason, fault classes that never fired, sometimes that
 *       never happened; any of the latter makes the whole inconclusive, never a pass
 *   P5  a sample of the cases runs twice, and what differs is said (`same-again.ts`)
 */
import { historyOf, type History } from '../history.ts'
import { readLedger } from '../ledger.ts'
import { openLive, type LiveEngine } from '../live/engine.ts'
import type { LiveOptions } from '../live/options.ts'
import type { ControlOp, Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { missingClaims, type System } from '../system.ts'
import { worst, type Verdict } from '../verdict.ts'
import { addCase, addPoints, emptyCoverage, vacuous, type ScenarioCoverage } from './coverage.ts'
import { planCases, workloadOfSeed, type Group, type PlannedCase } from './group.ts'
import { PlanQueue } from './plan-queue.ts'
import { compareAgain, exactSchedule, sampleOf } from './same-again.ts'
import { askedCase, judgeCase, runControl, type CaseReport } from './trial.ts'

export interface CampaignOptions {
  readonly seed: string
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  /** Workloads per scenario and system, `Infinity` for as many as the budget allows; each has a control. Default 1. */
  readonly workloads?: number
  /** Cases per workload. */
  readonly cases: number
  readonly live?: LiveOptions
  /** The disk profile that tokens name. */
  readonly profile?: string
  /** Only cases whose place in their group is `index` (from 1) modulo `of`. */
  readonly shard?: { readonly index: number; readonly of: number }
  /** Told of every case when it is judged, in an order that depends on the number of jobs. */
  readonly onCase?: (report: CaseReport) => void
  /** True when no further case is to be started: a time budget is used up. */
  readonly isOver?: () => boolean
  /** Aborted when everything is to end at once: what is under way then says nothing. */
  readonly stop?: AbortSignal
}

/** A scenario that a system was not given. */
export interface Skipped {
  readonly scenario: string
  readonly system: string
  /** The claims that it lacks. */
  readonly missing: string
}

export interface CampaignResult {
  readonly seed: string
  /** Cases that are not a pass, in the order of the campaign. */
  readonly failures: readonly CaseReport[]
  readonly coverage: readonly ScenarioCoverage[]
  /** Scenarios that a system was not given, with the claims that it lacks. */
  readonly skipped: readonly Skipped[]
  readonly cases: number
  /** True where it was stopped before its end. */
  readonly isStopped: boolean
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
  const parts: ScenarioPart[] = []
  const skipped: Skipped[] = []
  for (const system of options.systems) {
    const runnable: Scenario[] = []
    for (const scenario of options.scenarios) {
      const missing = missingClaims(system, scenario.needs).join(', ')
      if (missing === '') runnable.push(scenario)
      else skipped.push({ scenario: scenario.name, system: system.name, missing })
    }
    const engine = await openLive(system, options.live)
    try {
      const campaign = new SystemCampaign(engine, options)
      parts.push(...(await Promise.all(runnable.map((scenario) => campaign.runScenario(scenario)))))
    } finally {
      await engine.close()
    }
  }
  return resultOf(options, parts, skipped)
}

function resultOf(
  { seed, stop, shard }: Pick<CampaignOptions, 'seed' | 'stop' | 'shard'>,
  parts: readonly ScenarioPart[],
  skipped: readonly Skipped[],
): CampaignResult {
  const coverage = parts.map((part) => part.coverage)
  const failures = parts.flatMap((part) => part.failures)
  const cases = coverage.reduce((sum, each) => sum + each.cases, 0)
  const isStopped = stop?.aborted === true
  // What one part of a campaign did not show, another may have: it is asked when the parts are merged.
  const isVacuous =
    cases === 0 || (shard === undefined && coverage.some((each) => vacuous(each).length > 0))
  const isDoubtful = coverage.some(({ again }) => again.sameVerdict < again.runs)
  const verdict = worst([
    ...failures.map((each) => each.verdict),
    ...(isVacuous || isDoubtful || isStopped ? (['INCONCLUSIVE'] as const) : []),
  ])
  return { seed, failures, coverage, skipped, cases, isStopped, verdict }
}

interface ScenarioPart {
  readonly coverage: ScenarioCoverage
  readonly failures: readonly CaseReport[]
}

/** A group whose control holds. */
interface GroupRun {
  readonly group: Group
  readonly ops: readonly ControlOp[]
  readonly control: History
  readonly coverage: ScenarioCoverage
}

type PartOptions = Omit<CampaignOptions, 'scenarios' | 'systems' | 'live'>

class SystemCampaign {
  readonly #engine: LiveEngine
  readonly #options: PartOptions

  constructor(engine: LiveEngine, options: PartOptions) {
    this.#engine = engine
    this.#options = options
  }

  async runScenario(scenario: Scenario): Promise<ScenarioPart> {
    const { system } = this.#engine
    const coverage = emptyCoverage(scenario, system)
    const failures: CaseReport[] = []
    const { workloads = 1, seed: root } = this.#options
    for (let number = 0; number < workloads && !this.#isOver(); number++) {
      const seed = deriveSeed(root, 'case', scenario.name, system.name, number)
      const group: Group = {
        scenario,
        system,
        seed,
        workload: workloadOfSeed(scenario, system, seed),
      }
      const reports = await this.#runGroup(group, coverage)
      failures.push(...reports.filter(isFailure))
      // A group that cannot be made to give a case would be asked for ever.
      if (reports.length <= 1) break
    }
    return { coverage, failures }
  }

  async #runGroup(group: Group, coverage: ScenarioCoverage): Promise<readonly CaseReport[]> {
    const found = await runControl(this.#engine, group, 'control', this.#options.profile)
    const { report, control, history } = found
    if (this.#isStopped()) return []
    if (report.run.unseen !== undefined) coverage.unseen = report.run.unseen
    this.#options.onCase?.(report)
    if (control === undefined || history === undefined) return [report]
    addPoints(coverage, control.ops)
    const tried: GroupRun = { group, ops: control.ops, control: history, coverage }
    const plans = new PlanQueue(partOf(planCases(group, control), this.#options.shard))
    const reports = await this.#runCases(tried, plans)
    return [report, ...reports, ...(await this.#runAgain(tried, reports))]
  }

  async #runCases(tried: GroupRun, plans: PlanQueue): Promise<readonly CaseReport[]> {
    const { group, coverage, control } = tried
    const reports: CaseReport[] = []
    const { cases: all, shard, profile } = this.#options
    const cases = Math.ceil(all / (shard?.of ?? 1))
    for (let drawn = 0; reports.length < cases && drawn < cases * drawsPerCaseMax;) {
      const batch = this.#take(plans, cases - reports.length)
      if (batch.length === 0) break
      const asked = batch.map((plan, index) => askedCase(group, String(drawn + index), plan))
      drawn += batch.length
      let index = 0
      for await (const run of this.#engine.runCases(this.#whileTime(asked))) {
        if (this.#isStopped()) return reports
        const plan = batch[index] as PlannedCase
        index += 1
        const judged = judgeCase(group, plan.origin, run, control, profile)
        if (run.case.randomKill !== undefined && run.landed === undefined)
          coverage.randomMissed += 1
        if (judged.kind === 'case') reports.push(this.#cover(tried, judged.report))
        else {
          coverage.notFired += 1
          plans.missed(plan)
        }
      }
    }
    return reports
  }

  /** Runs a sample of the cases once more, from their tokens. Gives the second runs that are no pass although the first were. */
  async #runAgain(
    { group, control, coverage }: GroupRun,
    reports: readonly CaseReport[],
  ): Promise<readonly CaseReport[]> {
    if (this.#isOver()) return []
    const sample = sampleOf(group, reports)
    const asked = sample.map((first, index) =>
      askedCase(group, `again-${index}`, { schedule: exactSchedule(first) }),
    )
    const others: CaseReport[] = []
    let index = 0
    for await (const run of this.#engine.runCases(asked)) {
      if (this.#isStopped()) return others
      const first = sample[index] as CaseReport
      index += 1
      const second = judgeCase(group, first.origin, run, control, this.#options.profile)
      compareAgain(coverage.again, first, second)
      if (second.kind === 'case' && isFailure(second.report) && !isFailure(first))
        others.push(second.report)
    }
    return others
  }

  #take(plans: PlanQueue, count: number): readonly PlannedCase[] {
    const taken: PlannedCase[] = []
    while (taken.length < count && !this.#isOver()) {
      const plan = plans.next()
      if (plan === undefined) break
      taken.push(plan)
    }
    return taken
  }

  /** A batch is begun as long as there is time, not as a whole. */
  *#whileTime<Item>(items: Iterable<Item>): Generator<Item> {
    for (const item of items) {
      if (this.#isOver()) return
      yield item
    }
  }

  #isStopped(): boolean {
    return this.#options.stop?.aborted === true
  }

  #isOver(): boolean {
    return this.#isStopped() || this.#options.isOver?.() === true
  }

  #cover({ coverage, ops }: GroupRun, report: CaseReport): CaseReport {
    const { run, origin, group, token } = report
    addCase(coverage, group.scenario, group.seed, {
      token,
      schedule: exactSchedule(report),
      ...(origin.kind === 'class' ? { faultClass: origin.name } : {}),
      ...(run.landed === undefined ? {} : { landed: run.landed }),
      ops,
      history: historyOf(readLedger(run.ledger)),
      done: run.ending.kind === 'done',
    })
    this.#options.onCase?.(report)
    return report
  }
}

/** True for what is no pass. */
export function isFailure({ verdict }: Pick<CaseReport, 'verdict'>): boolean {
  return verdict !== 'HOLDS' && verdict !== 'REFUSED'
}

/** Every `of`-th plan, from `index` on. */
function* partOf(
  plans: Iterable<PlannedCase>,
  shard: CampaignOptions['shard'],
): Generator<PlannedCase> {
  let place = 0
  for (const plan of plans) {
    if (shard === undefined || place % shard.of === shard.index - 1) yield plan
    place += 1
  }
}
