/**
 * Cases that no live process can show (what a power loss takes, what a kill takes of ops under way, and under strace a write that a kill
 * tears), carried out by lives in processes of their own between which the disk is changed: asked and answered like cases of the live engine, so that replay,
 * shrinking and the corpus need not know which of the two it was.
 */
import type { Fault, Schedule } from '../fault.ts'
import { isProfileName, type ProfileName } from '../disk-model/profile.ts'
import { readLedger } from '../ledger.ts'
import type { ActFacts, CaseRun, LifeFacts, LiveCase, ProcessFacts } from '../live/case.ts'
import type { LiveOptions } from '../live/options.ts'
import type { System } from '../system.ts'
import type { Trace, TracedOp } from '../trace.ts'
import { createSiteResolver, type Site, type SiteResolver } from '../trace-sites.ts'
import { CrashBench } from './crash-bench.ts'
import { hasFired, type NoCase, type ReplayedCase, type ReplayedLife } from './replay-case.ts'

/** True for a schedule that takes the disk model to carry out. */
export function needsDiskModel(schedule: Schedule): boolean {
  return schedule.flat().some(isOffline)
}

function isOffline(fault: Fault): boolean {
  return fault.kind === 'power-loss' || (fault.kind === 'kill' && fault.lost.length > 0)
}

/**
 * True for a case of kills that a live process did not die of where strace was to kill it inside a write: it kills before a call, and
 * what a torn write leaves can be had on the disk model alone.
 */
export function isTornUnderStrace({ case: { schedule }, ending, traced }: CaseRun): boolean {
  const faults = schedule.flat()
  return (
    traced !== undefined &&
    ending.kind === 'not-fired' &&
    faults.every(({ kind }) => kind === 'kill') &&
    faults.some((fault) => fault.kind === 'kill' && fault.at.phase.kind === 'inside')
  )
}

/** Carries out such cases for one system. */
export class OfflineEngine {
  readonly #system: System
  readonly #options: LiveOptions
  readonly #profile: ProfileName
  readonly #resolveSite: SiteResolver = createSiteResolver()
  #bench: Promise<CrashBench> | undefined

  constructor(system: System, options: LiveOptions, profile: string | undefined) {
    this.#system = system
    this.#options = options
    this.#profile = profile !== undefined && isProfileName(profile) ? profile : 'posix'
  }

  /** Runs one case. @throws TroubleError where the system cannot be started at all */
  async runCase(asked: LiveCase): Promise<CaseRun> {
    const { scratch, transform, quietMs } = this.#options
    this.#bench ??= CrashBench.open(this.#system, {
      profile: this.#profile,
      ...(scratch === undefined ? {} : { scratch }),
      ...(quietMs === undefined ? {} : { quietMs }),
      ...(transform === undefined ? {} : { transform }),
    })
    const bench = await this.#bench
    const order = bench.orderFor({
      workload: asked.workload,
      runId: asked.runId,
      seed: asked.seed,
      livesMax: asked.livesMax ?? livesDefault,
    })
    const records = asked.lane === 'recording'
    const replayed = await bench.replay(order, asked.schedule, records)
    return 'why' in replayed
      ? notFired(asked, replayed)
      : caseRun(asked, replayed, this.#resolveSite)
  }

  /** Removes everything. */
  async close(): Promise<void> {
    const bench = await this.#bench?.catch(() => undefined)
    await bench?.close()
  }
}

const livesDefault = 3

const nothing = { ledger: new Uint8Array(), entries: [], lives: [], acts: [], orphans: [] }

function notFired(asked: LiveCase, { life, fault, why }: NoCase): CaseRun {
  return { ...nothing, case: asked, ending: { kind: 'not-fired', life, faults: [fault], why } }
}

function caseRun(
  asked: LiveCase,
  { lines, lives, isOver, hang }: ReplayedCase,
  resolveSite: SiteResolver,
): CaseRun {
  const ledger = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const traces = new Map<number, readonly Trace[]>()
  for (const { life, trace } of lives) if (trace !== undefined) traces.set(life, [trace])
  return {
    case: asked,
    ending: endingOf(isOver, hang),
    ledger,
    entries: readLedger(ledger).entries,
    lives: lives.filter(({ verb }) => verb === 'run').map(factsOf),
    acts: lives.flatMap(actFactsOf),
    orphans: [],
    ...(asked.lane === 'recording' ? { traces } : {}),
    ...(asked.images === true
      ? { images: new Map(lives.map(({ life, image }) => [life, image])) }
      : {}),
    missing: new Map(lives.map(({ life, missing }) => [life, missing.map(atSource)])),
  }

  // Now, while there is a map: whoever tells of the case may do so when the bundle is gone.
  function atSource(traced: TracedOp): TracedOp {
    return { ...traced, frames: traced.frames.map((frame) => siteText(resolveSite(frame))) }
  }
}

function endingOf(isOver: boolean, hang: ReplayedCase['hang']): CaseRun['ending'] {
  if (hang !== undefined) return { kind: 'wedged', life: hang.life, quietMs: hang.quietMs }
  return { kind: isOver ? 'done' : 'unfinished' }
}

function siteText({ file, line, column }: Site): string {
  return `${file}:${line}:${column}`
}

function actFactsOf(replayed: ReplayedLife): readonly ActFacts[] {
  const { verb, act } = replayed
  return verb === 'run' ? [] : [{ ...processFactsOf(replayed), verb, act }]
}

function processFactsOf({
  life,
  code,
  signal,
  stderr = '',
}: ReplayedLife): Omit<ProcessFacts, 'verb'> {
  return {
    life,
    pid: life,
    code,
    signal: signal as NodeJS.Signals | null,
    putDown: false,
    stderr,
    stderrBytes: Buffer.byteLength(stderr),
    leftGroup: false,
  }
}

function factsOf(replayed: ReplayedLife): LifeFacts {
  const { life, faults, marks } = replayed
  return {
    ...processFactsOf(replayed),
    slot: life,
    verb: 'run',
    takeover: 'if-dead',
    fired: faults,
    unfired: faults.filter((fault) => 'at' in fault && !hasFired(marks, fault) && !endsIt(fault)),
    marked: marks.length > 0,
    done: marks.some(({ mark }) => mark === 'done'),
  }
}

function endsIt(fault: Fault): boolean {
  return fault.kind === 'kill' || fault.kind === 'power-loss'
}
