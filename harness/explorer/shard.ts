/**
 * One shard of an exploration: every crash state of a recorded life, recovered, continued to its end and judged.
 *
 *  X1  Recovery is run once per image, boot and clock; the checkers see every distinct pair of image and ledger prefix.
 *  X2  A state belongs to the shard that its image's hash deals it to: the shards together see each exactly once, whatever
 *      their number, and what they report adds up to the same.
 *  X3  Of each kind of finding the first few are kept, by op; the rest is counted.
 */
import { check } from '../checkers/check.ts'
import { DiskModel, type CrashPoint } from '../disk-model/model.ts'
import { killStates, powerLossStates, type CrashState } from '../disk-model/states.ts'
import type { DirectoryImage } from '../directory-image.ts'
import { stringifyFault } from '../fault-text.ts'
import { historyOfMarks, type History } from '../history.ts'
import type { Mark } from '../mark.ts'
import type { Trace } from '../trace.ts'
import type { ShardFinding, ShardOrder, ShardReport } from './job.ts'
import { cutOff, firstClockMs, isLast, linesOf, nextClockMs, type LivedLife } from './lives.ts'

/** A life that the shard wants to be run. */
export interface LifeWanted {
  readonly image: DirectoryImage
  readonly life: number
  readonly clockMs: number
  readonly reboots: number
}

/** What came of it. */
export interface LifeGiven {
  readonly marks: readonly Mark[]
  readonly code: number | null
  readonly signal: string | null
  readonly image: DirectoryImage
  readonly unsupported?: string
}

/** Findings of one fingerprint that are kept. */
const keptMax = 3
/** Recoveries that are remembered. */
const memoMax = 4_096

type Explored = Generator<LifeWanted, ShardReport, LifeGiven>

/** Explores; asks for lives as it goes. */
export function* exploreShard(
  asked: ShardOrder,
  trace: Trace,
  control: History,
  initial: DirectoryImage = new Map(),
): Explored {
  const { order, bounds, crashes } = asked
  const model = new DiskModel(trace, initial, order.profile, order.seed)
  const shard = new Shard(asked, model, control)
  for (const point of model.points()) {
    shard.enter(point)
    for (const crash of crashes) {
      const { exists, states } =
        crash === 'kill' ? killStates(model, point, bounds) : powerLossStates(model, point, bounds)
      shard.exists += exists
      for (const state of states) yield* shard.visit(state)
    }
    if (shard.unsupported !== undefined) break
  }
  return shard.report()
}

class Shard {
  readonly #asked: ShardOrder
  readonly #model: DiskModel
  readonly #control: History
  readonly #prefix: readonly Mark[]
  readonly #images = new Set<string>()
  /** Images judged with the ledger of now. */
  readonly #judged = new Set<string>()
  readonly #memo = new Map<string, readonly LivedLife[]>()
  readonly #findings = new Map<string, ShardFinding[]>()
  readonly #counts = new Map<string, number>()
  #marks = -1
  #points = 0
  #built = 0
  #checked = 0
  #recoveries = 0
  #lives = 0
  exists = 0
  unsupported: string | undefined

  constructor(asked: ShardOrder, model: DiskModel, control: History) {
    this.#asked = asked
    this.#model = model
    this.#control = control
    this.#prefix = model.marks.map((line) => JSON.parse(line) as Mark)
  }

  enter(point: CrashPoint): void {
    this.#points += 1
    if (point.marks === this.#marks) return
    this.#marks = point.marks
    this.#judged.clear()
  }

  *visit(state: CrashState): Generator<LifeWanted, void, LifeGiven> {
    this.#built += 1
    const { hash } = state.image
    if (Number.parseInt(hash.slice(0, 8), 16) % this.#asked.shards !== this.#asked.shard) return
    const reboots = state.fault.kind === 'kill' ? 0 : 1
    const key = `${hash} ${reboots}`
    if (this.#judged.has(key)) return
    this.#judged.add(key)
    this.#images.add(hash)
    const marks = this.#prefix.slice(0, state.point.marks)
    const lives = yield* this.#recover(state, marks, reboots)
    if (this.unsupported === undefined) this.#judge(state, marks, lives)
  }

  report(): ShardReport {
    const findings = [...this.#findings.values()].flat()
    return {
      exists: this.exists,
      built: this.#built,
      points: this.#points,
      ops: this.#model.length,
      images: this.#images.size,
      checked: this.#checked,
      recoveries: this.#recoveries,
      lives: this.#lives,
      findings: findings.map((each) => ({
        ...each,
        count: this.#counts.get(each.fingerprint) ?? 1,
      })),
      ...(this.unsupported === undefined ? {} : { unsupported: this.unsupported }),
    }
  }

  *#recover(
    state: CrashState,
    marks: readonly Mark[],
    reboots: number,
  ): Generator<LifeWanted, readonly LivedLife[], LifeGiven> {
    let clockMs = nextClockMs(firstClockMs, marks)
    const key = `${state.image.hash} ${reboots} ${clockMs}`
    const known = this.#memo.get(key)
    if (known !== undefined) return known
    const lives: LivedLife[] = []
    let image = state.image.entries
    this.#recoveries += 1
    for (let life = 2; life < 2 + this.#asked.order.livesMax; life += 1) {
      const given = yield { image, life, clockMs, reboots }
      this.#lives += 1
      if (given.unsupported !== undefined) this.unsupported = given.unsupported
      const lived: LivedLife = { life, clockMs, ...given }
      lives.push(lived)
      if (isLast(lived) || this.unsupported !== undefined) break
      image = given.image
      clockMs = nextClockMs(clockMs, given.marks)
    }
    if (this.#memo.size >= memoMax) this.#memo.delete(this.#memo.keys().next().value ?? '')
    this.#memo.set(key, lives)
    return lives
  }

  #judge(state: CrashState, marks: readonly Mark[], lives: readonly LivedLife[]): void {
    this.#checked += 1
    const { order } = this.#asked
    const history = historyOfMarks([...cutOff(marks, state.fault), ...lives.flatMap(linesOf)])
    const judgement = check(
      {
        history,
        workload: order.workload,
        system: order.system,
        schedule: [[state.fault]],
        livesMax: order.livesMax,
        control: this.#control,
      },
      order.invariants,
    )
    const { verdict, finding, reasons } = judgement
    if (verdict === 'HOLDS' || verdict === 'REFUSED') return
    const fingerprint = `${verdict} ${finding?.invariant ?? reasons[0] ?? ''}`
    const count = (this.#counts.get(fingerprint) ?? 0) + 1
    this.#counts.set(fingerprint, count)
    const kept = this.#findings.get(fingerprint) ?? []
    this.#findings.set(fingerprint, kept)
    if (kept.length >= keptMax) return
    kept.push({
      fault: stringifyFault(state.fault),
      op: state.point.position.op,
      verdict,
      ...(finding === undefined ? {} : { invariant: finding.invariant }),
      what: finding?.what ?? reasons.join('; '),
      details: finding?.details ?? [],
      fingerprint,
      count,
    })
  }
}
