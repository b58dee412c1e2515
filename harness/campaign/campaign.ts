/**
 * A campaign: scenarios over systems, each with a control run and the cases that its crash points and fault classes give.
 *
 *   P1  a case that was not proven to be one (its fault did not fire) is drawn anew and counted apart
 *   P2  the cases and their verdicts depend on the seed and the numbers asked for, never on how many run at once
 *   P3  nothing is judged before the control of its group holds: a workload that fails without a fault proves nothing
 *   P4  what was not shown is said: skipped scenarios with the reason, fault classes that never fired, sometimes that
 *       never happened; any of the latter makes the whole inconclusive, never a pass
 *   P5  a sample of the cases runs twice, and what differs is said (`same-again.ts`)
 *   P6  each place of a group has its own line of plans (`lanes.ts`), whoever runs it: the parts of a campaign are disjoint, and
 *       together they are the whole
 *   P7  with a journal, cases that an earlier process ran are not run again, and count as if this one had run them
 */
import { historyOf, type History } from '../history.ts'
import { readLedger } from '../ledger.ts'
import type { LiveCase } from '../live/case.ts'
import { openLive } from '../live/engine.ts'
import type { LiveOptions } from '../live/options.ts'
import type { Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { missingClaims, type System } from '../system.ts'
import { worst, type Verdict } from '../verdict.ts'
import type { Coverage } from '../report/result/result.ts'
import { vacuous } from '../report/result/coverage.ts'
import {
  addCase,
  addPoints,
  emptyCoverage,
  plainCoverage,
  type Points,
  pointsStruck,
  type ScenarioCoverage,
} from './coverage.ts'
import { planCases, workloadOfSeed, type Group } from './group.ts'
import { forgetful, keptEngine, type KeptEngine, type Keeping } from './kept-engine.ts'
import { drawn, laneName, lanesOf, type Drawn, type Lane } from './lanes.ts'
import { againCase, compareAgain, exactSchedule, sampleOf } from './same-again.ts'
import { askedCase, controlCase, judgeCase, runControl, type CaseReport } from './trial.ts'

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
  /** Only part `index` (from 1) of `of`: P6. */
  readonly shard?: { readonly index: number; readonly of: number }
  /** The journal in which its cases are kept, and how frames of the worker are told: P7. */
  readonly keep?: Pick<Keeping, 'journal' | 'siteOf'>
  /** True for places of groups that were run before, by another process of the same campaign. */
  readonly isDone?: (scenario: string, system: string, seed: string, slot: number) => boolean
  /**
   * Told of every case when it is judged, with its place in its group; controls have none. The order over groups depends on the
   * number of jobs, the order in a group does not.
   */
  readonly onCase?: (report: CaseReport, slot?: number) => void
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
  readonly coverage: readonly Coverage[]
  /** Scenarios that a system was not given, with the claims that it lacks. */
  readonly skipped: readonly Skipped[]
  readonly cases: number
  /** True where it was stopped before its end. */
  readonly isStopped: boolean
  /** The worst of all cases, and `INCONCLUSIVE` where something was never shown. */
  readonly verdict: Verdict
}

/**
 * Runs a campaign, one system after the other.
 *
 * @throws TroubleError where a system cannot be started at all
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const campaign = new Campaign(options)
  try {
    for (const system of options.systems) {
      await campaign.run(system, 0, options.workloads ?? 1)
      await campaign.closeSystem(system)
    }
    return campaign.result()
  } finally {
    await campaign.close()
  }
}

/** Workloads of scenarios over systems, in rounds that the caller chooses; engines stay open until they are closed. */
export class Campaign {
  readonly #options: CampaignOptions
  readonly #engines = new Map<System, KeptEngine>()
  readonly #parts = new Map<System, readonly ScenarioPart[]>()
  readonly #skipped: Skipped[] = []

  constructor(options: CampaignOptions) {
    this.#options = options
    for (const system of options.systems) {
      const parts: ScenarioPart[] = []
      for (const scenario of options.scenarios) {
        const missing = missingClaims(system, scenario.needs).join(', ')
        if (missing === '') parts.push(newPart(scenario, system))
        else this.#skipped.push({ scenario: scenario.name, system: system.name, missing })
      }
      this.#parts.set(system, parts)
    }
  }

  /**
   * Runs workloads `from` up to, not with, `to` of every scenario over a system.
   *
   * @throws TroubleError where the system cannot be started at all
   */
  async run(system: System, from: number, to: number): Promise<void> {
    const engine = this.#engines.get(system) ?? (await this.#open(system))
    const runner = new SystemCampaign(engine, this.#options)
    const parts = this.#parts.get(system) ?? []
    const ends = await Promise.allSettled(parts.map((part) => runner.runScenario(part, from, to)))
    // Nothing is under way any more when it is thrown.
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  async #open(system: System): Promise<KeptEngine> {
    const { live, keep, stop } = this.#options
    const engine = await openLive(system, live)
    this.#engines.set(system, forgetful(engine))
    if (keep === undefined) return forgetful(engine)
    const jobs = live?.jobs ?? 1
    const kept = await keptEngine(engine, {
      ...keep,
      jobs,
      ...(stop === undefined ? {} : { stop }),
    })
    this.#engines.set(system, kept)
    return kept
  }

  /** True where no scenario over any system can be made to give another case. */
  get isExhausted(): boolean {
    return [...this.#parts.values()].flat().every((part) => part.isExhausted)
  }

  /** What was shown so far. */
  result(): CampaignResult {
    return resultOf(this.#options, [...this.#parts.values()].flat(), this.#skipped)
  }

  /** Ends the engine of a system. */
  async closeSystem(system: System): Promise<void> {
    const engine = this.#engines.get(system)
    this.#engines.delete(system)
    await engine?.close()
  }

  /** Ends all engines. */
  async close(): Promise<void> {
    for (const system of this.#engines.keys()) await this.closeSystem(system)
  }
}

function resultOf(
  { seed, stop, shard }: Pick<CampaignOptions, 'seed' | 'stop' | 'shard'>,
  parts: readonly ScenarioPart[],
  skipped: readonly Skipped[],
): CampaignResult {
  // A scenario that nothing was begun of has nothing to say; that it is missing is said by whoever ended the campaign early.
  const coverage = parts
    .filter(({ isBegun }) => isBegun)
    .map((part) => plainCoverage(part.coverage))
  const failures = parts.flatMap((part) => part.failures)
  const cases = coverage.reduce((sum, each) => sum + each.cases, 0)
  const isStopped = stop?.aborted === true
  // What one part of a campaign did not show, another may have: it is asked when the parts are merged.
  const isVacuous =
    shard === undefined && (cases === 0 || coverage.some((each) => vacuous(each).length > 0))
  const isDoubtful = coverage.some(({ again }) => again.sameVerdict < again.runs)
  const verdict = worst([
    ...failures.map((each) => each.verdict),
    ...(isVacuous || isDoubtful || isStopped ? (['INCONCLUSIVE'] as const) : []),
  ])
  return { seed, failures, coverage, skipped, cases, isStopped, verdict }
}

interface ScenarioPart {
  readonly scenario: Scenario
  readonly coverage: ScenarioCoverage
  readonly failures: CaseReport[]
  isBegun: boolean
  /** A group of it could not be made to give a case: it would be asked for ever. */
  isExhausted: boolean
}

function newPart(scenario: Scenario, system: System): ScenarioPart {
  const coverage = emptyCoverage(scenario, system)
  return { scenario, coverage, failures: [], isBegun: false, isExhausted: false }
}

/** A group whose control holds. */
interface GroupRun {
  readonly group: Group
  readonly points: Points
  readonly control: History
  readonly coverage: ScenarioCoverage
  /** Places of the group that are run here. */
  readonly lanes: readonly Lane[]
}

type PartOptions = Omit<CampaignOptions, 'scenarios' | 'systems' | 'live'>

class SystemCampaign {
  readonly #engine: KeptEngine
  readonly #options: PartOptions

  constructor(engine: KeptEngine, options: PartOptions) {
    this.#engine = engine
    this.#options = options
  }

  async runScenario(part: ScenarioPart, from: number, to: number): Promise<void> {
    const { system } = this.#engine
    const { scenario, coverage, failures } = part
    const { seed: root } = this.#options
    for (let number = from; number < to && !part.isExhausted && !this.#isStopped(); number++) {
      const seed = deriveSeed(root, 'case', scenario.name, system.name, number)
      const slots = this.#slots(scenario, seed, number)
      if (slots.length === 0) continue
      const group: Group = {
        scenario,
        system,
        seed,
        workload: workloadOfSeed(scenario, system, seed),
      }
      if (!this.#mayRun(controlCase(group))) {
        part.isExhausted = true
        return
      }
      part.isBegun = true
      const reports = await this.#runGroup(group, coverage, slots)
      failures.push(...reports.filter(isFailure))
      if (reports.length <= 1) part.isExhausted = true
    }
  }

  /** P6: the places of a group that are run here. */
  #slots(scenario: Scenario, seed: string, number: number): readonly number[] {
    const { cases, shard, isDone } = this.#options
    const all = Array.from({ length: cases }, (_, slot) => slot)
    return all.filter(
      (slot) =>
        (shard === undefined || (slot + number) % shard.of === shard.index - 1) &&
        isDone?.(scenario.name, this.#engine.system.name, seed, slot) !== true,
    )
  }

  async #runGroup(
    group: Group,
    coverage: ScenarioCoverage,
    slots: readonly number[],
  ): Promise<readonly CaseReport[]> {
    const found = await runControl(this.#engine, group, 'control', this.#options.profile)
    const { report, control, history } = found
    if (this.#isStopped()) return []
    const { unseen, traced } = report.run
    if (unseen !== undefined) coverage.unseen = unseen
    if (traced !== undefined) coverage.traced = traced
    this.#options.onCase?.(report)
    if (control === undefined || history === undefined) return [report]
    addPoints(coverage, group.seed, pointsStruck(group, control))
    const lanes = lanesOf(planCases(group, control), this.#options.cases, slots)
    const tried: GroupRun = { group, points: control, control: history, coverage, lanes }
    const reports = await this.#runCases(tried)
    return [report, ...reports, ...(await this.#runAgain(tried, reports))]
  }

  async #runCases(tried: GroupRun): Promise<readonly CaseReport[]> {
    const { group, coverage, control } = tried
    const { profile } = this.#options
    const reports = new Map<number, CaseReport>()
    let waiting = tried.lanes
    while (waiting.length > 0) {
      const batch = drawn(waiting)
      if (batch.length === 0) break
      const missed: Lane[] = []
      const begun: Drawn[] = []
      let index = 0
      for await (const run of this.#engine.runCases(this.#whileTime(group, batch, begun))) {
        if (this.#isStopped()) return inOrder(reports)
        const { lane, plan } = begun[index] as Drawn
        index += 1
        const judged = judgeCase(group, plan.origin, run, control, profile)
        if (run.case.randomKill !== undefined && run.landed === undefined)
          coverage.randomMissed += 1
        if (judged.kind === 'case')
          reports.set(lane.slot, this.#cover(tried, judged.report, lane.slot))
        else {
          coverage.notFired += 1
          lane.plans.missed(plan)
          missed.push(lane)
        }
      }
      waiting = missed
    }
    return inOrder(reports)
  }

  /** Runs a sample of the cases once more, from their tokens. Gives the second runs that are no pass although the first were. */
  async #runAgain(
    { group, control, coverage }: GroupRun,
    reports: readonly CaseReport[],
  ): Promise<readonly CaseReport[]> {
    const sampled = sampleOf(group, reports).map((first) => ({ first, asked: againCase(first) }))
    const sample = sampled.filter(({ asked }) => this.#mayRun(asked))
    const others: CaseReport[] = []
    let index = 0
    for await (const run of this.#engine.runCases(sample.map(({ asked }) => asked))) {
      if (this.#isStopped()) return others
      const { first } = sample[index] as (typeof sample)[number]
      index += 1
      const second = judgeCase(group, first.origin, run, control, this.#options.profile)
      compareAgain(coverage.again, first, second)
      if (second.kind === 'case' && isFailure(second.report) && !isFailure(first))
        others.push(second.report)
    }
    return others
  }

  /** A batch is begun as long as there is time, not as a whole; `begun` are those of it that were. */
  *#whileTime(group: Group, batch: readonly Drawn[], begun: Drawn[]): Generator<LiveCase> {
    for (const each of batch) {
      const asked = askedCase(group, laneName(each.lane), each.plan)
      if (!this.#mayRun(asked)) continue
      begun.push(each)
      yield asked
    }
  }

  /** P7: what is kept takes no time. */
  #mayRun(asked: LiveCase): boolean {
    if (this.#isStopped()) return false
    return this.#options.isOver?.() !== true || this.#engine.isKept(asked)
  }

  #isStopped(): boolean {
    return this.#options.stop?.aborted === true
  }

  #cover({ coverage, points }: GroupRun, report: CaseReport, slot: number): CaseReport {
    const { run, origin, group, token } = report
    addCase(coverage, group.scenario, group.seed, {
      token,
      schedule: exactSchedule(report),
      ...(origin.kind === 'class' ? { faultClass: origin.name } : {}),
      ...(run.landed === undefined ? {} : { landed: run.landed }),
      points,
      history: historyOf(readLedger(run.ledger)),
      done: run.ending.kind === 'done',
    })
    this.#options.onCase?.(report, slot)
    return report
  }
}

/** True for what is no pass. */
export function isFailure({ verdict }: Pick<CaseReport, 'verdict'>): boolean {
  return verdict !== 'HOLDS' && verdict !== 'REFUSED'
}

function inOrder(reports: ReadonlyMap<number, CaseReport>): readonly CaseReport[] {
  return [...reports].toSorted(([left], [right]) => left - right).map(([, report]) => report)
}
