/**
 * One shard of an exploration: every crash state of a recorded life, recovered, continued to its end and judged.
 *
 *  X1  Recovery is run once per image and standing; the checkers see every distinct pair of image and ledger prefix.
 *  X2  A state belongs to the shard that its image's hash deals it to, and a storage error to the one that its number does: the
 *      shards together see each exactly once, whatever their number, and what they report adds up to the same.
 *  X3  Of each kind of finding the simplest few are kept; the rest is counted.
 *
 * It is a generator that asks for lives and is given what came of them: it knows nothing of how they are run.
 */
import { check } from '../checkers/check.ts'
import type { DirectoryImage } from '../directory-image.ts'
import { DiskModel, type CrashPoint } from '../disk-model/model.ts'
import { killStates, powerLossStates, type CrashState } from '../disk-model/states.ts'
import { stringifyFault } from '../fault-text.ts'
import { position, type Fault, type LifeFaults } from '../fault.ts'
import { historyOfMarks, type History } from '../history.ts'
import type { Mark } from '../mark.ts'
import type { Trace } from '../trace.ts'
import type { Asks, LifeGiven } from './asks.ts'
import { Findings } from './findings.ts'
import { noCounts, type ShardCounts, type ShardOrder, type ShardReport } from './job.ts'
import {
  firstStem,
  isLast,
  linesOf,
  stemAfterCrash,
  stemAfterEnd,
  standingAfter,
  type LivedLife,
  type Standing,
  type Stem,
} from './lives.ts'
import { storageErrorsOf } from './storage-errors.ts'

/** Recoveries that are remembered. */
const memoMax = 2_048

/** Explores; asks for lives as it goes. */
export function* exploreShard(
  asked: ShardOrder,
  trace: Trace,
  control: History,
): Asks<ShardReport> {
  const shard = new Shard(asked, control)
  const first = asked.lyingSync === undefined ? trace : yield* shard.lie(asked.lyingSync)
  if (first !== undefined) {
    const inside = asked.lyingSync === undefined ? [] : [lieAt(asked.lyingSync)]
    yield* shard.crash({ stem: firstStem, trace: first, initial: new Map(), inside, depth: 1 })
  }
  if (asked.harms.includes('error')) yield* shard.fail(trace)
  return shard.report(trace.ops.length)
}

/** A life to be crashed. */
interface Victim {
  readonly stem: Stem
  readonly trace: Trace
  readonly initial: DirectoryImage
  /** Faults that it was given besides. */
  readonly inside: LifeFaults
  /** 1: the first crash. */
  readonly depth: number
  /** Only its last point is crashed. */
  readonly isEndOnly?: boolean
}

/** A life with what it takes to crash it. */
interface Opened extends Victim {
  readonly model: DiskModel
  readonly marks: readonly Mark[]
}

type Counts = { -readonly [Name in keyof ShardCounts]: number }

class Shard {
  readonly #asked: ShardOrder
  readonly #control: History
  readonly #counts: Counts = { ...noCounts }
  readonly #images = new Set<string>()
  readonly #memo = new Map<string, Recovery>()
  readonly #findings = new Findings()
  #points = 0
  #unsupported: string | undefined

  constructor(asked: ShardOrder, control: History) {
    this.#asked = asked
    this.#control = control
  }

  report(ops: number): ShardReport {
    return {
      ops,
      points: this.#points,
      counts: { ...this.#counts, images: this.#images.size },
      findings: this.#findings.list(),
      ...(this.#unsupported === undefined ? {} : { unsupported: this.#unsupported }),
    }
  }

  /** Crashes a life at every point, in every state. */
  *crash(victim: Victim): Asks<void> {
    const { order, harms, bounds } = this.#asked
    const model = new DiskModel(victim.trace, victim.initial, order.profile, order.seed)
    const opened: Opened = { ...victim, model, marks: model.marks.map(parseMark) }
    const judged = new Set<string>()
    let marks = -1
    for (const point of pointsOf(opened)) {
      if (victim.depth === 1 && victim.isEndOnly !== true) this.#points += 1
      // Images judged with the ledger of now.
      if (point.marks !== marks) judged.clear()
      marks = point.marks
      for (const harm of harms) {
        if (harm === 'error') continue
        if (harm === 'kill' && victim.isEndOnly === true) continue
        const found =
          harm === 'kill' ? killStates(model, point, bounds) : powerLossStates(model, point, bounds)
        if (this.#countsExisting(victim)) this.#counts.exists += found.exists
        for (const state of found.states) yield* this.#visit(opened, state, judged)
      }
      if (this.#unsupported !== undefined) return
    }
  }

  /** Lets every storage error hit the first life, and the power go at its end. */
  *fail(trace: Trace): Asks<void> {
    const { shard, shards } = this.#asked
    for (const [number, fault] of storageErrorsOf(trace).entries()) {
      if (number % shards !== shard || this.#unsupported !== undefined) continue
      this.#counts.errors += 1
      const inside = [fault]
      const given = yield* this.#live(firstStem.standing, new Map(), inside, true)
      if (!hasFired(given.marks, fault)) {
        this.#counts.unfired += 1
        continue
      }
      const lived: LivedLife = { ...firstStem.standing, ...given }
      const stem = stemAfterEnd(firstStem, lived, inside)
      const rest = isLast(lived) ? { lives: [] } : yield* this.#recover(given.image, stem.standing)
      this.#judge(stem, rest.lives, undefined)
      if (given.trace === undefined) continue
      const victim = { stem: firstStem, trace: given.trace, initial: new Map(), inside, depth: 1 }
      yield* this.crash({ ...victim, isEndOnly: true })
    }
  }

  /** The trace of a first life one of whose syncs lies; `undefined` where it does not come to it. */
  *lie(op: number): Asks<Trace | undefined> {
    const given = yield* this.#live(firstStem.standing, new Map(), [lieAt(op)], true)
    return given.trace
  }

  *#visit(victim: Opened, state: CrashState, judged: Set<string>): Asks<void> {
    const { hash } = state.image
    if (victim.depth === 1 && victim.isEndOnly !== true) {
      const { shard, shards } = this.#asked
      if (numberIn(hash, 0) % shards !== shard) return
    }
    this.#counts.built += 1
    const reboots = state.fault.kind === 'kill' ? 0 : 1
    const key = `${hash} ${reboots}`
    if (judged.has(key)) return
    judged.add(key)
    this.#images.add(hash)
    const marks = victim.marks.slice(0, state.point.marks)
    const stem = stemAfterCrash(victim.stem, marks, state.fault, victim.inside)
    const isNested =
      victim.depth < this.#asked.depth && numberIn(hash, 8) % this.#asked.nestedEvery === 0
    const recovery = yield* this.#recover(state.image.entries, stem.standing, hash, isNested)
    if (this.#unsupported !== undefined) return
    if (victim.depth > 1) this.#counts.nested += 1
    this.#judge(stem, recovery.lives, { victim, state })
    const { trace } = recovery
    if (!isNested || trace === undefined) return
    recovery.trace = undefined
    yield* this.crash({
      stem,
      trace,
      initial: state.image.entries,
      inside: [],
      depth: victim.depth + 1,
    })
  }

  *#recover(
    image: DirectoryImage,
    standing: Standing,
    hash?: string,
    records = false,
  ): Asks<Recovery> {
    const { life, clockMs, reboots } = standing
    const key = `${hash} ${life} ${clockMs} ${reboots}`
    const known = hash === undefined ? undefined : this.#memo.get(key)
    if (known !== undefined) return known
    const lives: LivedLife[] = []
    let trace: Trace | undefined
    this.#counts.recoveries += 1
    let next = standing
    let left = image
    for (let count = 0; count < this.#asked.order.livesMax; count += 1) {
      const given = yield* this.#live(next, left, [], records && count === 0)
      trace ??= given.trace
      const lived: LivedLife = { ...next, ...given }
      lives.push(lived)
      if (isLast(lived) || this.#unsupported !== undefined) break
      left = given.image
      next = standingAfter(next, given.marks)
    }
    const recovery: Recovery = { lives: lives.map(bare), trace }
    if (hash === undefined) return recovery
    if (this.#memo.size >= memoMax) this.#memo.delete(this.#memo.keys().next().value ?? '')
    this.#memo.set(key, recovery)
    return recovery
  }

  *#live(
    standing: Standing,
    image: DirectoryImage,
    faults: LifeFaults,
    records: boolean,
  ): Asks<LifeGiven> {
    const given = yield { standing, image, faults, records }
    this.#counts.lives += 1
    if (given.unsupported !== undefined) this.#unsupported = given.unsupported
    return given
  }

  #judge(
    stem: Stem,
    lives: readonly LivedLife[],
    crashed: { readonly victim: Opened; readonly state: CrashState } | undefined,
  ): void {
    this.#counts.checked += 1
    const { order, lyingSync } = this.#asked
    const history = historyOfMarks([...stem.lines, ...lives.flatMap(linesOf)])
    const judgement = check(
      {
        history,
        workload: order.workload,
        system: order.system,
        schedule: stem.schedule,
        livesMax: order.livesMax,
        control: this.#control,
        ...(lyingSync === undefined ? {} : { isAudit: true }),
      },
      order.invariants,
    )
    if (judgement.verdict === 'HOLDS' || judgement.verdict === 'REFUSED') return
    this.#findings.add(stem, judgement, history, crashed)
  }

  /** Points of the first life are the same for all shards: the first of them counts what exists there. */
  #countsExisting({ depth, isEndOnly }: Victim): boolean {
    return this.#asked.shard === 0 || depth > 1 || isEndOnly === true
  }
}

interface Recovery {
  readonly lives: readonly LivedLife[]
  /** Of its first life, until it was explored. */
  trace?: Trace | undefined
}

function* pointsOf({ model, isEndOnly, inside }: Opened): Generator<CrashPoint> {
  if (isEndOnly !== true) {
    yield* model.points()
    return
  }
  const last = model.units.ops.at(-1)?.n
  const struck = inside.some((fault) => 'at' in fault) ? last : undefined
  if (struck === undefined) return
  const point = model.pointAt(position(struck, 'after'))
  if (point !== undefined) yield point
}

function hasFired(marks: readonly Mark[], fault: Fault): boolean {
  const text = stringifyFault(fault)
  return marks.some((mark) => mark.mark === 'fault' && mark.fault === text)
}

function lieAt(op: number): Fault {
  return { kind: 'lying-sync', at: position(op), sticky: false }
}

function bare({ life, clockMs, reboots, marks, code, signal }: LivedLife): LivedLife {
  return { life, clockMs, reboots, marks, code, signal }
}

function parseMark(line: string): Mark {
  return JSON.parse(line) as Mark
}

function numberIn(hash: string, from: number): number {
  return Number.parseInt(hash.slice(from, from + 8), 16)
}
