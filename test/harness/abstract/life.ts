/**
 * One life of the abstract runtime: a correct durable runtime in miniature, as generators.
 *
 * Every `yield` is a place where the driver may kill the life, stop it, or let another one go on. What it does between two
 * yields is one op. It writes the marks that a real adapter writes, where a real adapter writes them.
 */
import type { Random } from '../../../harness/seed.ts'
import type { StepTask, Task, Workload } from '../../../harness/workload.ts'
import type { Teller } from '../history-builder.ts'
import type { Bug } from './bugs.ts'
import type { Entry, Store } from './store.ts'

/** A part of a life that goes on step by step; `wait` says that it waits for somebody outside. */
export type Strand<Result> = Generator<'wait' | undefined, Result, void>

/** Faults that happen inside of a life. */
export interface Inner {
  /** The write or sync (counted over the life) that fails, and whether its pages are dropped. */
  readonly errorAt?: number
  readonly isDrop?: boolean
  /** The sync that lies. */
  readonly lieAt?: number
  /** True where the journal cannot be read at open. */
  readonly isUnreadable?: boolean
}

/** What a life is given. */
export interface Surroundings {
  readonly store: Store
  readonly random: Random
  readonly workload: Workload
  readonly teller: Teller
  readonly bug: Bug | undefined
  readonly takeover: 'if-dead' | 'always'
  readonly inner: Inner
  /** True where this life was seen to be running: liveness as a port. */
  readonly isAlive: (life: number) => boolean
  readonly nonce: () => string
  /** Kills of poison so far, over all lives. */
  readonly poisoned: Map<string, number>
  /** Steps whose result some life observed; only a planted bug looks. */
  readonly seen: Set<string>
  /** Another process, which outlives this one. */
  readonly startProcess: (act: () => void) => { readonly isOver: () => boolean }
}

/** How a life ended by itself. */
export type End = 'done' | 'refused' | 'gave-up' | 'self-kill'

/** Ends this life and not the run. */
class LifeOver extends Error {
  readonly end: End
  constructor(end: End) {
    super(end)
    this.end = end
  }
}

/** Ends the run. */
class RunOver extends Error {
  readonly status: 'failed' | 'cancelled'
  readonly code: string | undefined
  constructor(status: 'failed' | 'cancelled', code?: string) {
    super(status)
    this.status = status
    this.code = code
  }
}

type Outcome = Record<string, string>
type Work = Pick<StepTask, 'id' | 'effect' | 'cost' | 'fails'>

/** A life and how far it is. */
export class Life {
  readonly n: number
  clock: number
  /** Ops done. */
  ops = 0
  isStopping = false
  epoch = 0
  readonly #given: Surroundings
  readonly #strand: Strand<End>
  #image: readonly Entry[] = []
  #poison: 'fenced' | 'error' | undefined
  #queue: Waiting[] = []
  #isWriting = false
  #writes = 0
  #writer: Strand<void> | undefined
  #group: readonly Waiting[] = []
  #failure: RunOver | undefined
  readonly #taken = new Set<string>()

  constructor(given: Surroundings, clock: number) {
    this.#given = given
    this.n = given.teller.life
    this.clock = clock
    this.#strand = this.#live()
  }

  /** Does one op; says how the life ended where it did. */
  advance(): End | 'wait' | undefined {
    this.ops += 1
    this.clock += this.#given.random.below(2)
    return this.#strand.next().value ?? undefined
  }

  /** A write that was under way when the life was killed: a prefix of its calls may be there, each whole. */
  leaveTail(): void {
    const { random, store } = this.#given
    if (!this.#isWriting) return
    const left = this.#group.filter(({ isPushed }) => !isPushed)
    store.push(
      this.epoch,
      left.slice(0, random.below(left.length + 1)).map(({ entries }) => entries),
    )
  }

  *#live(): Strand<End> {
    const { teller } = this.#given
    teller.mark({ mark: 'begin' })
    yield
    try {
      yield* this.#open()
      return yield* this.#run()
    } catch (error) {
      if (!(error instanceof LifeOver)) throw error
      return error.end
    }
  }

  *#open(): Strand<void> {
    const { store, teller, takeover, isAlive, bug, inner } = this.#given
    if (inner.isUnreadable === true && bug !== 'unreadable-is-new') throw this.#refuse('EACCES')
    const { owner } = store
    if (bug === 'dead-is-alive' && owner !== undefined) throw this.#refuse('RUN_OWNED')
    if (takeover === 'if-dead' && owner !== undefined && isAlive(owner) && bug !== 'rob')
      throw this.#refuse('RUN_OWNED')
    yield
    if (bug !== 'same-epoch' || store.highestEpoch === 0) store.highestEpoch += 1
    this.epoch = store.highestEpoch
    const { epoch } = this
    yield
    if (store.isDamaged && bug !== 'accept-damage') throw this.#refuse('CORRUPT')
    if (store.sealedEpoch >= epoch && bug !== 'same-epoch') throw this.#refuse('RUN_OWNED')
    if (bug === 'half-batch') store.cutGroup()
    if (bug === 'undecided-again' && this.#given.random.chance(0.3)) store.dropLastUnacked()
    this.#image = this.#misread(bug === 'no-seal' ? store.read() : store.seal(epoch))
    yield
    if (store.highestEpoch !== epoch) throw this.#refuse('RUN_OWNED')
    store.owner = this.n
    teller.mark({ mark: 'recovered', epoch, hashes: this.#image.map(hashOf) })
    teller.owns(epoch)
    yield
  }

  /** What the planted bug makes of an image. */
  #misread(image: readonly Entry[]): readonly Entry[] {
    const { bug, random, inner, store } = this.#given
    const last = image.at(-1)
    if (last === undefined) return image
    switch (bug) {
      case 'lose-acked':
        return store.isLastAcked() && random.chance(0.3) ? image.slice(0, -1) : image
      case 'reorder':
        return image.length < 2 ? image : [...image.slice(0, -2), last, ...image.slice(-2, -1)]
      case 'phantom':
        return random.chance(0.3) ? [...image, { type: 'phantom', id: String(this.n) }] : image
      case 'repeat':
        return random.chance(0.3) ? [...image, last] : image
      case 'accept-damage':
        return store.isDamaged ? image.slice(0, -2) : image
      case 'unreadable-is-new':
        return inner.isUnreadable === true ? [] : image
      default:
        return image
    }
  }

  #refuse(code: string): LifeOver {
    this.#given.teller.refused(code)
    return new LifeOver('refused')
  }

  *#run(): Strand<End> {
    const { workload } = this.#given
    const ended = this.#find('end')
    if (ended !== undefined) return this.#report(ended)
    if (workload.otherTaskInLife === this.n) return 'refused'
    if (this.#find('begin') === undefined) yield* this.#append([this.#begin(), { type: 'hello' }])
    let end: Entry
    try {
      const outcome = yield* this.#task(workload.root, 'root')
      if (this.#given.bug === 'endless') throw new LifeOver('gave-up')
      end = { type: 'end', status: 'done', outcome }
    } catch (error) {
      if (!(error instanceof RunOver)) throw error
      const { status, code } = error
      end = { type: 'end', status, outcome: {}, ...(code === undefined ? {} : { code }) }
    }
    const written = yield* this.#appendEnd(end)
    yield
    return this.#report(written)
  }

  #begin(): Entry {
    const { deadlineMs } = this.#given.workload
    return {
      type: 'begin',
      ...(deadlineMs === undefined ? {} : { deadline: this.clock + deadlineMs }),
    }
  }

  /** A cancel that came first wins, and the end says so. */
  *#appendEnd(end: Entry): Strand<Entry> {
    const { store, bug } = this.#given
    let written = end
    if (store.isCancelled && bug !== 'ignore-cancel')
      written = { type: 'end', status: 'cancelled', outcome: {} }
    store.isEnded = true
    yield* this.#append([written])
    return written
  }

  #report(end: Entry): End {
    const { status, outcome, code } = end as unknown as {
      status: 'done' | 'failed' | 'cancelled'
      outcome: Outcome
      code?: string
    }
    this.#given.teller.done(outcome, { status, ...(code === undefined ? {} : { code }) })
    return 'done'
  }

  *#task(task: Task, child: string): Strand<Outcome> {
    switch (task.kind) {
      case 'step':
        return yield* this.#step(task, child)
      case 'command':
        return yield* this.#step(task, child, true)
      case 'sequence': {
        let outcome: Outcome = {}
        for (const each of task.of) outcome = { ...outcome, ...(yield* this.#task(each, child)) }
        return outcome
      }
      case 'parallel':
        return yield* this.#parallel(task.of.map((each) => this.#task(each, child)))
      case 'loop':
        return yield* this.#loop(task, child)
      case 'child':
        return yield* this.#child(task, child)
      case 'tools':
        return yield* this.#tools(task, child)
      case 'timer':
        return yield* this.#timer(task)
      case 'signal':
        return yield* this.#signal(task)
      case 'poison':
        return yield* this.#poisonous(task)
    }
  }

  *#parallel(strands: readonly Strand<Outcome>[]): Strand<Outcome> {
    const { random } = this.#given
    const open = [...strands]
    let outcome: Outcome = {}
    let failure: unknown
    while (open.length > 0) {
      const strand = random.pick(open)
      try {
        const { value, done } = strand.next()
        if (done === true) {
          outcome = { ...outcome, ...value }
          open.splice(open.indexOf(strand), 1)
        }
        yield done === true ? undefined : value
      } catch (error) {
        open.splice(open.indexOf(strand), 1)
        failure ??= error
        // The others stop where they are, or where they next look.
        if (error instanceof RunOver) this.#failure ??= error
        if (random.chance(0.5)) break
        yield
      }
    }
    if (failure !== undefined) throw failure as Error
    return outcome
  }

  *#loop(task: Extract<Task, { kind: 'loop' }>, child: string): Strand<Outcome> {
    const last = this.#image.findLast(({ type, id }) => type === 'iterate' && id === task.id)
    let outcome = { ...(last?.['outcome'] as Outcome | undefined) }
    const from = last === undefined ? 0 : (last['index'] as number) + 1
    for (const [index, each] of task.iterations.entries()) {
      if (index < from) continue
      outcome = { ...outcome, ...(yield* this.#task(each, child)) }
      yield* this.#append([
        { type: 'iterate', id: task.id, index, outcome },
        { type: 'cursor', id: task.id },
      ])
    }
    return outcome
  }

  *#child(task: Extract<Task, { kind: 'child' }>, parent: string): Strand<Outcome> {
    const { teller, bug } = this.#given
    const { id } = task
    const settled = this.#find('settle', id)
    if (settled !== undefined && bug !== 'revive-child') {
      teller.mark({ mark: 'settle', child: id, status: 'done' })
      yield
      return settled['outcome'] as Outcome
    }
    this.#mayBegin()
    teller.mark({ mark: 'spawn', child: id, parent })
    yield
    const outcome = yield* this.#task(task.of, id)
    yield* this.#append([{ type: 'settle', id, outcome }])
    teller.mark({ mark: 'settle', child: id, status: 'done' })
    yield
    return outcome
  }

  *#tools(task: Extract<Task, { kind: 'tools' }>, child: string): Strand<Outcome> {
    const { teller, bug, random } = this.#given
    const request = (results: readonly unknown[]): void => {
      const calls = task.calls.map(({ id }) => ({ type: 'tool_use', id: `call_${id}`, name: id }))
      const asked = results.length === 0 ? [] : [{ role: 'assistant', content: calls }]
      const answered = results.length === 0 ? [] : [{ role: 'user', content: results }]
      const messages = [{ role: 'user', content: 'go' }, ...asked, ...answered]
      teller.mark({ mark: 'model-request', step: task.id, format: 'anthropic', messages })
    }
    request([])
    yield
    const outcome = yield* this.#parallel(task.calls.map((call) => this.#step(call, child)))
    const results = task.calls.map(({ id }) => {
      const value = outcome[id] ?? ''
      const isError = value === 'unknown' && bug !== 'unknown-is-success'
      const content = isError ? 'OUTCOME_UNKNOWN' : JSON.stringify({ nonce: value })
      return { type: 'tool_result', tool_use_id: `call_${id}`, content, is_error: isError }
    })
    const isCut = bug === 'dangling-call' && results.length > 1 && random.chance(0.5)
    request(isCut ? results.slice(1) : results)
    yield
    return outcome
  }

  *#step(task: Work, child: string, isCommand = false): Strand<Outcome> {
    const { teller, bug, random } = this.#given
    const { id, fails = 0 } = task
    const settled = this.#find('result', id)
    const isRedone = bug === 'redo-committed' && this.#given.seen.has(id) && random.chance(0.3)
    if (settled !== undefined && !isRedone) {
      let nonce = settled['nonce'] as string
      const state = settled['state'] as 'done' | 'unknown'
      if (bug === 'second-result' && state === 'done') nonce = `${nonce}x`
      teller.observed(id, state === 'done' ? nonce : '', state)
      yield
      return { [id]: state === 'done' ? nonce : state }
    }
    const failed = this.#image.filter((entry) => entry.type === 'failed' && entry.id === id).length
    for (let attempt = failed + 1; ; attempt += 1) {
      const nonce = yield* this.#attempt({ task, child, attempt, isCommand })
      if (nonce === undefined) return { [id]: 'unknown' }
      if (attempt <= fails) {
        yield* this.#append([{ type: 'failed', id, attempt }])
        continue
      }
      if (bug !== 'commit-first')
        yield* this.#append([{ type: 'result', id, nonce, state: 'done' }])
      teller.observed(id, nonce, 'done')
      this.#given.seen.add(id)
      yield
      return { [id]: nonce }
    }
  }

  *#attempt(call: {
    readonly task: Work
    readonly child: string
    readonly attempt: number
    readonly isCommand: boolean
  }): Strand<string | undefined> {
    const { teller, bug, nonce: draw } = this.#given
    const { task, attempt, child } = call
    const { id, effect, cost = 0 } = task
    this.#mayBegin()
    const intents = this.#image.filter(
      (entry) => entry.type === 'intent' && entry.id === id && entry['attempt'] === attempt,
    )
    const isRedone = bug === 'redo-committed' && this.#given.seen.has(id)
    if (effect === 'once' && intents.length > 0 && !isRedone) return yield* this.#unknown(id)
    if (bug === 'lazy-unknown' && effect === 'keyed' && this.n > 1 && intents.length > 0)
      return yield* this.#unknown(id)
    this.#charge(cost, child)
    if ((effect === 'once' && (bug !== 'no-intent' || call.isCommand)) || cost > 0) {
      yield* this.#append([{ type: 'intent', id, attempt, cost, child }])
      if (cost > 0) teller.mark({ mark: 'reserve', step: id, amount: cost })
      if (cost > 0) yield
    }
    const nonce = draw()
    if (bug === 'commit-first') yield* this.#append([{ type: 'result', id, nonce, state: 'done' }])
    const act = (): void => {
      teller.effect(id, {
        effect,
        nonce,
        attempt,
        epoch: this.epoch,
        ...(bug === 'random-key' && effect === 'keyed' ? { key: `k/${id}/${this.n}` } : {}),
        ...(bug === 'other-arguments' ? { args: `h/${id}/${this.n}` } : {}),
      })
    }
    if (call.isCommand) {
      const process = this.#given.startProcess(act)
      while (!process.isOver()) yield
    } else act()
    yield
    if (cost > 0) {
      teller.mark({ mark: 'spend', step: id, amount: cost })
      yield
    }
    return nonce
  }

  *#unknown(id: string): Strand<undefined> {
    yield* this.#append([{ type: 'result', id, nonce: '', state: 'unknown' }])
    this.#given.teller.observed(id, '', 'unknown')
    yield
    return undefined
  }

  *#poisonous(task: Extract<Task, { kind: 'poison' }>): Strand<Outcome> {
    const { teller, nonce: draw, poisoned } = this.#given
    const { id, kills } = task
    const settled = this.#find('result', id)
    if (settled !== undefined) {
      teller.observed(id, settled['nonce'] as string)
      yield
      return { [id]: settled['nonce'] as string }
    }
    this.#mayBegin()
    const nonce = draw()
    teller.effect(id, { effect: 'none', nonce, epoch: this.epoch })
    yield
    const killed = poisoned.get(id) ?? 0
    if (killed < kills) {
      poisoned.set(id, killed + 1)
      throw new LifeOver('self-kill')
    }
    yield* this.#append([{ type: 'result', id, nonce, state: 'done' }])
    teller.observed(id, nonce)
    yield
    return { [id]: nonce }
  }

  *#timer(task: Extract<Task, { kind: 'timer' }>): Strand<Outcome> {
    const { teller, bug } = this.#given
    const { id, afterMs } = task
    const fire = (due: number): void => {
      teller.mark({ mark: 'timer', step: id, phase: 'fired', due, at: this.clock })
    }
    const fired = this.#find('fired', id)
    if (fired !== undefined) {
      fire(fired['due'] as number)
      yield
      return {}
    }
    this.#mayBegin()
    const armed = bug === 'timer-slides' ? undefined : this.#find('armed', id)
    const due = (armed?.['due'] as number | undefined) ?? this.clock + afterMs
    if (armed === undefined) {
      yield* this.#append([{ type: 'armed', id, due }])
      teller.mark({ mark: 'timer', step: id, phase: 'armed', due, at: this.clock })
      yield
    }
    if (bug !== 'timer-early') this.clock = Math.max(this.clock, due)
    yield* this.#append([{ type: 'fired', id, due }])
    fire(due)
    yield
    return {}
  }

  *#signal(task: Extract<Task, { kind: 'signal' }>): Strand<Outcome> {
    const { teller, store, bug } = this.#given
    const { id, name } = task
    const consume = (message: string): void => {
      teller.mark({ mark: 'consumed', step: id, name, message })
    }
    const consumed = this.#find('consumed', id)
    if (consumed !== undefined) {
      consume(consumed['message'] as string)
      yield
      return {}
    }
    for (;;) {
      this.#mayBegin()
      const free = store.inbox.find(
        ({ name: other, message }) =>
          other === name && (!this.#isTaken(message) || bug === 'double-consume'),
      )
      if (free !== undefined) {
        this.#taken.add(free.message)
        yield* this.#append([{ type: 'consumed', id, message: free.message }])
        consume(free.message)
        yield
        return {}
      }
      yield 'wait'
    }
  }

  #isTaken(message: string): boolean {
    if (this.#taken.has(message)) return true
    return this.#image.some((entry) => entry.type === 'consumed' && entry['message'] === message)
  }

  /** Looks before each step; what slips through between looking and doing is a race that nobody wins. */
  #mayBegin(): void {
    const { store, bug } = this.#given
    if (this.#poison !== undefined) throw new LifeOver('gave-up')
    if (this.isStopping && bug !== 'ignore-sigterm') throw new LifeOver('gave-up')
    const isDeaf = bug === 'ignore-cancel' || bug === 'late-cancel'
    if (store.isCancelled && !isDeaf) throw new RunOver('cancelled')
    if (this.#failure !== undefined) throw this.#failure
    const deadline = this.#find('begin')?.['deadline']
    if (typeof deadline === 'number' && bug !== 'deadline-slides' && this.clock >= deadline)
      throw new RunOver('failed', 'DEADLINE')
  }

  #charge(cost: number, child: string): void {
    const { workload, bug } = this.#given
    if (cost === 0) return
    const recovered = bug === 'mint-budget' ? [] : this.#image
    const reserved = (within: (other: string) => boolean): number =>
      [...recovered, ...this.#own]
        .filter(({ type, child: other }) => type === 'intent' && within(other as string))
        .reduce((sum, entry) => sum + (entry['cost'] as number), 0)
    const limits = [
      { limit: workload.budget, spent: reserved(() => true) },
      ...budgetsAbove(workload.root, child).map(({ limit, below }) => ({
        limit,
        spent: reserved((other) => below.has(other)),
      })),
    ]
    for (const { limit, spent } of limits)
      if (limit !== undefined && spent + cost > limit) throw new RunOver('failed', 'BUDGET')
  }

  readonly #own: Entry[] = []

  #find(type: string, id?: string): Entry | undefined {
    const isIt = (entry: Entry): boolean => entry.type === type && entry.id === id
    return this.#image.find(isIt) ?? (type === 'begin' ? this.#own.find(isIt) : undefined)
  }

  *#append(entries: readonly Entry[]): Strand<void> {
    const { teller, bug } = this.#given
    if (this.#poison !== undefined) throw new LifeOver('gave-up')
    const hashes = entries.map(hashOf)
    teller.append(...hashes)
    this.#own.push(...entries)
    const waiting: Waiting = { entries, isPushed: false, isAcked: false }
    this.#queue.push(waiting)
    if (bug === 'ack-early' && entries[0]?.type === 'result') {
      teller.ack(...hashes)
      waiting.isTold = true
      yield
    }
    while (!waiting.isAcked) {
      if (this.#poison !== undefined) {
        teller.refused(this.#poison === 'fenced' ? 'FENCED' : 'STORAGE', 'append')
        throw new LifeOver('gave-up')
      }
      // The writer belongs to the life: who waits moves it on, and it outlives a strand that is given up.
      this.#writer ??= this.#write()
      if (this.#writer.next().done === true) this.#writer = undefined
      yield
    }
    if (waiting.isTold !== true) teller.ack(...hashes)
    if (waiting.number !== undefined) this.#given.store.acked.add(waiting.number)
    yield
  }

  /** One writer at a time; what waits meanwhile is written together. */
  *#write(): Strand<void> {
    const { store, bug } = this.#given
    this.#isWriting = true
    const group = [...this.#queue]
    this.#group = group
    yield
    if (this.#fails()) return
    for (const each of group) each.isPushed = true
    const numbers = store.push(
      this.epoch,
      group.map(({ entries }) => entries),
    )
    yield
    if (this.#fails()) return
    if (!this.#lies()) store.sync()
    yield
    this.#isWriting = false
    this.#queue = this.#queue.filter((each) => !group.includes(each))
    if (store.highestEpoch !== this.epoch && bug !== 'no-fence') {
      this.#poison = 'fenced'
      return
    }
    for (const [place, each] of group.entries()) {
      each.isAcked = true
      each.number = numbers[place]
    }
  }

  #fails(): boolean {
    const { inner, store, teller, bug } = this.#given
    this.#writes += 1
    if (inner.errorAt !== this.#writes) return false
    teller.fault(`E${this.ops}=EIO${inner.isDrop === true ? '.drop' : ''}`, this.ops)
    if (inner.isDrop === true) store.dropCached()
    if (bug === 'swallow-error') return false
    this.#poison = 'error'
    this.#isWriting = false
    return true
  }

  #lies(): boolean {
    const { inner, teller } = this.#given
    if (inner.lieAt === undefined || this.#writes < inner.lieAt) return false
    teller.fault(`L${this.ops}`, this.ops)
    return true
  }
}

interface Waiting {
  readonly entries: readonly Entry[]
  isPushed: boolean
  isAcked: boolean
  /** Its group in the store. */
  number?: number | undefined
  isTold?: boolean
}

function hashOf(entry: Entry): string {
  return JSON.stringify(entry)
}

/** The budgets of the children above (and of) a child, with what lies below each. */
function budgetsAbove(
  root: Task,
  child: string,
): readonly { readonly limit: number; readonly below: ReadonlySet<string> }[] {
  const found: { limit: number; below: ReadonlySet<string> }[] = []
  const walk = (task: Task): ReadonlySet<string> => {
    switch (task.kind) {
      case 'sequence':
      case 'parallel':
        return new Set(task.of.flatMap((each) => [...walk(each)]))
      case 'loop':
        return new Set(task.iterations.flatMap((each) => [...walk(each)]))
      case 'child': {
        const below = new Set([task.id, ...walk(task.of)])
        if (task.budget !== undefined && below.has(child)) found.push({ limit: task.budget, below })
        return below
      }
      default:
        return new Set()
    }
  }
  walk(root)
  return found
}
