/**
 * The disk of one life: what is durable at every crash point, and what is not.
 *
 *  M1  A crash point is a moment between two entries of the op log. What was called before it happened or is under way;
 *      what was settled before it has surely happened as far as the process is concerned.
 *  M2  A unit is *pending* at a point while no completed sync covers it. A sync covers a unit that was settled before the sync
 *      was called, of the same file or directory; it is completed when its own caller knew. An op that nobody was told of
 *      is therefore never taken for more than it was: a sync never adds states.
 *      A synced write covers itself, and what changed its file's length or (where the profile says so) names before it: the kernel writes the
 *      range that was written, and the metadata that reading it needs, not what others wrote into the file. Its caller knows right behind
 *      the place at which it was done: a crash after the op, before the program goes on, can still take it.
 *  M3  An image is a pure function of the point and the choice made for each pending unit; its hash is that of its content.
 */
import type { DirectoryImage } from '../directory-image.ts'
import type { Position } from '../fault.ts'
import { isSyncedWrite } from '../op.ts'
import type { Trace } from '../trace.ts'
import { ImageBuilder, type CrashImage } from './image.ts'
import type { Chosen } from './part.ts'
import { profiles, type Profile, type ProfileName } from './profile.ts'
import {
  knownAt,
  placeOf,
  unitsOf,
  type LosableUnit,
  type NodeId,
  type PastLife,
  type Unit,
  type Units,
} from './units.ts'

/** A moment at which a life can be cut off. */
export interface CrashPoint {
  readonly position: Position
  /** Place in the op log: everything called before it was called. */
  readonly at: number
  /** Marks that are in the ledger then: the first so many of the life's. */
  readonly marks: number
}

/** The disk before a life. */
export interface DiskBefore {
  /** What was durable when the machine last came up. */
  readonly initial: DirectoryImage
  /** Lives since then: what they did not sync, a power loss can still take. */
  readonly past?: readonly PastLife[]
}

/** What a crash at a point can take. */
export interface PointState {
  readonly point: CrashPoint
  /** Power loss: units that no completed sync covers, in order. */
  readonly pending: readonly LosableUnit[]
  /** Process crash: units that were called and are not settled, in order. */
  readonly underWay: readonly LosableUnit[]
}

/** The disk of one recorded life. */
export class DiskModel {
  readonly profile: Profile
  readonly trace: Trace
  readonly units: Units
  /** Lines that the life, its children and its hooks wrote to the ledger, in order. */
  readonly marks: readonly string[]
  /** Numbers of the ops that wrote them; of a fault's line, that of the op which it hit; none of a child's. */
  readonly markOps: readonly (number | undefined)[]
  readonly #markAt: readonly number[]
  readonly #images: ImageBuilder
  /** By unit: the place from which on a completed sync covers it. */
  readonly #coveredAt: readonly number[]
  /** The life's own. */
  readonly #unitByOp = new Map<number, Unit>()
  #open: Open = nothingOpen

  /** `initial` is what was durable before the lives of `past`; `seed` draws the garbage that a torn page is filled with. */
  constructor(
    trace: Trace,
    { initial, past = [] }: DiskBefore,
    profile: ProfileName,
    seed: string,
  ) {
    this.profile = profiles[profile]
    this.trace = trace
    this.units = unitsOf(trace, initial, past)
    const marks = linesOf(trace, this.units.units)
    this.marks = marks.map(({ line }) => line)
    this.markOps = marks.map(({ op }) => op)
    this.#markAt = marks.map(({ at }) => at)
    this.#coveredAt = coverage(this.units.units, this.profile)
    this.#images = new ImageBuilder(this.units, seed)
    for (const unit of this.units.units) {
      const { stream, n } = unit.traced
      if (stream === trace.stream && !this.#unitByOp.has(n)) this.#unitByOp.set(n, unit)
    }
  }

  /** Number of ops of the life. */
  get length(): number {
    return this.units.ops.length
  }

  /**
   * Every crash point: before each op, and after the last; where a child process told something between two ops, also before that, and
   * after a synced write, before its caller knows.
   */
  *points(): Generator<CrashPoint> {
    const told = new Set(this.trace.childMarks?.map(({ op }) => op))
    for (const { n, op } of this.units.ops) if (isSyncedWrite(op)) told.add(n)
    for (const { n } of this.units.ops) {
      const { stream } = this.trace
      const early = told.has(n - 1)
        ? this.pointAt({ stream, op: n - 1, phase: { kind: 'after' } })
        : undefined
      if (early !== undefined) yield early
      const point = this.pointAt({ stream, op: n, phase: { kind: 'before' } })
      if (point !== undefined) yield point
    }
    const last = this.units.ops.at(-1)
    if (last === undefined) return
    const end = this.pointAt({ stream: this.trace.stream, op: last.n, phase: { kind: 'after' } })
    if (end !== undefined) yield end
  }

  /** The point of a position; `undefined` where the life has no such op. A position inside an op counts as before it. */
  pointAt(position: Position): CrashPoint | undefined {
    if (position.stream !== this.trace.stream) return undefined
    const traced = this.units.ops[position.op - 1]
    if (traced?.n !== position.op) return undefined
    const at = placeOf(position.phase, traced.called.position, traced.done?.position)
    let marks = 0
    while (marks < this.#markAt.length && (this.#markAt[marks] ?? Infinity) < at) marks += 1
    return { position, at, marks }
  }

  /** What a crash at the point can take. */
  stateAt(point: CrashPoint): PointState {
    const { at } = point
    const pending: LosableUnit[] = []
    const underWay: LosableUnit[] = []
    for (const unit of this.#openAt(at)) {
      if ((this.#coveredAt[unit.index] ?? Infinity) >= at) pending.push(unit)
      if (unit.settled >= at) underWay.push(unit)
    }
    return { point, pending, underWay }
  }

  /** The unit of an op of the life. */
  unitOf({ stream, op }: Position): Unit | undefined {
    return stream === this.trace.stream ? this.#unitByOp.get(op) : undefined
  }

  /** Units called before `at` that a crash can take there. Points are asked in their order: what is over stays over. */
  #openAt(at: number): readonly LosableUnit[] {
    const { units } = this.units
    const before = at >= this.#open.at ? this.#open : nothingOpen
    let { next } = before
    const open = [...before.units]
    for (let unit = units[next]; unit !== undefined && unit.called < at; unit = units[next]) {
      if (isLosable(unit)) open.push(unit)
      next += 1
    }
    const left = open.filter(
      ({ index, settled }) => (this.#coveredAt[index] ?? Infinity) >= at || settled >= at,
    )
    this.#open = { at, next, units: left }
    return left
  }

  /** The image at a point, with each of `units` as it was chosen and everything else there (M3). */
  imageAt(
    point: CrashPoint,
    units: readonly LosableUnit[],
    choices: readonly Chosen[],
  ): CrashImage {
    return this.#images.build(point.at, units, choices)
  }
}

/** Units that a crash can take at a place of the log, and the first unit behind it. */
interface Open {
  readonly at: number
  readonly next: number
  readonly units: readonly LosableUnit[]
}

const nothingOpen: Open = { at: -Infinity, next: 0, units: [] }

interface Line {
  readonly line: string
  /** Of the life; a child's lines have none. */
  readonly op: number | undefined
  /** Place in the log from which on it is in the ledger. */
  readonly at: number
}

/** What the life and its children told, and the lines with which its hooks proved their faults. */
function linesOf(
  { stream, life, fired, childMarks = [] }: Trace,
  units: readonly Unit[],
): readonly Line[] {
  const told = units.flatMap((unit): readonly Line[] =>
    unit.kind === 'mark' && unit.traced.stream === stream
      ? [{ line: unit.line, op: unit.traced.n, at: unit.settled }]
      : [],
  )
  const proven = fired.map(({ fault, n, position: at }): Line => {
    const mark = { mark: 'fault', life, fault, stream, op: n }
    return { line: JSON.stringify(mark), op: n, at }
  })
  const others = childMarks.map(({ line, at }): Line => ({ line, op: undefined, at }))
  return [...told, ...proven, ...others].sort((left, right) => left.at - right.at)
}

/** True for units that a crash can take. */
export function isLosable(unit: Unit): unit is LosableUnit {
  return unit.kind === 'write' || unit.kind === 'truncate' || unit.kind === 'entry'
}

/** By unit: from which place on a crash cannot take it any more. */
function coverage(units: readonly Unit[], profile: Profile): readonly number[] {
  const covered: number[] = units.map(() => Infinity)
  const open = new Set<LosableUnit>()
  for (const unit of units) {
    if (isLosable(unit)) open.add(unit)
    const sync = syncOf(unit)
    if (sync === undefined) continue
    for (const each of open) {
      if ((each !== unit && each.settled >= unit.called) || !isReached(each, sync, profile))
        continue
      if (sync.dropped) {
        // Its pages are clean now, whatever the disk holds: no later sync writes them.
        if (each.kind !== 'entry') open.delete(each)
        continue
      }
      covered[each.index] = Math.min(covered[each.index] ?? Infinity, sync.at)
      // A sync that nobody was told of may be followed by one that is completed.
      if (sync.at !== Infinity) open.delete(each)
    }
  }
  return covered
}

/** What a unit makes durable, and when. */
interface Sync {
  /** The file or directory. */
  readonly node: NodeId
  /** Only these bytes of the file, and its length. */
  readonly only?: Unit
  readonly dropped: boolean
  readonly at: number
}

function syncOf(unit: Unit): Sync | undefined {
  if (unit.kind === 'sync') return { node: unit.node, dropped: unit.dropped, at: unit.settled }
  if (unit.kind !== 'write' || !unit.synced) return undefined
  return { node: unit.file, only: unit, dropped: false, at: knownAt(unit) }
}

function isReached(unit: LosableUnit, { node, only }: Sync, profile: Profile): boolean {
  if (unit.kind === 'entry') return unit.directory === node || profile.syncCoversEntries
  return unit.file === node && (only === undefined || unit === only || unit.kind === 'truncate')
}
