/**
 * What every checker is given: the case, and what is derived from it once.
 *
 * Checkers are pure functions from a {@link CaseView} to findings. Nothing here reads the runtime's own journal.
 */
import { parseFaults } from '../fault-parse.ts'
import type { Schedule } from '../fault.ts'
import type { History, Located } from '../history.ts'
import { endOf, groupBy } from '../history.ts'
import type { WorkerMarkName } from '../mark.ts'
import type { Model } from '../model.ts'
import { modelOf, widthOf } from '../model.ts'
import type { Claim } from '../system.ts'
import type { Workload } from '../workload.ts'
import { commitsOf } from './commits.ts'
import type { Commits } from './commits.ts'
import type { CostSample } from './cost-sample.ts'
import type { Finding } from './finding.ts'
import { imageProblems } from './images.ts'
import type { ImageProblem } from './images.ts'
import { Ownership } from './ownership.ts'
import { redoneEffects } from './redone.ts'
import type { Redone } from './redone.ts'
import { isVoid, voidWindows } from './void.ts'
import type { Fired, Window } from './void.ts'

/** The parts of a system's description that a judgement rests on; a `System` is one. */
export interface Judged {
  readonly claims: readonly Claim[]
  readonly takeoverMsMax: number
  readonly inFlightMax?: number
}

/** One case to be judged. */
export interface CheckContext {
  readonly history: History
  readonly workload: Workload
  readonly system: Judged
  readonly schedule: Schedule
  /** Lives without a fault that a run may take to its end (the scenario's `livesMax`). */
  readonly livesMax: number
  /** The same case without a fault. */
  readonly control?: History
  /** True where the scenario says that every run of it ends as the control did. */
  readonly isDeterministic?: boolean
  /** Costs at several lengths, where somebody measured them. */
  readonly costs?: readonly CostSample[]
  /** True for an audit: nothing is excused, so that a lying sync shows what it is needed for. */
  readonly isAudit?: boolean
}

/** A pure function from a case to what is broken in it. */
export type Checker = (view: CaseView) => readonly Finding[]

// One workload is judged many thousand times over its crash states.
const models = new WeakMap<Workload, Model>()

/** A case with what is derived from it; each part is computed when it is first asked for. */
export class CaseView {
  readonly context: CheckContext
  readonly history: History
  readonly model: Model
  readonly ownership: Ownership
  /** Faults that fired, in ledger order. Throws UsageError for a `fault` mark that is no fault. */
  readonly fired: readonly Fired[]
  readonly windows: readonly Window[]
  /** Steps in flight at once: the weakest of the scenario's word, the system's, and the workload's width. */
  readonly inFlightMax: number
  #commits: Commits | undefined
  #effects: ReadonlyMap<string, readonly Located<'effect'>[]> | undefined
  #images: readonly ImageProblem[] | undefined
  #redone: readonly Redone[] | undefined

  constructor(context: CheckContext) {
    const { history, workload, system } = context
    this.context = context
    this.history = history
    this.model = models.get(workload) ?? modelOf(workload)
    models.set(workload, this.model)
    this.ownership = new Ownership(history, this.claims('fencing'))
    this.fired = history
      .of('fault')
      .flatMap(({ fault, life, index }) =>
        parseFaults(fault).map((each) => ({ fault: each, life, index })),
      )
    const width = widthOf(this.model.root)
    this.inFlightMax = Math.max(workload.inFlightMax, system.inFlightMax ?? 1, width)
    this.windows =
      context.isAudit === true ? [] : voidWindows(history, this.fired, this.inFlightMax)
  }

  /** True where the system claims it. */
  claims(claim: Claim): boolean {
    return this.context.system.claims.includes(claim)
  }

  /** True for places in the ledger that count for nothing. */
  readonly isVoid = (index: number): boolean => isVoid(this.windows, index)

  /** True where the mark occurs in the case or in its control. */
  gives(mark: WorkerMarkName): boolean {
    return this.history.of(mark).length > 0 || (this.context.control?.of(mark).length ?? 0) > 0
  }

  /** The effects of one step, in ledger order. */
  effectsOf(step: string): readonly Located<'effect'>[] {
    this.#effects ??= groupBy(this.history.of('effect'), ({ step }) => step)
    return this.#effects.get(step) ?? []
  }

  /** True for an effect that counts for nothing. A command's may show after its life's end; it began before that. */
  isVoidEffect({ index, life }: Located<'effect'>): boolean {
    return (
      this.windows.length > 0 && this.isVoid(Math.min(index, endOf(this.history.lives.get(life))))
    )
  }

  /** When each step was committed. */
  get commits(): Commits {
    this.#commits ??= commitsOf(this)
    return this.#commits
  }

  /**
   * True where the life with another task came before anything was committed, and found nothing: the run is that task's then, and
   * it is the other lives that have to be refused.
   */
  get isOthersRun(): boolean {
    const { otherTaskInLife: other } = this.context.workload
    const open = this.history.opens.find(({ life }) => life === other)
    if (other === undefined || open === undefined || (open.hashes ?? []).length > 0) return false
    const counts = ({ index }: { readonly index: number }): boolean =>
      index < open.index && !this.isVoid(index)
    const kinds = ['ack', 'effect', 'observed', 'done'] as const
    return !kinds.some((kind) => this.history.of(kind).some(counts))
  }

  /** Effects that ran again though they should not. */
  get redone(): readonly Redone[] {
    this.#redone ??= redoneEffects(this)
    return this.#redone
  }

  /** What is wrong with what opens found. */
  get images(): readonly ImageProblem[] {
    this.#images ??= imageProblems({
      history: this.history,
      ownership: this.ownership,
      isVoid: this.isVoid,
      hasEpochs: this.claims('fencing'),
    })
    return this.#images
  }
}
