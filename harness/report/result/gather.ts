/** From what a campaign, an exploration and a corpus came to, to the result that every report is made from. */
import type { CampaignResult } from '../../campaign/campaign.ts'
import type { CaseReport } from '../../campaign/trial.ts'
import { addCounts, type ShardCounts } from '../../explorer/job.ts'
import type { ScenarioExplored } from '../../explorer/explore.ts'
import { outcomeText } from '../../replay/replay.ts'
import type { CorpusResult } from '../../replay/corpus-run.ts'
import { RecoverySample, type RecoveryPoint } from '../../recovery.ts'
import type { Scenario } from '../../scenario.ts'
import type { System } from '../../system.ts'
import { exitCode, worst, type Verdict } from '../../verdict.ts'
import type { ToldFailure } from '../../commands/campaign-order.ts'
import type { Environment } from '../environment.ts'
import { sitesUnder } from '../sites.ts'
import { CaseGatherer, rowOf } from './case-columns.ts'
import { vacuousLines } from './coverage.ts'
import { placeOf } from './place.ts'
import type { Coverage, Explored, Result, TraceColumns } from './result.ts'
import { resultSchemaName, resultVersion } from './schema.ts'
import { traceOfControl } from './told-trace.ts'

/** What a result says besides what was run. */
export interface ResultHead {
  readonly command: Result['command']
  readonly directory: string
  readonly seed: string
  readonly profile: string
  readonly shard?: { readonly index: number; readonly of: number }
  readonly cases: number
  readonly workloads: number
  readonly budgetMs?: number
  readonly environment: Environment
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
}

/** What is known at the end. */
export interface ResultTail {
  readonly campaign?: CampaignResult
  readonly failures: readonly ToldFailure[]
  readonly untold: number
  readonly endedAfter?: number
  readonly isStopped: boolean
}

/** Takes what comes while it runs, and makes the result of it. */
export class ResultGatherer {
  readonly #head: ResultHead
  readonly #cases = new CaseGatherer()
  readonly #traces = new Map<string, TraceColumns>()
  readonly #corpus: Result['corpus'] = []
  readonly #explored: Explored[] = []
  readonly #verdicts: Verdict[] = []
  readonly #recoveries = new RecoverySample()
  #perKind = false
  readonly #siteOf: ReturnType<typeof sitesUnder>

  constructor(head: ResultHead) {
    this.#head = head
    this.#siteOf = sitesUnder(head.directory)
  }

  /** A case, at once when it was judged: the maps of its bundle are still there then. */
  case(report: CaseReport, slot?: number): void {
    this.#cases.add(rowOf(report, slot))
    for (const point of recoveriesOf(report)) this.#recoveries.add(point)
    const { origin, group } = report
    const key = keyOf(group.scenario.name, group.system.name)
    if (origin.kind === 'control' && !this.#traces.has(key))
      this.#traces.set(key, traceOfControl(report, this.#siteOf))
  }

  corpus({ entry, replayed }: CorpusResult): void {
    for (const report of replayed.reports) {
      this.#cases.add(rowOf(report))
      this.#verdicts.push(report.verdict)
    }
    this.#corpus.push({
      file: relativeTo(this.#head.directory, entry.file),
      token: entry.saved.token,
      verdict: replayed.verdict,
      outcome: replayed.outcome.kind,
      text: outcomeText(replayed, entry.saved),
    })
  }

  /** What was explored of one scenario over one system; in place of what was said of it before. */
  explored(result: ScenarioExplored, perKind = false): void {
    this.#perKind = perKind
    const { scenario, system } = result
    const { trace, map = [], prefix = '', recoveries = [], ...rest } = result
    for (const point of recoveries) this.#recoveries.add(point)
    const key = keyOf(scenario, system)
    if (trace !== undefined && !this.#traces.has(key)) this.#traces.set(key, trace)
    const before = this.#explored.findIndex((each) => keyOf(each.scenario, each.system) === key)
    this.#explored.splice(before < 0 ? this.#explored.length : before, 1, {
      ...rest,
      prefix,
      counts: { ...rest.counts },
      map: [...map],
      findings: rest.findings.map((each) => ({
        token: each.token,
        verdict: each.verdict,
        ...(each.invariant === undefined ? {} : { invariant: each.invariant }),
        what: each.what,
        states: each.count,
        isConfirmed: each.isConfirmed,
        mayDiffer: each.mayDiffer,
        confirmed: each.confirmed,
      })),
    })
  }

  /** The result. */
  build({ campaign, failures, untold, endedAfter, isStopped }: ResultTail): Result {
    const { seed, shard, profile, command, environment, scenarios, systems, budgetMs } = this.#head
    const coverage = campaign?.coverage ?? []
    const recoveries = this.#recoveries.list()
    const verdict = worst([
      ...this.#verdicts,
      ...this.#explored.map((each) => each.verdict as Verdict),
      ...(campaign === undefined ? [] : [campaign.verdict]),
      ...failures.map(({ story }) => story.verdict),
      ...(isStopped ? (['INCONCLUSIVE'] as const) : []),
    ])
    return {
      schema: resultSchemaName,
      version: resultVersion,
      command,
      seed,
      seeds: [seed],
      profile,
      shards: shard === undefined ? [] : [{ seed, ...shard }],
      order: {
        cases: this.#head.cases,
        workloads: Number.isFinite(this.#head.workloads) ? this.#head.workloads : null,
        budgetMs: budgetMs ?? null,
        ...(this.#perKind ? { perKind: true as const } : {}),
      },
      environment: { ...environment },
      verdict,
      exitCode: exitCode(verdict),
      stopped: isStopped,
      ...(endedAfter === undefined ? {} : { endedAfter }),
      scenarios: scenarios.map(({ name, title, needs }) => ({ name, title, needs: [...needs] })),
      systems: systems.map(({ name, kind, claims }) => ({ name, kind, claims: [...claims] })),
      skipped: (campaign?.skipped ?? []).map((each) => ({ ...each })),
      inconclusive: shard === undefined ? [...vacuousLines(coverage)] : [],
      corpus: this.#corpus,
      cases: this.#cases.columns((group) => this.#rank(group)),
      coverage: coverage.map((each) => ({ ...each })),
      explored: this.#explored,
      traces: [...this.#traces.values()].toSorted(
        (left, right) => this.#rank(left) - this.#rank(right),
      ),
      failures: failures.map((each) => failureOf(each)),
      untold,
      ...(recoveries.length === 0 ? {} : { recoveries }),
    }
  }

  /** Order of systems, then of scenarios. */
  #rank({ scenario, system }: { readonly scenario: string; readonly system: string }): number {
    const { scenarios, systems } = this.#head
    const at = (list: readonly { readonly name: string }[], name: string): number =>
      list.findIndex((each) => each.name === name) + 1
    return at(systems, system) * (scenarios.length + 1) + at(scenarios, scenario)
  }
}

/** Lives of a case that were timed. */
function recoveriesOf({ group, token, run }: CaseReport): readonly RecoveryPoint[] {
  return run.lives.flatMap(({ life, recovery }) => {
    if (recovery === undefined) return []
    const found = run.entries.find(({ mark }) => mark.mark === 'recovered' && mark.life === life)
    const { bytes, ms } = recovery
    return [
      {
        scenario: group.scenario.name,
        system: group.system.name,
        engine: 'live' as const,
        token,
        life,
        bytes,
        ...(found?.mark.mark === 'recovered' ? { records: found.mark.hashes.length } : {}),
        ms: Math.round(ms * 10) / 10,
      },
    ]
  })
}

function failureOf({
  story,
  text,
  first,
  alike,
  saved,
  timeline,
  artifact,
}: ToldFailure): Result['failures'][number] {
  const finding = story.judgement?.finding
  const place = placeOf(story.site)
  return {
    scenario: story.scenario,
    system: story.system,
    verdict: story.verdict,
    ...(finding === undefined ? {} : { invariant: finding.invariant }),
    what: finding?.what ?? story.trouble?.message ?? story.judgement?.reasons.join('; ') ?? '',
    details: [...(finding?.details ?? [])],
    ...(story.guilty === undefined ? {} : { guilty: story.guilty }),
    ...(place === undefined ? {} : { place }),
    token: story.replay,
    first,
    alike,
    ...(saved === undefined ? {} : { saved }),
    ...(story.reproduced === undefined ? {} : { reproduced: story.reproduced }),
    ...(timeline === undefined ? {} : { timeline }),
    ...(artifact === undefined ? {} : { artifact }),
    text,
  }
}

/** Counts of an exploration, all scenarios together. */
export function exploredCounts(explored: readonly Explored[]): ShardCounts {
  return addCounts(explored.map(({ counts }) => counts as unknown as ShardCounts))
}

/** Cases of a campaign, controls and saved ones not counted. */
export function casesOf(coverage: readonly Coverage[]): number {
  return coverage.reduce((sum, { cases }) => sum + cases, 0)
}

function keyOf(scenario: string, system: string): string {
  return JSON.stringify([scenario, system])
}

function relativeTo(directory: string, file: string): string {
  return file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file
}
