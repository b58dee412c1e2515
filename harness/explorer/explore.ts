/**
 * The explorer: crash states of recorded runs, recovered and judged, for every scenario of every system.
 *
 *  P1  The control of a case is one real process. What is explored is what it did; a control that does not hold is reported
 *      and nothing else is said of its scenario.
 *  P2  States are dealt to shards in processes of their own; what comes out does not depend on how many there are.
 *  P3  A finding is reported when a fresh process shows the same verdict on the same image. One that does not is a fault of the
 *      harness, and is reported as that.
 *  P4  What cannot be explored is said, with the reason.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { workloadOfSeed } from '../campaign/group.ts'
import { check, type Judgement } from '../checkers/check.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import { boundsDefaults, applyFault, type StateBounds } from '../disk-model/states.ts'
import { DiskModel } from '../disk-model/model.ts'
import { HarnessError } from '../errors.ts'
import { parseFaults } from '../fault-parse.ts'
import type { Fault } from '../fault.ts'
import { historyOf, type History } from '../history.ts'
import { readLedger } from '../ledger.ts'
import { bundleWorker, type SourceTransform } from '../live/bundle.ts'
import { baseEnvironment } from '../live/environment.ts'
import { resolveOptions } from '../live/options.ts'
import { makeScratch, removeTree } from '../live/scratch.ts'
import { startCommand } from '../live/start-command.ts'
import { onStop } from '../live/stop.ts'
import type { Mark } from '../mark.ts'
import type { Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { missingClaims, type System } from '../system.ts'
import { stringifyToken } from '../token.ts'
import { parseTrace } from '../trace.ts'
import type { Verdict } from '../verdict.ts'
import type { Workload } from '../workload.ts'
import { buildShard } from './build.ts'
import { recordControl, recoverFresh, type FreshHost } from './fresh-life.ts'
import {
  crashKinds,
  type CaseOrder,
  type CrashKind,
  type ShardFinding,
  type ShardOrder,
  type ShardReport,
} from './job.ts'
import { cutOff } from './lives.ts'

export interface ExploreOptions {
  readonly seed: string
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly profile?: ProfileName
  readonly jobs?: number
  readonly crashes?: readonly CrashKind[]
  readonly bounds?: Partial<Omit<StateBounds, 'seed'>>
  /** Replaces sources as they are bundled: planted bugs. */
  readonly transform?: SourceTransform
  /** In place of the drawn workload, for every scenario. */
  readonly workload?: Workload
  readonly scratch?: string
  readonly onScenario?: (result: ScenarioExplored) => void
}

/** A finding that a fresh process showed too, or that it did not. */
export interface ExploredFinding extends ShardFinding {
  readonly token: string
  readonly isConfirmed: boolean
  /** What the fresh process showed. */
  readonly confirmed: { readonly verdict: Verdict; readonly invariant?: string }
}

/** What was explored of one scenario over one system. */
export interface ScenarioExplored extends Omit<ShardReport, 'findings'> {
  readonly scenario: string
  readonly system: string
  readonly findings: readonly ExploredFinding[]
  /** Why nothing was explored. */
  readonly skipped?: string
  /** Why the control does not hold. */
  readonly controlFault?: string
}

/** Findings of one fingerprint that are confirmed and reported. */
const reportedMax = 3

/** Explores. @throws TroubleError where a system cannot be started at all; HarnessError where a shard died */
export async function explore(options: ExploreOptions): Promise<readonly ScenarioExplored[]> {
  const scratch = makeScratch(
    resolveOptions(options.scratch === undefined ? {} : { scratch: options.scratch }).scratch,
  )
  const forget = onStop(() => removeTree(scratch))
  try {
    const results: ScenarioExplored[] = []
    const shardFile = await buildShard(scratch)
    for (const [index, system] of options.systems.entries()) {
      const directory = join(scratch, `system-${index}`)
      mkdirSync(directory)
      const explorer = await SystemExplorer.open(system, options, directory, shardFile)
      for (const scenario of options.scenarios) {
        const result = await explorer.explore(scenario)
        options.onScenario?.(result)
        results.push(result)
      }
    }
    return results
  } finally {
    forget()
    removeTree(scratch)
  }
}

const nothing: Omit<ScenarioExplored, 'scenario' | 'system'> = {
  exists: 0,
  built: 0,
  points: 0,
  ops: 0,
  images: 0,
  checked: 0,
  recoveries: 0,
  lives: 0,
  findings: [],
}

/** A case whose control was recorded. */
interface Recorded {
  readonly order: CaseOrder
  readonly control: History
  readonly seed: string
  readonly scenario: Scenario
}

class SystemExplorer {
  readonly #system: System
  readonly #options: ExploreOptions
  readonly #directory: string
  readonly #shardFile: string
  readonly #bundle: string | undefined
  readonly #host: FreshHost
  #cases = 0

  private constructor(
    system: System,
    options: ExploreOptions,
    directory: string,
    shardFile: string,
    bundle: string | undefined,
    host: FreshHost,
  ) {
    this.#system = system
    this.#options = options
    this.#directory = directory
    this.#shardFile = shardFile
    this.#bundle = bundle
    this.#host = host
  }

  static async open(
    system: System,
    options: ExploreOptions,
    directory: string,
    shardFile: string,
  ): Promise<SystemExplorer> {
    const transform = options.transform === undefined ? {} : { transform: options.transform }
    const hooked = join(directory, 'hooked')
    const bare = join(directory, 'bare')
    mkdirSync(hooked)
    mkdirSync(bare)
    const command = await startCommand(system, transform, resolveOptions(transform), hooked)
    const { program } = system
    const bundle =
      program.kind === 'script' && program.bundle !== false
        ? await bundleWorker({ program, directory: bare, ...transform })
        : undefined
    const file = bundle?.format === 'cjs' ? bundle.file : undefined
    return new SystemExplorer(system, options, directory, shardFile, file, {
      command,
      scratch: directory,
    })
  }

  async explore(scenario: Scenario): Promise<ScenarioExplored> {
    const known = { ...nothing, scenario: scenario.name, system: this.#system.name }
    const { seed: campaign, workload: given } = this.#options
    const seed = deriveSeed(campaign, 'case', scenario.name, this.#system.name, 0)
    const workload = given ?? workloadOfSeed(scenario, seed)
    const reason = this.#whyNot(scenario, workload)
    if (reason !== undefined) return { ...known, skipped: reason }
    const recorded = await this.#record(scenario, seed, workload)
    if (typeof recorded === 'string') return { ...known, controlFault: recorded }
    const reports = await this.#runShards(recorded.order)
    const sum = sumOf(reports)
    if (sum.unsupported !== undefined) return { ...known, skipped: sum.unsupported }
    const findings: ExploredFinding[] = []
    for (const finding of reported(reports)) findings.push(await this.#confirm(recorded, finding))
    return { ...known, ...sum, findings }
  }

  #whyNot(scenario: Scenario, workload: Workload): string | undefined {
    const missing = missingClaims(this.#system, scenario.needs)
    if (missing.length > 0) return `it does not claim ${missing.join(', ')}`
    if (this.#bundle === undefined) return 'it cannot be bundled as one CommonJS file'
    if ((this.#system.services ?? []).length > 0) return 'it keeps its state in a service'
    if ((workload.outside ?? []).length > 0) return 'another process acts on its run'
    return undefined
  }

  async #record(scenario: Scenario, seed: string, workload: Workload): Promise<Recorded | string> {
    const { claims, takeoverMsMax, inFlightMax } = this.#system
    const asked: Omit<CaseOrder, 'controlLog' | 'controlLedger'> = {
      workload,
      runId: 'run',
      seed,
      profile: this.#options.profile ?? 'posix',
      system: { claims, takeoverMsMax, ...(inFlightMax === undefined ? {} : { inFlightMax }) },
      environment: baseEnvironment(this.#system),
      livesMax: scenario.livesMax,
      ...(scenario.invariants === undefined ? {} : { invariants: scenario.invariants }),
    }
    const recorded = await recordControl(this.#host, asked, this.#name('control'))
    const control = historyOf(readLedger(readFileSync(recorded.ledger)))
    const judgement = judgeCase(asked, control, [])
    if (judgement.verdict !== 'HOLDS')
      return `${judgement.verdict}: ${judgement.finding?.what ?? judgement.reasons.join('; ')} ${recorded.stderr}`.trim()
    const { log, ledger } = recorded
    return { order: { ...asked, controlLog: log, controlLedger: ledger }, control, seed, scenario }
  }

  async #runShards(order: CaseOrder): Promise<readonly ShardReport[]> {
    const { jobs = availableParallelism(), crashes = crashKinds, bounds } = this.#options
    const name = this.#name('shard')
    return await Promise.all(
      Array.from({ length: jobs }, async (_, shard) => {
        const asked: ShardOrder = {
          order,
          bundle: this.#bundle ?? '',
          shard,
          shards: jobs,
          bounds: { ...boundsDefaults, ...bounds, seed: order.seed },
          crashes: crashes.filter(
            (kind) => kind === 'kill' || order.system.claims.includes('power'),
          ),
        }
        return await this.#runShard(asked, join(this.#directory, `${name}-${shard}`))
      }),
    )
  }

  async #runShard(asked: ShardOrder, path: string): Promise<ShardReport> {
    writeFileSync(`${path}.order`, JSON.stringify(asked))
    const ended = await execa(
      process.execPath,
      [this.#shardFile, `${path}.order`, `${path}.report`],
      { reject: false, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' },
    )
    if (ended.exitCode === 0)
      return JSON.parse(readFileSync(`${path}.report`, 'utf8')) as ShardReport
    throw new HarnessError(
      'LIVE_TROUBLE',
      `a shard of the exploration died: ${ended.shortMessage}\n${ended.stderr.slice(-4_000)}`,
      { hint: 'run it again with --jobs 1; if it dies again, the harness is at fault' },
    )
  }

  async #confirm(recorded: Recorded, finding: ShardFinding): Promise<ExploredFinding> {
    const { order, seed, scenario, control } = recorded
    const [fault] = parseFaults(finding.fault) as readonly [CrashFault]
    const token = stringifyToken({
      scenario: scenario.name,
      system: this.#system.name,
      seed,
      profile: order.profile,
      schedule: [[fault]],
    })
    const ledger = await this.#replay(order, fault)
    const judgement = judgeCase(order, historyOf(readLedger(ledger)), [[fault]], control)
    const { verdict } = judgement
    const invariant = judgement.finding?.invariant
    return {
      ...finding,
      token,
      isConfirmed: verdict === finding.verdict && invariant === finding.invariant,
      confirmed: { verdict, ...(invariant === undefined ? {} : { invariant }) },
    }
  }

  async #replay(order: CaseOrder, fault: CrashFault): Promise<Uint8Array> {
    const trace = parseTrace(readFileSync(order.controlLog))
    if (trace === undefined) throw new Error(`no op log: ${order.controlLog}`)
    const model = new DiskModel(trace, new Map(), order.profile, order.seed)
    const state = applyFault(model, fault)
    if (typeof state === 'string') throw new Error(`a state has no image of its own: ${state}`)
    const marks = model.marks.slice(0, state.point.marks).map((line) => JSON.parse(line) as Mark)
    return await recoverFresh(this.#host, order, this.#name('confirm'), {
      image: state.image.entries,
      lines: cutOff(marks, fault),
      marks,
      reboots: fault.kind === 'kill' ? 0 : 1,
    })
  }

  #name(what: string): string {
    this.#cases += 1
    return `${what}-${this.#cases}`
  }
}

type CrashFault = Extract<Fault, { kind: 'kill' | 'power-loss' }>

function judgeCase(
  order: Omit<CaseOrder, 'controlLog' | 'controlLedger'>,
  history: History,
  schedule: readonly (readonly Fault[])[],
  control?: History,
): Judgement {
  const { workload, system, livesMax, invariants } = order
  return check(
    {
      history,
      workload,
      system,
      schedule,
      livesMax,
      ...(control === undefined ? {} : { control }),
    },
    invariants,
  )
}

function sumOf(reports: readonly ShardReport[]): Omit<ShardReport, 'findings'> {
  const [first] = reports
  const add = (of: (report: ShardReport) => number): number =>
    reports.reduce((sum, report) => sum + of(report), 0)
  const unsupported = reports.find((report) => report.unsupported !== undefined)?.unsupported
  return {
    exists: first?.exists ?? 0,
    built: first?.built ?? 0,
    points: first?.points ?? 0,
    ops: first?.ops ?? 0,
    images: add(({ images }) => images),
    checked: add(({ checked }) => checked),
    recoveries: add(({ recoveries }) => recoveries),
    lives: add(({ lives }) => lives),
    ...(unsupported === undefined ? {} : { unsupported }),
  }
}

/** The first findings of each fingerprint, over all shards. */
function reported(reports: readonly ShardReport[]): readonly ShardFinding[] {
  const all = reports.flatMap(({ findings }) => findings)
  const names = [...new Set(all.map(({ fingerprint }) => fingerprint))].sort()
  return names.flatMap((name) => {
    const same = all
      .filter(({ fingerprint }) => fingerprint === name)
      .sort((left, right) => left.op - right.op || (left.fault < right.fault ? -1 : 1))
    const count = reports.reduce(
      (sum, report) =>
        sum + (report.findings.find(({ fingerprint }) => fingerprint === name)?.count ?? 0),
      0,
    )
    return same.slice(0, reportedMax).map((finding) => ({ ...finding, count }))
  })
}
