/**
 * Workloads: what a scenario asks a system to do, as plain data.
 *
 * A workload is a tree of tasks. Every task that does or waits for something has an `id`, unique in the workload: the
 * oracle counts effects by that id, whatever keys the system derives. Each system maps the tree onto its own idiom
 * (`step` = its unit of committed work, `child` = its sub-workflow …) and reports marks (see `mark.ts`).
 *
 * The partial order that the oracle uses is read off the tree: members of a `sequence`, and iterations of a `loop`, are
 * ordered; members of `parallel` and calls of a `tools` batch are not; a `child` is ordered like the task it stands for.
 */

/** How the outside world takes an effect. `keyed`: the receiver deduplicates by key. `once`: it does not. */
export type EffectKind = 'keyed' | 'once' | 'none'

/** A unit of work whose result is committed once. Its result is the nonce that its effect drew. */
export interface StepTask {
  readonly kind: 'step'
  readonly id: string
  readonly effect: EffectKind
  /** Bytes of padding in the result, for large payloads; default 0. */
  readonly resultBytes?: number
  /** Units of money that one attempt spends, and at most reserves; default 0. */
  readonly cost?: number
  /** Attempts that fail before one succeeds, declared to the system as retries; default 0. */
  readonly fails?: number
}

export type Task =
  | StepTask
  | { readonly kind: 'sequence'; readonly of: readonly Task[] }
  | { readonly kind: 'parallel'; readonly of: readonly Task[] }
  /**
   * One model turn that asks for a batch of tool calls, run at once, each committed on its own, answered in one transcript.
   * `continues`: that of the batch before it in its sequence, whose call ids it repeats, as models do; default a new one.
   */
  | {
      readonly kind: 'tools'
      readonly id: string
      readonly calls: readonly StepTask[]
      readonly continues?: boolean
    }
  /** Committed iterations: a restart continues after the last committed one. `stateBytes`: padding in its state; default 0. */
  | {
      readonly kind: 'loop'
      readonly id: string
      readonly iterations: readonly Task[]
      readonly stateBytes?: number
    }
  /**
   * A nested driver with a subtree of its own, committed when it finishes. `cancelledLate`: its parent cancels it when it has
   * its result, which changes nothing; default it does not.
   */
  | {
      readonly kind: 'child'
      readonly id: string
      readonly of: Task
      readonly budget?: number
      readonly cancelledLate?: boolean
    }
  /** A durable timer, due `afterMs` after it was first armed, by the clock of the harness. */
  | { readonly kind: 'timer'; readonly id: string; readonly afterMs: number }
  /** Waits for a signal of this name, sent from outside the worker. */
  | { readonly kind: 'signal'; readonly id: string; readonly name: string }
  /** A child that is another executable; its effect happens in that process. */
  | { readonly kind: 'command'; readonly id: string; readonly effect: EffectKind }
  /** Kills its own process (SIGKILL) on its first `kills` attempts over all lives; then succeeds. */
  | { readonly kind: 'poison'; readonly id: string; readonly kills: number }

export interface Workload {
  readonly root: Task
  /** Units of money for the whole run; absent = unlimited. */
  readonly budget?: number
  /** Milliseconds from the first begin to the run's absolute deadline, by the clock of the harness. */
  readonly deadlineMs?: number
  /** Steps that may be under way at once; the widest parallel part. */
  readonly inFlightMax: number
  /** The life that resumes the run as another one than it began as, and must be refused. */
  readonly otherTaskInLife?: number
  /** What is other then; the task unless stated. */
  readonly otherPart?: 'task' | 'profile' | 'budget'
  /** Consecutive lives without progress after which the system ends the run by itself; absent = the system's default. */
  readonly livesMax?: number
  /** What another process does to the run, and when: as soon as the effect of step `after` is in the ledger (or at once). */
  readonly outside?: readonly OutsideAct[]
}

export type OutsideAct =
  | {
      readonly kind: 'signal'
      readonly name: string
      readonly payload: string
      readonly after?: string
    }
  | { readonly kind: 'cancel'; readonly after?: string }
