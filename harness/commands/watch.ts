/** Watches a campaign while it goes on: tells how far it is, and when enough has failed. */
import { isFailure } from '../campaign/campaign.ts'
import type { CaseReport } from '../campaign/trial.ts'
import type { ScenarioExplored } from '../explorer/explore.ts'
import { exploredLine } from '../report/explored.ts'
import { caseLine } from '../report/case-line.ts'
import type { ReportFiles } from '../report/files.ts'
import type { Output } from '../report/output.ts'
import type { Progress } from '../report/progress.ts'
import { progressLine } from '../report/progress-line.ts'
import type { ResultGatherer } from '../report/result/gather.ts'
import type { CorpusResult } from '../replay/corpus-run.ts'
import type { Claim } from '../system.ts'
import type { CampaignOrder } from './campaign-order.ts'
import { claimsAtStake } from './claim-outcomes.ts'
import { bailDefault } from './options.ts'

/** A wedge takes as long to be sure of as a dozen other cases. */
const wedgeWeight = 9

/** What a watch needs. */
interface Watched {
  readonly order: CampaignOrder
  readonly output: Output
  readonly files: ReportFiles
  readonly gatherer: ResultGatherer
  readonly leftMs: () => number
}

/** Takes every case as it comes. */
export class Watch {
  readonly atStake: Map<Claim, number> = new Map()
  readonly #watched: Watched
  readonly #progress: Progress
  readonly #expected: number | undefined
  readonly #bail: number
  #firstMs: number | undefined
  #done = 0
  #failed = 0
  #wedged = 0
  #findings = 0

  constructor(watched: Watched) {
    const { scenarios, systems, workloads, cases, options } = watched.order
    const all = scenarios.length * systems.length * workloads * cases
    this.#expected = Number.isFinite(all) ? Math.ceil(all / (options.shard?.of ?? 1)) : undefined
    this.#bail = options.bail ?? bailDefault
    this.#watched = watched
    this.#progress = watched.output.progress()
  }

  /** Failing cases so far. */
  get failed(): number {
    return this.#failed
  }

  /** Enough has failed. */
  get isEnough(): boolean {
    return this.#failed + wedgeWeight * this.#wedged >= this.#bail
  }

  /** A saved case was run. */
  corpusCase(result: CorpusResult): void {
    const { files, gatherer, output } = this.#watched
    const { entry, replayed } = result
    for (const report of replayed.reports) files.addCase(caseLine(report))
    gatherer.corpus(result)
    const { outcome, verdict } = replayed
    if (outcome.kind === 'stale' || outcome.kind === 'not-fired')
      this.#progress.print(`${output.ink.doubt('?')} ${entry.file} is stale: ${outcome.why}`)
    else if (isFailure({ verdict }))
      this.#progress.print(`${output.ink.bad('✗')} ${verdict}  ${entry.file}`)
  }

  /** A case was judged. */
  liveCase(report: CaseReport, slot?: number): void {
    const { files, gatherer, output } = this.#watched
    files.addCase(caseLine(report))
    gatherer.case(report, slot)
    this.#firstMs ??= performance.now()
    this.#done += 1
    for (const claim of isFailure(report) ? [] : claimsAtStake(report))
      this.atStake.set(claim, (this.atStake.get(claim) ?? 0) + 1)
    if (isFailure(report)) {
      this.#failed += 1
      if (report.verdict === 'WEDGED') this.#wedged += 1
      this.#progress.print(`${output.ink.bad('✗')} ${report.verdict}  ${report.token}`)
    }
    const { scenario, system } = report.group
    this.#tell(`${scenario.name} × ${system.name}`)
  }

  /** A scenario was explored. */
  explored(result: ScenarioExplored, perKind: boolean): void {
    this.#watched.gatherer.explored(result, perKind)
    this.#findings += result.findings.length
    this.#progress.print(exploredLine(result))
  }

  /** The explorer is at work: how many of its scenarios are left. */
  exploring(left: number): void {
    this.#tell('exploring', left)
  }

  /** The explorer is at work: how far it is. */
  line(text: string): void {
    this.#progress.update(text)
  }

  /** Progress of what runs inside of this: this one tells of it. */
  get quiet(): Progress {
    return { update: () => {}, print: () => {}, end: () => {} }
  }

  end(): void {
    this.#progress.end()
  }

  #tell(what: string, scenariosLeft?: number): void {
    const leftMs = this.#watched.leftMs()
    this.#progress.update(
      progressLine({
        done: this.#done,
        ...(this.#expected === undefined ? {} : { expected: this.#expected }),
        failed: this.#failed,
        findings: this.#findings,
        elapsedMs: performance.now() - (this.#firstMs ?? performance.now()),
        ...(Number.isFinite(leftMs) ? { leftMs } : {}),
        ...(scenariosLeft === undefined ? {} : { scenariosLeft }),
        what,
      }),
    )
  }
}
