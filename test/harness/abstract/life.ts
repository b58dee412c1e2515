/**
 * One life of the abstract runtime: a correct durable runtime in miniature, as generators.
 *
 * Every `yield` is a place where the driver may kill the life, stop it, or let another one go on. What it does between two
 * yields is one op. It writes the marks that a real adapter writes, where a real adapter writes them.
 */
import { openRun } from './opening.ts'
import { append, leaveTail } from './pen.ts'
import type { Entry } from './store.ts'
import { runTask } from './tasks.ts'
import { findEntry, LifeOver, RunOver, Tenure } from './tenure.ts'
import type { End, Outcome, Strand, Surroundings } from './tenure.ts'

/** A life and how far it is. */
export class Life {
  readonly #tenure: Tenure
  readonly #strand: Strand<End>

  constructor(given: Surroundings, clock: number) {
    this.#tenure = new Tenure(given, clock)
    this.#strand = live(this.#tenure)
  }

  /** Its number. */
  get n(): number {
    return this.#tenure.n
  }

  /** Ops done. */
  get ops(): number {
    return this.#tenure.ops
  }

  /** SIGTERM. */
  stop(): void {
    this.#tenure.isStopping = true
  }

  /** Does one op; says how the life ended where it did. */
  advance(): End | 'wait' | undefined {
    this.#tenure.ops += 1
    this.#tenure.clock += this.#tenure.given.random.below(2)
    return this.#strand.next().value ?? undefined
  }

  /** It is killed: a write that was under way may be there. */
  leaveTail(): void {
    leaveTail(this.#tenure)
  }
}

function* live(t: Tenure): Strand<End> {
  const { teller } = t.given
  teller.mark({ mark: 'begin' })
  yield
  try {
    yield* openRun(t)
    return yield* run(t)
  } catch (error) {
    if (!(error instanceof LifeOver)) throw error
    return error.end
  }
}

function* run(t: Tenure): Strand<End> {
  const { workload } = t.given
  const ended = findEntry(t, 'end')
  if (ended !== undefined) return report(t, ended)
  if (workload.otherTaskInLife === t.n) return 'refused'
  if (findEntry(t, 'begin') === undefined) yield* append(t, [begin(t), { type: 'hello' }])
  let end: Entry
  try {
    const outcome = yield* runTask(t, workload.root, 'root')
    if (t.given.bug === 'endless') throw new LifeOver('gave-up')
    end = { type: 'end', status: 'done', outcome }
  } catch (error) {
    if (!(error instanceof RunOver)) throw error
    const { status, code } = error
    end = { type: 'end', status, outcome: {}, ...(code === undefined ? {} : { code }) }
  }
  const written = yield* appendEnd(t, end)
  yield
  return report(t, written)
}

function begin(t: Tenure): Entry {
  const { deadlineMs } = t.given.workload
  return {
    type: 'begin',
    ...(deadlineMs === undefined ? {} : { deadline: t.clock + deadlineMs }),
  }
}

/** A cancel that came first wins, and the end says so. */
function* appendEnd(t: Tenure, end: Entry): Strand<Entry> {
  const { store, bug } = t.given
  let written = end
  if (store.isCancelled && bug !== 'ignore-cancel')
    written = { type: 'end', status: 'cancelled', outcome: {} }
  store.isEnded = true
  yield* append(t, [written])
  return written
}

function report(t: Tenure, end: Entry): End {
  const { status, outcome, code } = end as unknown as {
    status: 'done' | 'failed' | 'cancelled'
    outcome: Outcome
    code?: string
  }
  t.given.teller.done(outcome, { status, ...(code === undefined ? {} : { code }) })
  return 'done'
}
