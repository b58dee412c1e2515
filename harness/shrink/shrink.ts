/**
 * Shrinking: a smaller case with the same failure. Faults first, then the workload through fast-check's own shrinker, and
 * again, until nothing smaller fails in the same way or the budget is used up.
 *
 *   K1  the result fails in the same way, and is smaller than or equal to the start
 *   K2  it depends on the case alone: candidates that run at once are chosen from in their order
 *   K3  the faults of a smaller workload are looked up by what their ops are, never by number
 */
import type { Schedule } from '../fault.ts'
import type { Workload } from '../workload.ts'
import { simplerSchedules } from './simpler.ts'

/** A workload and fast-check's path to it. */
export interface PathedWorkload {
  readonly path: string
  readonly workload: Workload
}

/** A case that may fail. */
export interface Candidate extends PathedWorkload {
  readonly schedule: Schedule
}

/** What shrinking needs of the world. `Proof` is what shows that a candidate fails. */
export interface ShrinkDoor<Proof> {
  /** Runs a candidate; `undefined` where it does not fail in the same way. */
  readonly fails: (candidate: Candidate) => Promise<Proof | undefined>
  /** Workloads that fast-check would try next, boldest first. */
  readonly children: (path: string) => Iterable<PathedWorkload>
  /** The faults of a candidate in another workload, likeliest places first; none where they have no place in it. */
  readonly place: (workload: PathedWorkload, from: Candidate) => Promise<readonly Schedule[]>
  /** Candidates that run at once. */
  readonly jobs: number
  /** True when no further candidate is to be started. */
  readonly isOver: () => boolean
}

export interface Shrunk<Proof> {
  readonly candidate: Candidate
  /** Absent where nothing smaller fails. */
  readonly proof?: Proof
  /** Candidates that were run. */
  readonly cases: number
  /** False where the budget ended the search. */
  readonly isSmallest: boolean
}

/** Shrinks a case that fails. */
export async function shrink<Proof>(
  start: Candidate,
  door: ShrinkDoor<Proof>,
): Promise<Shrunk<Proof>> {
  const search = new Search(start, door)
  return await search.run()
}

/** What came of one thing tried: the first candidate of it that fails, and how many were run. */
interface Attempt<Proof> {
  readonly found?: { readonly candidate: Candidate; readonly proof: Proof }
  readonly cases: number
}

class Search<Proof> {
  readonly #door: ShrinkDoor<Proof>
  #best: Candidate
  #proof: Proof | undefined
  #cases = 0

  constructor(start: Candidate, door: ShrinkDoor<Proof>) {
    this.#best = start
    this.#door = door
  }

  async run(): Promise<Shrunk<Proof>> {
    while ((await this.#simplifyFaults()) || (await this.#shrinkWorkload()));
    const proof = this.#proof
    return {
      candidate: this.#best,
      ...(proof === undefined ? {} : { proof }),
      cases: this.#cases,
      isSmallest: !this.#door.isOver(),
    }
  }

  /** True where a simpler schedule was found. */
  async #simplifyFaults(): Promise<boolean> {
    const { path, workload } = this.#best
    return await this.#firstOf(simplerSchedules(this.#best.schedule), (schedule) =>
      this.#try([{ path, workload, schedule }]),
    )
  }

  /** True where a smaller workload was found. */
  async #shrinkWorkload(): Promise<boolean> {
    const from = this.#best
    return await this.#firstOf(this.#door.children(from.path), async (child) => {
      const places = await this.#door.place(child, from)
      return await this.#try(places.map((schedule) => ({ ...child, schedule })))
    })
  }

  /** Tries items, several at once, until one fails: the first of them in their order. */
  async #firstOf<Item>(
    items: Iterable<Item>,
    attempt: (item: Item) => Promise<Attempt<Proof>>,
  ): Promise<boolean> {
    const { jobs, isOver } = this.#door
    const left = items[Symbol.iterator]()
    while (!isOver()) {
      const chunk = take(left, jobs)
      if (chunk.length === 0) return false
      for (const { found, cases } of await Promise.all(chunk.map(attempt))) {
        this.#cases += cases
        if (found === undefined) continue
        this.#best = found.candidate
        this.#proof = found.proof
        return true
      }
    }
    return false
  }

  async #try(candidates: readonly Candidate[]): Promise<Attempt<Proof>> {
    let cases = 0
    for (const candidate of candidates) {
      cases += 1
      const proof = await this.#door.fails(candidate)
      if (proof !== undefined) return { found: { candidate, proof }, cases }
    }
    return { cases }
  }
}

function take<Item>(items: Iterator<Item>, count: number): readonly Item[] {
  const taken: Item[] = []
  while (taken.length < count) {
    const { value, done } = items.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}
