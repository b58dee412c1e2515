/**
 * Everything that the cases of one system share: its bundles, its directory, its controls. Explorations, replays and audits of single
 * cases are made here.
 *
 * Nothing that it starts outlives the harness: its processes carry the marker of the bench, and a warden of its own looks for them and
 * removes its directory where the harness dies without a word.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Judgement } from '../checkers/check.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import type { LifeFaults, Schedule } from '../fault.ts'
import { historyOfMarks, type History } from '../history.ts'
import { bundleWorker, type SourceTransform } from '../live/bundle.ts'
import { differenceOf, whyMarksUnseen } from '../native/sight.ts'
import type { StartCommand } from '../live/host.ts'
import { baseEnvironment } from '../live/environment.ts'
import { confirmationFactor, resolveOptions } from '../live/options.ts'
import { OrphanFinder } from '../live/orphans.ts'
import { makeScratch, noRoomTrouble, removeTree } from '../live/scratch.ts'
import { TroubleError } from '../live/trouble.ts'
import { startCommand } from '../live/start-command.ts'
import { onStop } from '../live/stop.ts'
import { Warden } from '../live/warden.ts'
import { livesPoisoned, modelOf } from '../model.ts'
import { buildProgram } from '../own-programs.ts'
import { makesDurable } from '../op.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import type { Trace } from '../trace.ts'
import type { Workload } from '../workload.ts'
import { answer, type LifeWanted } from './asks.ts'
import { exploreInProcesses, type InProcesses } from './in-processes.ts'
import { findStrace } from '../native/strace-host.ts'
import { isBelow, runFresh, type FreshHost, type FreshLife } from './fresh-life.ts'
import type {
  CaseOrder,
  ControlLog,
  RecordedOrder,
  ShardOrder,
  ShardProgress,
  ShardReport,
} from './job.ts'
import { recordControl, type ControlLife, type RecordedControl } from './record-control.ts'
import { judgeCase, replayCase, type NoCase, type ReplayedCase } from './replay-case.ts'
import { ShardProcess } from './run-shard.ts'

/** How a bench is opened. */
export interface CrashBenchOptions {
  readonly profile?: ProfileName
  /** Replaces sources as they are bundled: planted bugs. */
  readonly transform?: SourceTransform
  /** Parent of the bench's own directory; default in memory. */
  readonly scratch?: string
  /** Milliseconds: a life in a process is put down that shows nothing for ten times as long. Default as in the live engine. */
  readonly quietMs?: number
}

/** What a case is of. */
export interface CrashGroup {
  readonly scenario: Scenario
  readonly seed: string
  readonly workload: Workload
}

/** A control that was recorded. */
export interface RecordedCase {
  readonly order: RecordedOrder
  readonly control: History
  /** Of the control: it is without a fault, but for the kill in place of a wait (`control-lives.ts`). */
  readonly schedule: Schedule
  readonly judgement: Judgement
  /** Of the run's own life. */
  readonly trace: Trace | undefined
  readonly stderr: string
  /** Why its trace, or its ledger, is not what it did. */
  readonly unseen?: string
}

/** A bench; {@link CrashBench.close} removes all that it made. */
export class CrashBench {
  readonly system: System
  /** Hash of what the system runs, as far as it can be told: equal for equal sources. */
  readonly sources: string
  /** Why lives of this system cannot be run in memory; absent where they can. */
  readonly whyNot: string | undefined
  /** True for an executable: its lives are processes, and never run in memory. */
  readonly isForeign: boolean
  readonly #profile: ProfileName
  readonly #directory: string
  readonly #shardFile: string
  readonly #bundle: string
  #host: FreshHost
  /** Of a foreign program: the first control, which says under what it is seen. */
  #looked: Promise<unknown> | undefined
  readonly #warden: Warden
  readonly #orphans: OrphanFinder
  readonly #forget: () => void
  /** By number of the shard. */
  readonly #shards = new Map<number, ShardProcess>()
  #names = 0

  private constructor(parts: {
    readonly system: System
    readonly whyNot: string | undefined
    readonly profile: ProfileName
    readonly directory: string
    readonly shardFile: string
    readonly bundle: string
    readonly host: FreshHost
    readonly warden: Warden
    readonly orphans: OrphanFinder
    readonly forget: () => void
  }) {
    this.system = parts.system
    this.sources = parts.host.command.sources
    this.whyNot = parts.whyNot
    this.isForeign = isBelow(parts.host.command)
    this.#profile = parts.profile
    this.#directory = parts.directory
    this.#shardFile = parts.shardFile
    this.#bundle = parts.bundle
    this.#host = parts.host
    this.#warden = parts.warden
    this.#orphans = parts.orphans
    this.#forget = parts.forget
  }

  /** Bundles the system. @throws TroubleError `bundle`, `spawn`, `scratch-full` */
  static async open(system: System, options: CrashBenchOptions = {}): Promise<CrashBench> {
    const { profile = 'posix', transform, scratch, quietMs } = options
    const resolved = resolveOptions({
      ...(scratch === undefined ? {} : { scratch }),
      ...(quietMs === undefined ? {} : { quietMs }),
    })
    const directory = makeScratch(resolved.scratch)
    const campaign = randomBytes(6).toString('hex')
    const orphans = new OrphanFinder(campaign)
    const forget = onStop(() => {
      orphans.sweep()
      removeTree(directory)
    })
    let warden: Warden | undefined
    try {
      const [hooked, bare] = [join(directory, 'hooked'), join(directory, 'bare')]
      for (const path of [hooked, bare]) mkdirSync(path)
      warden = await Warden.start(campaign, directory)
      const planted = transform === undefined ? {} : { transform }
      // A handful of starts do not pay for the rehearsal.
      const live = { ...planted, codeCache: false, below: true }
      const started = await startCommand(system, live, resolveOptions(live), hooked)
      const command =
        started.native === undefined ? ((await underStrace(started)) ?? started) : started
      const { program } = system
      const bundle =
        program.kind === 'script' && program.bundle !== false
          ? await bundleWorker({ program, directory: bare, ...planted })
          : undefined
      return new CrashBench({
        system,
        whyNot: whyNot(system, command, bundle?.format),
        profile,
        directory,
        shardFile: await buildProgram(new URL('./shard-main', import.meta.url)),
        bundle: bundle?.file ?? '',
        host: {
          command,
          scratch: directory,
          quietMsMax: resolved.quietMs * confirmationFactor,
          campaign,
        },
        warden,
        orphans,
        forget,
      })
    } catch (error) {
      forget()
      await warden?.stop()
      removeTree(directory)
      const noRoom = noRoomTrouble(directory, error)
      throw noRoom === undefined ? error : new TroubleError(noRoom, error)
    }
  }

  /** Runs the case without a fault in a process of its own, and records it; under strace from then on where the hooks miss some of it. */
  async record(group: CrashGroup): Promise<RecordedCase> {
    const order = this.orderOf(group)
    const recorded = this.#recordedControl(order)
    this.#looked ??= recorded
    const { lives, stem, unseen } = await recorded
    const ledger = join(this.#directory, `${this.#name('ledger')}.jsonl`)
    writeFileSync(ledger, stem.lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const control = historyOfMarks(stem.lines)
    const last = lives.at(-1)
    const schedule = stem.schedule.slice(0, stem.schedule.findLastIndex(isFaulty) + 1)
    return {
      order: { ...order, controlLogs: lives.map(logOf), controlLedger: ledger },
      control,
      schedule,
      judgement: judgeCase(order, schedule, control),
      trace: last?.trace,
      stderr: last?.stderr ?? '',
      ...(unseen === undefined ? {} : { unseen }),
    }
  }

  /** The control, under what shows all that it does, where there is such a thing. */
  async #recordedControl(order: CaseOrder): Promise<RecordedControl> {
    const recorded = await this.#control(order)
    const unseen = this.#unseenIn(recorded)
    const { command } = this.#host
    const straced = command.native === undefined ? undefined : await underStrace(command)
    if (straced === undefined) return unseen === undefined ? recorded : { ...recorded, unseen }
    if (unseen === undefined && !this.system.claims.includes('power')) return recorded
    const host = { ...this.#host, command: straced }
    const again = await this.#control(order, host)
    const still = this.#unseenIn(again)
    // A sync that passed the hooks by leaves the directory as it is: only who looks at the system calls knows of it.
    if (unseen === undefined && (still !== undefined || syncsOf(again) <= syncsOf(recorded)))
      return recorded
    this.#host = host
    return still === undefined ? again : { ...again, unseen: `${unseen}; strace: ${still}` }
  }

  /** Of a foreign program the first life is all that is recorded. What is started besides may write what nobody sees. */
  #unseenIn({ lives: [life] }: RecordedControl): string | undefined {
    const logs = life?.trace === undefined ? [] : [[life.trace]]
    const isDoubtful = this.isForeign || startsProcesses(life?.trace)
    return (
      life?.unsupported ??
      life?.untold ??
      (isDoubtful && life !== undefined ? differenceOf(logs, life.image) : undefined) ??
      (this.isForeign && life !== undefined ? whyMarksUnseen(logs, life.marks) : undefined)
    )
  }

  /** Whether lives of this case are processes, and never run in memory. */
  livesInProcesses({ trace }: Pick<RecordedCase, 'trace'>): boolean {
    return this.isForeign || startsProcesses(trace)
  }

  /** Runs all parts of an exploration whose lives are processes. */
  async runInProcesses(
    asked: Omit<ShardOrder, 'bundle' | 'shard'>,
    shards: readonly number[],
    recorded: RecordedCase,
    more: Pick<InProcesses, 'statesMax' | 'onProgress'>,
  ): Promise<readonly ShardReport[]> {
    const live = (wanted: LifeWanted): Promise<FreshLife> => this.#live(asked.order, wanted)
    return await exploreInProcesses(asked, shards, recorded, { live, ...more })
  }

  /** Runs one part of an exploration in a process of its own. @throws HarnessError where it died */
  async runShard(
    asked: Omit<ShardOrder, 'bundle'>,
    onProgress?: (progress: ShardProgress) => void,
  ): Promise<ShardReport> {
    const path = join(this.#directory, this.#name('shard'))
    const known = this.#shards.get(asked.shard)
    const shard = known ?? new ShardProcess(this.#shardFile, this.#host.campaign)
    this.#shards.set(asked.shard, shard)
    const report = await shard.run({ ...asked, bundle: this.#bundle }, path, onProgress)
    if (report.unsupported === undefined) return report
    // What it tried to do may have left something in its process.
    shard.end()
    this.#shards.delete(asked.shard)
    return report
  }

  /** Runs a case in processes of its own. `records`: all its lives leave a trace. */
  async replay(
    order: CaseOrder,
    schedule: Schedule,
    records = false,
  ): Promise<ReplayedCase | NoCase> {
    if (this.isForeign) await (this.#looked ??= this.#recordedControl(order))
    const asks = replayCase(order, schedule, records)
    return await answer(asks, async (wanted) => {
      const life = await this.#live(order, wanted)
      if (life.unreadable !== undefined) throw noImage(life.unreadable)
      return life
    })
  }

  async #live(order: CaseOrder, wanted: LifeWanted): Promise<FreshLife> {
    const name = this.#name('life')
    const life = await runFresh(this.#host, order, wanted, name)
    removeTree(join(this.#directory, `case-${name}`))
    return life
  }

  /** The same, judged. */
  async judge(
    order: CaseOrder,
    schedule: Schedule,
    judged: { readonly control?: History; readonly isAudit?: boolean } = {},
  ): Promise<Judgement | NoCase> {
    const replayed = await this.replay(order, schedule)
    if ('why' in replayed) return replayed
    return judgeCase(order, schedule, historyOfMarks(replayed.lines), judged)
  }

  /** What the lives of a group depend on. */
  orderOf({ scenario, seed, workload }: CrashGroup): CaseOrder {
    const { livesMax, invariants } = scenario
    const order = this.orderFor({
      workload,
      runId: 'run',
      seed,
      livesMax: livesMax + livesPoisoned(modelOf(workload)),
    })
    return { ...order, livesMax, ...(invariants === undefined ? {} : { invariants }) }
  }

  /** What the lives of a case depend on; `livesMax` counts those that its own poison kills. */
  orderFor({
    livesMax,
    ...what
  }: Pick<CaseOrder, 'workload' | 'runId' | 'seed' | 'livesMax'>): CaseOrder {
    const { claims, takeoverMsMax, inFlightMax } = this.system
    return {
      ...what,
      profile: this.#profile,
      system: { claims, takeoverMsMax, ...(inFlightMax === undefined ? {} : { inFlightMax }) },
      environment: baseEnvironment(this.system),
      livesMax,
      // Each gap between lives may hold an act from outside.
      livesGiven: livesMax * (1 + (what.workload.outside ?? []).length),
    }
  }

  async #control(order: CaseOrder, host = this.#host): Promise<RecordedControl> {
    return await recordControl(order, (wanted, until) =>
      runFresh(host, order, wanted, this.#name('control'), until),
    )
  }

  /** Ends and removes everything. */
  async close(): Promise<void> {
    for (const shard of this.#shards.values()) shard.end()
    this.#orphans.sweep()
    await this.#warden.stop()
    removeTree(this.#directory)
    this.#forget()
  }

  #name(what: string): string {
    this.#names += 1
    return `${what}-${this.#names}`
  }
}

/** Or threads: neither is to be had in memory. */
function startsProcesses(trace: Trace | undefined): boolean {
  return (trace?.forks ?? []).length > 0
}

/** How often its first life made something durable. */
function syncsOf({ lives: [life] }: RecordedControl): number {
  const ops = life?.trace?.ops ?? []
  return ops.filter(({ op, result }) => makesDurable(op) && result.code === undefined).length
}

function noImage(message: string): TroubleError {
  return new TroubleError({
    kind: 'unsupported',
    message,
    hint: 'let it keep sockets and pipes elsewhere, under TMPDIR: no crash state can be made of them',
  })
}

function isFaulty(faults: LifeFaults): boolean {
  return faults.length > 0
}

function logOf({ log, endsAfter }: ControlLife): ControlLog {
  return endsAfter === undefined ? { log } : { log, endsAfter }
}

/** The command under strace, where that may be and works. */
async function underStrace({
  native: _native,
  ...command
}: StartCommand): Promise<StartCommand | undefined> {
  if (command.mayTrace === undefined) return undefined
  const strace = await findStrace()
  return strace.kind === 'works' ? { ...command, hooked: true, strace: strace.file } : undefined
}

function whyNot(
  system: System,
  command: StartCommand,
  format: 'cjs' | 'esm' | undefined,
): string | undefined {
  if (isBelow(command)) return (system.services ?? []).length > 0 ? inService : undefined
  if (system.program.kind === 'executable')
    return 'neither the native hooks nor strace are below it'
  if (format === undefined) return 'its lives are no modules that can be bundled'
  if (format === 'esm') return 'its module has a top-level await'
  if (system.unseenStore === true) return 'its store is written where no door shows it'
  return (system.services ?? []).length > 0 ? inService : undefined
}

const inService = 'it keeps its state in a service'
