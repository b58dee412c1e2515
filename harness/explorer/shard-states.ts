/** The crash states of one shard, and what came of them (`shard.ts` says what it promises). */
import { check, type Judgement } from '../checkers/check.ts'
import { bytesOf, type DirectoryImage } from '../directory-image.ts'
import { laterBounds, killStates, powerLossStates, type CrashState } from '../disk-model/states.ts'
import { position, type Fault, type LifeFaults } from '../fault.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { ImageTree } from '../image-tree.ts'
import { historyOfMarks, type History } from '../history.ts'
import { RecoverySample } from '../recovery.ts'
import { random, type Random } from '../seed.ts'
import type { Verdict } from '../verdict.ts'
import type { Asks, LifeGiven, Recording } from './asks.ts'
import { kindOfState, kindsOfTrace } from './case-kinds.ts'
import { Findings, type Crashed, type Sites } from './findings.ts'
import {
  noCounts,
  type ShardCounts,
  type ShardOrder,
  type ShardProgress,
  type ShardReport,
} from './job.ts'
import { linesOf, stemAfterCrash, type LivedLife, type Standing, type Stem } from './lives.ts'
import { OneOfEach } from './one-of-each.ts'
import { PointMap } from './point-map.ts'
import { Recoveries, type Recovery } from './recoveries.ts'
import { hasFired } from './replay-case.ts'
import {
  beforeNext,
  heldAt,
  isWholeLife,
  openVictim,
  pointsOf,
  type Opened,
  type Victim,
} from './victim.ts'

/** Items in a row of what is gone through: what they leave is often the same, and recovered once by who has them all. */
const alike = 8

type Counts = { -readonly [Name in keyof ShardCounts]: number }

/** Explores states, and keeps count. */
export class Shard {
  readonly asked: ShardOrder
  readonly counts: Counts = { ...noCounts }
  /** Why lives cannot be run in memory. */
  unsupported: string | undefined
  readonly #control: History
  readonly #images = new Set<string>()
  readonly #recoveries: Recoveries
  readonly #findings = new Findings()
  readonly #map = new PointMap()
  readonly #sample = new RecoverySample()
  readonly #isLate: () => boolean
  #isStopped = false
  #points = 0
  #pointsLeft = 0
  #through: ShardProgress['through'] = 'crash points'
  #done = 0
  #of = 0

  /** `isLate`: whether its time is over. */
  constructor(asked: ShardOrder, control: History, isLate: () => boolean = () => false) {
    this.asked = asked
    this.#control = control
    this.#isLate = isLate
    this.#recoveries = new Recoveries(this)
  }

  /** What was found; `strange`: why none of it is worth anything. */
  report(ops: number, strange: string | undefined): ShardReport {
    return {
      ops,
      points: this.#points,
      pointsLeft: this.#pointsLeft,
      counts: { ...this.counts, images: this.#images.size },
      findings: this.#findings.list(),
      map: this.#map.list(),
      recoveries: this.#sample.list(),
      ...(this.unsupported === undefined ? {} : { unsupported: this.unsupported }),
      ...(strange === undefined ? {} : { strange }),
    }
  }

  /** How far it is. */
  get progress(): ShardProgress {
    const { checked } = this.counts
    const findings = this.#findings.count
    const found = this.#findings.simplest()
    return { through: this.#through, done: this.#done, of: this.#of, checked, findings, found }
  }

  /** From here on it goes through so many of these; each is to be told with {@link Shard.pass}. */
  go(through: ShardProgress['through'], of: number): void {
    this.#through = through
    this.#done = 0
    this.#of = of
  }

  /** One more is behind it. */
  pass(): void {
    this.#done += 1
  }

  /** True where no more is to be begun. */
  get isOver(): boolean {
    return this.#isStopped || this.unsupported !== undefined || this.#isLate()
  }

  /** True for what is drawn, and dealt to this shard, by number; so many in a row are dealt `together`. */
  isMine(number: number, together = 1): boolean {
    const { oneIn = 1, order, shards, shard } = this.asked
    const drawn = (numberIn(order.seed, 0) || 0) % oneIn
    return number % oneIn === drawn && Math.floor(number / oneIn / together) % shards === shard
  }

  /** What of a list is done here: all of it or, of a part, one of each kind; as it is dealt, and as long as there is time. */
  *mine<Item extends { readonly kind: string }>(
    through: ShardProgress['through'],
    items: readonly Item[],
  ): Generator<Item> {
    const part = this.#part(items)
    this.go(through, part.length)
    for (const [index, item] of part.entries()) {
      if (this.isMine(index + 1, alike) && !this.isOver) yield item
      this.pass()
    }
  }

  #part<Item extends { readonly kind: string }>(items: readonly Item[]): readonly Item[] {
    if (this.asked.perKind !== true) return items
    const numbers = this.#ranks()
    const chosen = new OneOfEach<Item>()
    for (const item of items) chosen.add(item.kind, numbers.real(), item)
    return chosen.list()
  }

  /** The same for every shard. */
  #ranks(): Random {
    return random(this.asked.order.seed, 'sample', 'one of each kind')
  }

  /** Crashes a life at every point, in every state; of a part, a life of the control in one state of each kind. */
  *crash(victim: Victim): Asks<void> {
    const isWhole = isWholeLife(victim)
    if (isWhole && this.asked.perKind === true) {
      yield* this.crashOneOfEach('crash points', [victim])
      return
    }
    const opened = openVictim(victim, this.asked.order)
    const judged = new Map<string, Verdict>()
    let marks = -1
    for (const state of this.#statesOf(opened, isWhole)) {
      // Images judged with the ledger of now.
      if (state.point.marks !== marks) judged.clear()
      marks = state.point.marks
      if (isWhole && !this.isMine(numberIn(state.image.hash, 0))) continue
      if (isWhole && this.asked.chosen?.has(stateKey(state)) === false) continue
      yield* this.#visit(opened, state, judged)
    }
  }

  /** Crashes lives in one state of each kind that any of them has. */
  *crashOneOfEach(through: ShardProgress['through'], victims: readonly Victim[]): Asks<void> {
    const numbers = this.#ranks()
    const chosen = new OneOfEach<{ readonly opened: Opened; readonly state: CrashState }>()
    for (const victim of victims) {
      const opened = openVictim(victim, this.asked.order)
      const kinds = kindsOfTrace(victim.trace)
      for (const state of this.#statesOf(opened, true))
        chosen.add(kindOfState(kinds, state), numbers.real(), { opened, state })
    }
    const list = chosen.list()
    this.go(through, list.length)
    for (const { opened, state } of list) {
      if (this.isMine(numberIn(state.image.hash, 0))) {
        if (this.isOver) this.#pointsLeft += 1
        else yield* this.#visit(opened, state, new Map())
      }
      this.pass()
    }
  }

  /** The states of a life, point by point; `isShared`: every shard goes through them. */
  *#statesOf(opened: Opened, isShared: boolean): Generator<CrashState> {
    const { harms, bounds: given } = this.asked
    const isWhole = isWholeLife(opened)
    const bounds = isWhole ? given : { ...laterBounds, seed: given.seed }
    if (isWhole) this.go('crash points', [...pointsOf(opened)].length)
    for (const point of pointsOf(opened)) {
      if (isWhole) {
        if (this.#points > 0) this.pass()
        this.#points += 1
      }
      if (this.isOver) {
        if (isWhole) this.#pointsLeft += 1
        continue
      }
      if (!opened.inside.every((fault) => hasFired(opened.marks.slice(0, point.marks), fault)))
        continue
      for (const harm of harms) {
        if (harm !== 'kill' && harm !== 'power-loss') continue
        const states = harm === 'kill' ? killStates : powerLossStates
        const found = states(opened.model, point, bounds)
        // The first of the shards counts what exists where they all go.
        if (this.asked.shard === 0 || !isShared) this.counts.exists += found.exists
        for (const state of found.states) {
          if (this.#isStopped) return
          yield state
        }
      }
    }
  }

  *#visit(victim: Opened, state: CrashState, judged: Map<string, Verdict>): Asks<void> {
    const { hash, tree } = state.image
    const isWhole = isWholeLife(victim)
    this.counts.built += 1
    const reboots = state.fault.kind === 'kill' ? 0 : 1
    const { depth, nestedEvery } = this.asked
    const isNested = victim.depth < depth && numberIn(hash, 8) % nestedEvery === 0
    // What the machine still holds makes another case of the same image, once it is crashed again.
    const held = isNested && reboots === 0 ? heldAt(victim, state) : ''
    const key = `${hash} ${reboots} ${held}`
    const known = judged.get(key)
    const isMapped =
      isWhole && victim.stem.standing.act === undefined && victim.endsAfter === undefined
    if (known !== undefined) {
      if (isMapped) this.#map.add(victim.stem.schedule, state, known)
      return
    }
    const isNew = isWhole && !this.#images.has(hash)
    if (isWhole) this.#images.add(hash)
    const marks = victim.marks.slice(0, state.point.marks)
    const stem = stemAfterCrash(victim.stem, marks, state.fault, victim.inside)
    const recovery = yield* this.recover(state.image.entries, stem.standing, tree, isNested)
    if (this.unsupported !== undefined) return
    if (isNew) this.#measure(stem, state.image.entries, recovery)
    if (victim.depth > 1) this.counts.nested += 1
    const weighed = this.weigh(stem, recovery.lives)
    if (isBad(weighed.judgement.verdict)) {
      const sites = yield* this.#sitesOf(victim, state)
      this.note(stem, weighed, { victim, state, sites })
    }
    judged.set(key, weighed.judgement.verdict)
    if (isMapped) this.#map.add(victim.stem.schedule, state, weighed.judgement.verdict)
    const { trace } = recovery
    if (!isNested || trace === undefined) return
    const before = beforeNext(victim, state)
    const image = state.image.entries
    yield* this.crash({ stem, image, trace, before, inside: [], depth: victim.depth + 1 })
  }

  /** Each image once, at the first of its states: so that what is sampled does not depend on what was remembered. */
  #measure({ standing, schedule }: Stem, image: DirectoryImage, { lives, cost }: Recovery): void {
    const { sampled } = this.asked
    if (sampled === undefined || cost === undefined || standing.act !== undefined) return
    const { prefix, scenario, system } = sampled
    const recovered = lives[0]?.marks.find((mark) => mark.mark === 'recovered')
    this.#sample.add({
      scenario,
      system,
      engine: 'explorer',
      token: `${prefix}${stringifySchedule(schedule)}`,
      life: standing.life,
      bytes: bytesOf(image),
      ...(recovered?.mark === 'recovered' ? { records: recovered.hashes.length } : {}),
      cost,
    })
  }

  /** Lives in memory are recorded without sites: who issued an op is asked only where it is told. */
  *#sitesOf(victim: Opened, { missing }: CrashState): Asks<Sites> {
    const isUnknown = missing.some(
      ({ traced: { stream, frames } }) => stream === victim.trace.stream && frames.length === 0,
    )
    if (!isUnknown) return noSites
    if (victim.sites === undefined) {
      const { stem, image, inside, endsAfter } = victim
      const again = yield* this.live(stem.standing, image, inside, 'sites', endsAfter)
      victim.sites = new Map(again.trace?.ops.map(({ n, frames }) => [n, frames]))
    }
    return victim.sites
  }

  /** Lives until the run is over. `tree` of the image: what came of it is remembered. */
  *recover(
    image: DirectoryImage,
    standing: Standing,
    tree?: ImageTree,
    records: Recording = false,
  ): Asks<Recovery> {
    return yield* this.#recoveries.after(image, standing, tree, records)
  }

  /** One life. `endsAfter`: the op behind which it is killed. */
  *live(
    standing: Standing,
    image: DirectoryImage,
    faults: LifeFaults,
    records: Recording,
    endsAfter?: number,
  ): Asks<LifeGiven> {
    const ends = endsAfter === undefined ? {} : { endsAfter }
    const given = yield { standing, image, faults, records, ...ends }
    this.counts.lives += 1
    if (given.unsupported !== undefined) this.unsupported = given.unsupported
    return given
  }

  /** Judges a case: what stands before, and the lives behind it. A bad one is kept. */
  judge(stem: Stem, lives: readonly LivedLife[]): Judgement {
    const weighed = this.weigh(stem, lives)
    if (isBad(weighed.judgement.verdict)) this.note(stem, weighed)
    return weighed.judgement
  }

  /** Judges, and keeps nothing. */
  weigh(stem: Stem, lives: readonly LivedLife[]): Weighed {
    this.counts.checked += 1
    const { order, isAudit = false } = this.asked
    const history = historyOfMarks([...stem.lines, ...lives.flatMap(linesOf)])
    const judgement = check(
      {
        history,
        workload: order.workload,
        system: order.system,
        schedule: stem.schedule,
        livesMax: order.livesMax,
        control: this.#control,
        isAudit,
      },
      order.invariants,
    )
    return { judgement, history }
  }

  /** Keeps what is bad. */
  note(stem: Stem, { judgement, history }: Weighed, crashed?: Crashed): void {
    const { isAudit = false, stopAt = [] } = this.asked
    if (isAudit) return
    this.#findings.add(stem, judgement, history, crashed)
    this.#isStopped ||= stopAt.includes(judgement.verdict)
  }
}

interface Weighed {
  readonly judgement: Judgement
  readonly history: History
}

const noSites: Sites = new Map()

function isBad(verdict: Verdict): boolean {
  return verdict !== 'HOLDS' && verdict !== 'REFUSED'
}

/** What the states of a life are known by: the ledger and the machine before it, and the image. */
export function stateKey({ point, fault, image }: CrashState): string {
  return `${point.marks} ${fault.kind} ${image.hash}`
}

/** A sync that lies. */
export function lieAt(op: number): Fault {
  return { kind: 'lying-sync', at: position(op), sticky: false }
}

function numberIn(hash: string, from: number): number {
  return Number.parseInt(hash.slice(from, from + 8), 16)
}
