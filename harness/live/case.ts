/**
 * What the live engine is asked and what it answers, as plain data.
 */
import type { DirectoryImage } from '../directory-image.ts'
import type { Fault, Schedule } from '../fault.ts'
import type { LedgerEntry } from '../ledger.ts'
import type { TraceColumns } from '../report/result/result.ts'
import type { ControlMessage, ControlOp } from '../scenario.ts'
import type { Trace, TracedOp } from '../trace.ts'
import type { Workload } from '../workload.ts'
import type { Trouble } from './trouble.ts'

/** One case: a workload, a seed and what is injected into which life. */
export interface LiveCase {
  /** Unique in its campaign; letters, digits, `-`, `_` and `.`. Names its directory and marks its processes. */
  readonly id: string
  readonly runId: string
  readonly workload: Workload
  /** All randomness of the case comes from it. */
  readonly seed: string
  readonly schedule: Schedule
  /** A kill at a random moment, in a life that the schedule leaves alone. */
  readonly randomKill?: RandomKill
  /** Lives without a fault that the run may take to end, after the last one with a fault (L1). Default 3. */
  readonly livesMax?: number
  /** Lives that start the finished run once more. Default 0. */
  readonly livesAfterDone?: number
  /** Default `plain`; `counted` is taken for a life that is killed at random. */
  readonly lane?: 'plain' | 'counted' | 'recording'
  /** Default `serial`. */
  readonly order?: 'serial' | 'native'
  /**
   * What becomes of a life's descendants when it ends. `die` (default): they are killed with it, as with its container.
   * `stay`: they go on, as after a kill of the worker alone, until the case ends.
   */
  readonly descendants?: 'die' | 'stay'
  /** By the clock of the harness, milliseconds since the epoch at the start of the first life. */
  readonly clockMs?: number
  /** Keep what each entry of the schedule leaves in the state directory. */
  readonly images?: boolean
  /** A case without a fault whose end is known: anything but `done` in the first life is trouble. */
  readonly control?: boolean
}

/** A kill by the harness, at a moment that no op decides. */
export interface RandomKill {
  /** The life, from 1, as an entry of the schedule. */
  readonly life: number
  /** Ops of that life when nobody kills it, on the main stream: the kill lands before the last one. */
  readonly ops: number
  /** Which of the kills that this case's seed gives; default 0. */
  readonly draw?: number
}

/** How a process ended: `code` and `signal` as the kernel reports them. */
export interface ProcessFacts {
  /** As in every mark: processes of a case are numbered 1, 2, 3 … in order of start. */
  readonly life: number
  readonly pid: number
  readonly verb: 'run' | 'signal' | 'cancel'
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Whether the harness ended it because it was given no more time: an overlong grace time, a zombie, a wedge. */
  readonly putDown: boolean
  /** The last words on stderr. */
  readonly stderr: string
  /** Bytes that it wrote to stderr. */
  readonly stderrBytes: number
  /** Whether descendants in its group outlived it, and were killed. */
  readonly leftGroup: boolean
}

/** A process that had the run, or tried to. */
export interface LifeFacts extends ProcessFacts {
  readonly verb: 'run'
  /** Entry of the schedule, from 1; lives beyond the schedule go on counting. Resumers share one. */
  readonly slot: number
  readonly takeover: 'if-dead' | 'always'
  /** Faults that are proven to have fired in it: by the line of the hooks, and by the end or the stop that was seen. */
  readonly fired: readonly Fault[]
  /** Faults that it was given and that did not fire. */
  readonly unfired: readonly Fault[]
  /** Whether it made any mark at all. */
  readonly marked: boolean
  /** Whether it made the mark `done`. */
  readonly done: boolean
  /** Of some lives behind another, which met no fault: what they found, and how long it took until they were back. */
  readonly recovery?: { readonly bytes: number; readonly ms: number }
}

/** What a count file tells. */
export interface CountedOps {
  /** The highest op that was begun. */
  readonly begun: number
  /** Ops that were begun and not completed: at most one in serial order. */
  readonly open: readonly number[]
}

/** A verb that was run from outside. */
export interface ActFacts extends ProcessFacts {
  readonly verb: 'signal' | 'cancel'
  /** Which of the workload's `outside` acts, from 0. */
  readonly act: number
}

/** How a case ended. Only the first three are for a checker; the others say that there is nothing to judge. */
export type Ending =
  /** A life without a fault ended with `done` and exit code 0. */
  | { readonly kind: 'done' }
  /** The stated number of lives without a fault was used up. */
  | { readonly kind: 'unfinished' }
  /** No mark and no change to its files for `quietMs`, confirmed with nothing else running (L1). */
  | { readonly kind: 'wedged'; readonly life: number; readonly quietMs: number }
  /** A fault did not fire, or not cleanly: this is no case. Draw another. */
  | {
      readonly kind: 'not-fired'
      readonly life: number
      readonly faults: readonly Fault[]
      readonly why: string
    }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }

/** Everything that is known of one case after it ran. */
export interface CaseRun {
  readonly case: LiveCase
  readonly ending: Ending
  /** The ledger, whole. */
  readonly ledger: Uint8Array
  /** The same, read. Without problems unless the ending is trouble or `not-fired`. */
  readonly entries: readonly LedgerEntry[]
  /** In order of start. */
  readonly lives: readonly LifeFacts[]
  readonly acts: readonly ActFacts[]
  /** Command lines of processes that outlived the case, and were killed. */
  readonly orphans: readonly string[]
  /** Of a case that took the disk model: the ops whose effect its crashes took, by life. */
  readonly missing?: ReadonlyMap<number, readonly TracedOp[]>
  /** Where a random kill landed, and what replays it. */
  readonly landed?: Landed
  /** In lane `recording`: the traces of each life, main stream first. */
  readonly traces?: ReadonlyMap<number, readonly Trace[]>
  /** In place of `traces`, of a control that an earlier process of its campaign ran. */
  readonly kept?: KeptTrace
  /** Why an executable is driven by its marks although there are native hooks: what these saw is not what it did. */
  readonly unseen?: string
  /** Why there are no native hooks, where strace showed its ops. */
  readonly traced?: string
  /** What each entry of the schedule left in the state directory, from 1, where that was asked for. */
  readonly images?: ReadonlyMap<number, DirectoryImage>
  /** The directories of the case, where they were kept. */
  readonly directory?: string
}

/** What a campaign reads of the trace of a control: its main stream. */
export interface KeptTrace {
  readonly ops: readonly ControlOp[]
  readonly messages?: readonly ControlMessage[]
  /** Whether they were seen below the process. */
  readonly isNative: boolean
  /** Whether strace showed them. */
  readonly killsOnly?: boolean
  /** As a reader is told them. */
  readonly told: Omit<TraceColumns, 'scenario' | 'system' | 'seed'>
}

/** Where a random kill landed. */
export interface Landed {
  readonly life: number
  /** The exact schedule that kills at the same point. */
  readonly schedule: Schedule
  /** `exact`: the state that the kill left is the one that the schedule leaves. `near`: it may differ inside that op. */
  readonly precision: 'exact' | 'near'
}
