/** Shrinks a failure of a campaign with real processes. */
import fc from 'fast-check'
import { nameOps, placementsInFirstLife, placeSchedule, slotsOf } from '../corpus/place.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { Schedule } from '../fault.ts'
import { modelOf } from '../model.ts'
import { fastCheckSeed } from '../seed.ts'
import {
  shrink,
  type Candidate,
  type PathedWorkload,
  type ShrinkDoor,
  type Shrunk,
} from '../shrink/shrink.ts'
import { workloadOfSeed, type Group, type Origin } from './group.ts'
import { failureOf } from './identity.ts'
import type { CaseReport } from './trial.ts'
import type { Workbench } from './workbench.ts'

export interface ShrinkOrder {
  readonly jobs: number
  /** True when no further case is to be started. */
  readonly isOver: () => boolean
  /** Told of every smaller case, whether it fails, and how many there were. */
  readonly onTried?: (tried: number, fails: boolean, extent: Extent) => void
}

/** A failure made smaller. */
export interface ShrunkFailure {
  /** The smallest case that fails in the same way; the one that was given where there is none. */
  readonly report: CaseReport
  readonly cases: number
  readonly isSmallest: boolean
  readonly before: Extent
  readonly after: Extent
}

/** How big a case is. */
export interface Extent {
  readonly faults: number
  readonly steps: number
}

/** fast-check's path to the workload that a seed draws. */
const rootPath = '0'

/** Workloads that are tried below one: fast-check offers the boldest first. */
const childrenMax = 128

/** Places in which the faults are tried in one workload. */
const placesMax = 4

/** Shrinks a failure: the verdict, the invariant and the guilty kind of step stay the same. */
export async function shrinkFailure(
  bench: Workbench,
  report: CaseReport,
  order: ShrinkOrder,
): Promise<ShrunkFailure> {
  const { group } = report
  const start: Candidate = {
    path: group.path ?? rootPath,
    workload: group.workload,
    schedule: scheduleOf(report),
  }
  const door = new LiveDoor(bench, report, order)
  const shrunk: Shrunk<CaseReport> = await shrink(start, door)
  const smallest = shrunk.proof ?? report
  return {
    report: smallest,
    cases: shrunk.cases,
    isSmallest: shrunk.isSmallest,
    before: extentOf(start),
    after: extentOf(shrunk.candidate),
  }
}

function extentOf({ schedule, workload }: Candidate): Extent {
  return { faults: schedule.flat().length, steps: modelOf(workload).units.size }
}

function scheduleOf({ run, asked }: CaseReport): Schedule {
  return run.landed?.schedule ?? asked.schedule
}

class LiveDoor implements ShrinkDoor<CaseReport> {
  readonly jobs: number
  readonly isOver: () => boolean
  readonly #bench: Workbench
  readonly #origin: Origin
  readonly #failure: string
  /** Groups by path, so that each workload has one control. */
  readonly #groups = new Map<string, Group>()
  readonly #root: Group
  readonly #onTried: ShrinkOrder['onTried']
  #tried = 0
  /** False for a saved workload that the seed does not draw any more: fast-check cannot shrink it. */
  readonly #isDrawn: boolean

  constructor(bench: Workbench, { group, origin, ...rest }: CaseReport, order: ShrinkOrder) {
    this.#bench = bench
    this.#origin = origin
    this.#root = group
    this.#failure = failureOf({ group, origin, ...rest })
    this.jobs = order.jobs
    this.#onTried = order.onTried
    this.isOver = order.isOver
    this.#groups.set(group.path ?? rootPath, group)
    const drawn = workloadOfSeed(group.scenario, group.system, group.seed, group.path)
    this.#isDrawn = JSON.stringify(drawn) === JSON.stringify(group.workload)
  }

  readonly fails = async (candidate: Candidate): Promise<CaseReport | undefined> => {
    const found = await this.#try(candidate)
    this.#tried += 1
    this.#onTried?.(this.#tried, found !== undefined, extentOf(candidate))
    return found
  }

  async #try(candidate: Candidate): Promise<CaseReport | undefined> {
    const group = this.#group(candidate)
    const { schedule } = candidate
    const { control } = await this.#bench.control(group)
    // A workload that fails without a fault proves nothing about one.
    if (control === undefined && schedule.length > 0) return undefined
    const tried = await this.#bench.run(group, { schedule }, this.#origin)
    if (tried.kind === 'not-fired' || failureOf(tried.report) !== this.#failure) return undefined
    return tried.report
  }

  readonly children = (path: string): Iterable<PathedWorkload> => {
    if (!this.#isDrawn) return []
    const { scenario, seed } = this.#root
    const workloads = fc.sample(scenario.workload, {
      seed: fastCheckSeed(seed),
      path: `${path}:0`,
      numRuns: childrenMax,
    })
    return workloads.map((workload, index) => ({ path: `${path}:${index}`, workload }))
  }

  readonly place = async (child: PathedWorkload, from: Candidate): Promise<readonly Schedule[]> => {
    const { schedule } = from
    if (slotsOf(schedule).length === 0) return [schedule]
    const group = this.#group(child)
    const { control } = await this.#bench.control(group)
    if (control === undefined) return []
    const named = await nameOps(schedule, await this.#bench.opsOfSlot(this.#group(from)), rawSite)
    const ops = await this.#bench.opsOfSlot(group)
    const first = placementsInFirstLife(named, (await ops([], 1)) ?? [], rawSite)
    const places = slotsOf(schedule).some((slot) => slot > 1)
      ? [...placed(await placeSchedule(named, ops, rawSite)), ...first]
      : first
    return unique(places).slice(0, placesMax)
  }

  #group({ path, workload }: PathedWorkload): Group {
    const known = this.#groups.get(path)
    if (known !== undefined) return known
    const group: Group = { ...this.#root, path, workload }
    this.#groups.set(path, group)
    return group
  }
}

/** All candidates run the same code: where it stands needs no translation. */
function rawSite(frames: readonly string[]): string | undefined {
  return frames.length === 0 ? undefined : frames.join(' < ')
}

function placed(result: Awaited<ReturnType<typeof placeSchedule>>): readonly Schedule[] {
  return result.kind === 'placed' ? [result.schedule] : []
}

function unique(schedules: readonly Schedule[]): readonly Schedule[] {
  return [...new Map(schedules.map((each) => [stringifySchedule(each), each])).values()]
}
