/**
 * Random lives against a plain array.
 *
 * The model of a run: the bodies that are decided, the appends that may still go either way, and who owns it. Each move
 * says what the model expects of it; an open that resolves decides, for ever (J4).
 */
import fc from 'fast-check'
import type { Journal, Takeover } from '../../src/journal.ts'
import type { JsonValue } from '../../src/json.ts'
import { RunHistory } from './run-history.ts'
import { assertCode, assertEqual, assertTrue, bodiesOf, outcomeOf } from './law-asserts.ts'
import type { LawPlace, LawProcess } from './law-subject.ts'

export type Move =
  | {
      readonly kind: 'open'
      readonly process: number
      readonly run: number
      readonly takeover: Takeover
    }
  | { readonly kind: 'append'; readonly handle: number; readonly sizes: readonly number[] }
  | { readonly kind: 'append-and-die'; readonly handle: number; readonly sizes: readonly number[] }
  | { readonly kind: 'close'; readonly handle: number }
  | { readonly kind: 'die'; readonly process: number }
  | { readonly kind: 'lose-power'; readonly keep: number }
  | { readonly kind: 'read'; readonly process: number; readonly run: number }

const processes = 3
const runs = 2

const process = fc.nat({ max: processes - 1 })
const run = fc.nat({ max: runs - 1 })
const handle = fc.nat({ max: 20 })
const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 })
const takeover = fc.constantFrom<Takeover>('never', 'if-dead', 'if-dead', 'always')

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('open' as const), process, run, takeover }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), handle, sizes }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('append-and-die' as const), handle, sizes }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), handle }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), process }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose-power' as const), keep: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), process, run }) },
)

export const playArbitrary: fc.Arbitrary<readonly Move[]> = fc.array(move, {
  minLength: 1,
  maxLength: 25,
})

interface ModelRun {
  readonly id: string
  readonly history: RunHistory
  epoch: number
  owner: Handle | undefined
  /** How the newest life ended, where it did. */
  ended: 'closed' | 'died' | undefined
}

interface Handle {
  readonly journal: Journal
  readonly run: ModelRun
  readonly process: number
  closed: boolean
  fenced: boolean
}

export async function playOut(place: LawPlace, moves: readonly Move[]): Promise<void> {
  const play = new Play(place)
  for (const move of moves) await play.move(move)
  await play.end()
}

class Play {
  readonly #place: LawPlace
  readonly #processes: LawProcess[]
  readonly #runs: readonly ModelRun[]
  #handles: Handle[] = []
  #bodies = 0

  constructor(place: LawPlace) {
    this.#place = place
    this.#processes = Array.from({ length: processes }, () => place.start())
    this.#runs = Array.from({ length: runs }, (_, index) => ({
      id: `run-${index}`,
      history: new RunHistory(),
      epoch: 0,
      owner: undefined,
      ended: undefined,
    }))
  }

  async move(move: Move): Promise<void> {
    switch (move.kind) {
      case 'open':
        return this.#open(move.process, this.#run(move.run), move.takeover)
      case 'append':
        return this.#append(this.#handle(move.handle), move.sizes)
      case 'append-and-die':
        return this.#appendAndDie(this.#handle(move.handle), move.sizes)
      case 'close':
        return this.#close(this.#handle(move.handle))
      case 'die':
        return this.#die(move.process)
      case 'lose-power':
        return this.#losePower(move.keep)
      case 'read':
        return this.#read(move.process, this.#run(move.run))
    }
  }

  /** Whatever happened, the next owner has what was decided, and can go on. */
  async end(): Promise<void> {
    for (const run of this.#runs) {
      await this.#open(0, run, 'always')
      await this.#append(run.owner, [1])
      await this.#close(run.owner)
      await this.#read(1, run)
    }
  }

  async #open(process: number, run: ModelRun, takeover: Takeover): Promise<void> {
    const { backend } = this.#process(process)
    const outcome = await outcomeOf(backend.open(run.id, { takeover }))
    const owned = run.epoch > 0 && run.ended === undefined
    const refused = owned ? takeover !== 'always' : run.ended === 'died' && takeover === 'never'
    if (refused) {
      assertCode(outcome, ['RUN_OWNED'], `open of ${run.id} with ${takeover}`)
      return
    }
    if (outcome.kind === 'error') throw outcome.error
    const journal = outcome.value
    assertTrue(journal.epoch > run.epoch, `epoch ${journal.epoch} is above ${run.epoch}`)
    assertNothing(run.history.recovered(bodiesOf(journal.recovered)))
    assertEqual(
      journal.recovered.map(({ seq }) => seq),
      numbersTo(journal.recovered.length),
      'seqs',
    )
    if (run.owner !== undefined) run.owner.fenced = true
    run.epoch = journal.epoch
    run.ended = undefined
    run.owner = { journal, run, process, closed: false, fenced: false }
    this.#handles.push(run.owner)
  }

  /** Several overlapping appends, all awaited. */
  async #append(handle: Handle | undefined, sizes: readonly number[]): Promise<void> {
    if (handle === undefined) return
    const { journal, run } = handle
    const appends = sizes.map((size) => this.#newBodies(size))
    const before = run.history.decided.length
    const outcomes = await Promise.all(appends.map((bodies) => outcomeOf(journal.append(bodies))))
    if (handle.closed || handle.fenced) {
      const codes = handle.closed ? ['CLOSED'] : ['FENCED']
      for (const outcome of outcomes) assertCode(outcome, codes, 'an append of a life that ended')
      return
    }
    let seq = before
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind === 'error') throw outcome.error
      const bodies = appends[index] ?? []
      assertEqual(outcome.value, (seq += bodies.length), 'seq')
      run.history.appending(bodies)
      run.history.acknowledged()
    }
  }

  /** Several appends, none awaited, and then the process dies. */
  async #appendAndDie(handle: Handle | undefined, sizes: readonly number[]): Promise<void> {
    if (handle === undefined || this.#process(handle.process).kill === undefined) return
    const live = !handle.closed && !handle.fenced
    for (const size of sizes) {
      const bodies = this.#newBodies(size)
      if (live) handle.run.history.appending(bodies)
      // It dies before it could hear of it.
      handle.journal.append(bodies).catch(() => undefined)
    }
    for (let turn = 0; turn < sizes.length; turn++) await new Promise(setImmediate)
    this.#die(handle.process)
  }

  async #close(handle: Handle | undefined): Promise<void> {
    if (handle === undefined) return
    await handle.journal.close()
    if (!handle.closed && !handle.fenced) handle.run.ended = 'closed'
    handle.closed = true
  }

  #die(process: number): void {
    const { kill } = this.#process(process)
    if (kill === undefined) return
    kill()
    this.#bury((handle) => handle.process === process)
    this.#processes[process] = this.#place.start()
  }

  #losePower(keep: number): void {
    if (this.#place.losePower === undefined) return
    this.#place.losePower((index) => ((keep >> (index % 30)) & 1) === 1)
    this.#bury(() => true)
    this.#processes.fill(this.#place.start())
    for (let index = 0; index < processes; index++) this.#processes[index] = this.#place.start()
  }

  #bury(isDead: (handle: Handle) => boolean): void {
    for (const { run, ...handle } of this.#handles) {
      if (isDead({ run, ...handle }) && run.owner?.journal === handle.journal) {
        run.ended ??= 'died'
      }
    }
    this.#handles = this.#handles.filter((handle) => !isDead(handle))
  }

  async #read(process: number, run: ModelRun): Promise<void> {
    const image = await this.#process(process).backend.read(run.id)
    if (run.epoch === 0) {
      assertEqual(image, undefined, 'an image of a run that nobody opened')
      return
    }
    assertNothing(run.history.problemOf(bodiesOf(image?.records)))
    const certain = (image?.records.length ?? 0) - (image?.undecided ?? 0)
    assertTrue(certain <= run.history.decided.length, 'what is not decided is marked undecided')
  }

  #newBodies(size: number): readonly JsonValue[] {
    return Array.from({ length: size }, () => ({ n: ++this.#bodies }))
  }

  #process(index: number): LawProcess {
    return this.#processes[index] ?? this.#place.start()
  }

  #run(index: number): ModelRun {
    return this.#runs[index] as ModelRun
  }

  #handle(index: number): Handle | undefined {
    return this.#handles[index % Math.max(1, this.#handles.length)]
  }
}

function assertNothing(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(problem)
}

function numbersTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
