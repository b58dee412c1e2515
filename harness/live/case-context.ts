/**
 * One case under way: its directories, its ledger, its clock, and every process of it that was started.
 *
 *  1  Processes are numbered in order of start; each has one `life` mark and, when it and its group are dead, one `exit` mark.
 *  2  What a process told is known from the ledger alone.
 *  3  The clock that lives are told never goes back between lives unless a fault says so: it is past every time that a
 *     worker reported.
 */
import { mkdirSync } from 'node:fs'
import type { HookFault } from '../hooks/fault.ts'
import { deriveSeed } from '../seed.ts'
import type { RunningService } from '../system.ts'
import type { LiveCase, ProcessFacts } from './case.ts'
import { CaseLedger } from './case-ledger.ts'
import type { SeenMark } from './case-ledger.ts'
import { lifeEnvironment } from './environment.ts'
import type { Host } from './host.ts'
import { launch } from './launch.ts'
import type { Launch, LifeProcess, ProcessEnd } from './launch.ts'
import { StracedStart, type StracedEnd } from './straced-start.ts'
import { killGroup, signalProcess } from './process-state.ts'
import type { CaseDirectories } from './scratch.ts'
import { gated } from './strikes.ts'

/** Milliseconds since the epoch at which a case begins that does not say. */
export const clockMsDefault = 1_700_000_000_000
/** Milliseconds that pass, by the harness's clock, from the start of one life to the start of the next. */
export const betweenLivesMs = 1_000

/** What to start. */
export interface StartOrder {
  readonly verb: 'run' | 'signal' | 'cancel'
  /** Names the seed of the process among those of the case. */
  readonly seedPath: readonly (string | number)[]
  readonly takeover: 'if-dead' | 'always'
  readonly lane: 'plain' | 'counted' | 'recording'
  readonly faults: string
  /** Faults for strace, which is told them otherwise. */
  readonly strikes?: readonly HookFault[]
  /** JSON. */
  readonly signal?: string
  /** Whether it is to stand still before it begins; for executables without hooks. */
  readonly isGated?: boolean
  /** Lives that start together with this one, and count as alive to it. */
  readonly fellows?: readonly number[]
}

/** A process of the case, alive or dead. */
export interface Started extends LifeProcess {
  readonly life: number
  readonly verb: 'run' | 'signal' | 'cancel'
  readonly trace: string
  readonly told: Heard
  /** Tells what strace showed of it, when it has ended. */
  readonly straced?: StracedStart
  /** Set when it ended. */
  end?: ProcessEnd
  /** Called when it ended: ends a pause. */
  wake?: () => void
  /** Set when the harness ended it because it had no more time. */
  putDown: boolean
}

/** What a process told so far. */
export interface Heard {
  /** Marks of its own. */
  count: number
  begun: boolean
  done: boolean
  readonly faults: { readonly text: string; readonly op: number }[]
  /** It is back: it made a mark `recovered` or `ack`. */
  back: boolean
}

export class CaseContext {
  readonly host: Host
  readonly asked: LiveCase
  readonly directories: CaseDirectories
  readonly ledger: CaseLedger
  /** Services of scope `case`, and those of the campaign. */
  readonly services: ReadonlyMap<string, RunningService>
  /** Steps whose effect is in the ledger, or of which the run said what became of them: unknown, if it did not see to the effect. */
  readonly reached: Set<string> = new Set<string>()
  /** Of lives under strace: what it showed of their end. */
  readonly straced: Map<number, StracedEnd> = new Map<number, StracedEnd>()
  readonly #told = new Map<number, Heard>()
  /** Lives that run, or stand still and can go on. */
  readonly #alive = new Set<number>()
  /** Lives that died and whose pid another process has by now. */
  readonly #recycled = new Set<number>()
  #lives = 0
  #clockMs: number
  #alone: Promise<unknown> = Promise.resolve()
  readonly #begunAt = performance.now()

  constructor(
    host: Host,
    asked: LiveCase,
    directories: CaseDirectories,
    services: ReadonlyMap<string, RunningService>,
  ) {
    this.host = host
    this.asked = asked
    this.directories = directories
    this.services = services
    this.ledger = new CaseLedger(directories.ledger)
    this.#clockMs = asked.clockMs ?? clockMsDefault
  }

  /** Milliseconds of real time since the case began. */
  realMs(): number {
    return Math.round(performance.now() - this.#begunAt)
  }

  /** Lets time pass between two lives, or makes the clock jump. */
  passTime(ms: number = betweenLivesMs): void {
    this.#clockMs += ms
  }

  /** Lets other processes have the pids of all lives that died. False where none did. */
  recyclePids(): boolean {
    for (let life = 1; life <= this.#lives; life++)
      if (!this.#alive.has(life)) this.#recycled.add(life)
    return this.#recycled.size > 0
  }

  /** Runs `body` with no other case running; the processes of this one take turns. */
  alone<Result>(body: () => Promise<Result>): Promise<Result> {
    const turn = this.#alone.then(() => this.host.turnstile.alone(body))
    this.#alone = turn.catch(() => undefined)
    return turn
  }

  /** Number that the next process gets. */
  nextLife(): number {
    return this.#lives + 1
  }

  /** Starts a process. */
  async start(order: StartOrder): Promise<Started> {
    const life = (this.#lives += 1)
    const { host, directories } = this
    const trace = `${directories.trace}/${life}`
    if (order.lane !== 'plain' || host.command.native !== undefined || order.strikes !== undefined)
      mkdirSync(trace)
    const { file, arguments: args } = host.command
    const plain = {
      ...(order.isGated === true ? gated(file, args) : { file, arguments: args }),
      cwd: host.command.cwd ?? directories.root,
      ledger: this.ledger.descriptor,
      stderrBytesMax: host.options.stderrBytesMax,
      takesGroupAlong: this.asked.descendants !== 'stay',
      environment: this.#environment(order, life, trace),
    }
    const straced = await this.#straced(order, life, plain, trace)
    const child = await launch(straced?.launch ?? plain)
    host.tracker.began(child.pid)
    const { verb, takeover } = order
    const clockMs = this.#clockMs
    this.ledger.append({
      mark: 'life',
      life,
      pid: child.pid,
      verb,
      takeover,
      clockMs,
      realMs: this.realMs(),
    })
    if (verb === 'run') this.#alive.add(life)
    const told: Heard = { count: 0, begun: false, done: false, back: false, faults: [] }
    this.#told.set(life, told)
    const started: Started = {
      ...child,
      life,
      verb,
      trace,
      told,
      putDown: false,
      ...(straced === undefined ? {} : { straced }),
    }
    void child.ended.then((end) => {
      this.#alive.delete(life)
      started.end = end
      started.wake?.()
    })
    return started
  }

  /** Waits for a process's end, writes its `exit` mark, and says how it ended. */
  async finish(started: Started): Promise<ProcessFacts> {
    const { life, pid, verb } = started
    const { code, signal } = await started.ended
    const { leftGroup, stderrBytes } = await started.reaped
    this.host.tracker.ended(pid)
    this.#prove(started)
    this.observe()
    this.ledger.append({ mark: 'exit', life, code, signal, realMs: this.realMs() })
    const { putDown } = started
    const stderr = started.tail()
    return { life, pid, verb, code, signal, putDown, stderr, stderrBytes, leftGroup }
  }

  /** Under strace, where its ops are wanted or it is to be killed; with the rehearsal that this takes. */
  async #straced(
    { lane, strikes = [], verb }: StartOrder,
    life: number,
    plain: Launch,
    trace: string,
  ): Promise<StracedStart | undefined> {
    const { command, options, tracker } = this.host
    const { strace } = command
    const records = lane === 'recording'
    if (strace === undefined || verb !== 'run' || !(records || strikes.length > 0)) return undefined
    return await StracedStart.prepare({
      strace,
      life,
      launch: plain,
      directories: this.directories,
      trace,
      strikes,
      records,
      quietMs: options.quietMs,
      began: (pid) => tracker.began(pid),
      ended: (pid) => tracker.ended(pid),
    })
  }

  /** Under strace the fault's line is written when the kill is proven: the life itself is dead by then. */
  #prove({ life, straced }: Started): void {
    if (straced === undefined) return
    const end = straced.conclude()
    this.straced.set(life, end)
    const { fired } = end
    if (fired?.at.kind !== 'op') return
    this.ledger.append({ mark: 'fault', life, fault: fired.text, stream: '1', op: fired.at.n })
  }

  /** Lets a held process go on. */
  letGo(started: Started): void {
    this.ledger.append({ mark: 'continued', life: started.life })
    signalProcess(started.pid, 'SIGCONT')
  }

  /** Ends a process that had its time, with its group. */
  putDown(started: Started): void {
    started.putDown = true
    killGroup(started.pid)
  }

  /** Reads what the workers wrote since the last look. */
  observe(): void {
    for (const mark of this.ledger.follow()) this.#hear(mark)
  }

  #hear(mark: SeenMark): void {
    const told = this.#told.get(mark.life)
    if (told === undefined) return
    switch (mark.mark) {
      case 'life':
      case 'exit':
      case 'stopped':
      case 'continued':
      case 'wedged':
      case 'note':
        return
      case 'fault':
        told.faults.push({ text: String(mark['fault']), op: Number(mark['op']) })
        return
      case 'recovered':
      case 'ack':
        told.back = true
        break
      case 'done':
        told.done = true
        break
      case 'begin':
        told.begun = true
        break
      case 'effect':
      case 'observed':
        this.reached.add(String(mark['step']))
        break
      case 'timer':
        this.#clockMs = Math.max(this.#clockMs, Number(mark['at']) || 0)
        break
      default:
    }
    told.count += 1
  }

  /** One machine that never reboots (what a kill alone can show), who of the others is alive on it, and whose pid is taken. */
  #identity(life: number, fellows: readonly number[]): unknown {
    const boot = deriveSeed(this.asked.seed, 'system')
    const alive = new Set([...this.#alive, ...fellows])
    alive.delete(life)
    const recycled = [...this.#recycled]
    return {
      host: 'killpoint',
      boot,
      bootId: boot,
      alive: [...alive].sort((a, b) => a - b),
      ...(recycled.length === 0 ? {} : { recycled }),
    }
  }

  #environment(order: StartOrder, life: number, trace: string): Record<string, string> {
    const { asked, directories, host } = this
    const services = [...this.services.values()].map(({ environment }) => environment)
    return lifeEnvironment(
      Object.assign({ TMPDIR: directories.temporary }, host.environment, ...services),
      {
        verb: order.verb,
        runId: asked.runId,
        seed: deriveSeed(asked.seed, 'system', ...order.seedPath),
        workload: directories.workload,
        ledger: directories.ledger,
        directory: directories.state,
        clockMs: this.#clockMs,
        takeover: order.takeover,
        life,
        ...(order.signal === undefined ? {} : { signal: order.signal }),
        identity: JSON.stringify(this.#identity(life, order.fellows ?? [])),
        lane: order.lane,
        order: asked.order ?? 'serial',
        faults: order.faults,
        ...(host.command.native === undefined
          ? {}
          : { native: { library: host.command.native, directory: trace } }),
        ...(order.lane === 'plain' ? {} : { traceDirectory: trace }),
        stream: '1',
      },
      `${host.campaign}/${asked.id}`,
    )
  }
}
