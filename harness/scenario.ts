/**
 * A scenario: what is asked of a system, what is done to it meanwhile, and what must and what may be seen.
 *
 * A scenario is data. Its workload is a fast-check arbitrary, so that a seed draws it and a failure shrinks; its fault
 * classes make schedules from what a control run recorded; its invariants are those of `checkers/`; its *sometimes*
 * properties say what must have happened in some case of a campaign, or the campaign has shown nothing.
 */
import type { Arbitrary } from 'fast-check'
import type { Schedule } from './fault.ts'
import type { History } from './history.ts'
import type { LiveCase } from './live/case.ts'
import type { Op } from './op.ts'
import type { Random } from './seed.ts'
import type { Claim } from './system.ts'
import type { Invariant } from './verdict.ts'
import type { Workload } from './workload.ts'

export interface Scenario {
  /** kebab-case, unique; part of every token. */
  readonly name: string
  /** What holds if nothing is found, one sentence. */
  readonly title: string
  /** Without these the scenario is skipped, with the reason. */
  readonly needs: readonly Claim[]
  readonly workload: Arbitrary<Workload>
  readonly faults: readonly FaultClass[]
  /** Judged where the system's claims allow; S1-S13 and L1 unless stated. */
  readonly invariants?: readonly Invariant[]
  readonly sometimes: readonly Sometimes[]
  /** Lives without a fault that a run may take to its end (L1). */
  readonly livesMax: number
}

/** What a control run showed: where faults can be put. */
export interface Control {
  readonly workload: Workload
  /** Of the main stream, in order of number: entry 0 is op 1. */
  readonly ops: readonly ControlOp[]
  /** Of the main stream, in order of number: entry 0 is message 1. Absent where there are none. */
  readonly messages?: readonly ControlMessage[]
  /** True for a program without hooks: its ops are its marks, and a fault can strike after one of them only. */
  readonly afterOnly?: boolean
  /** True where a life can only be killed, and only before an op: under strace. */
  readonly killsOnly?: boolean
  /** True where the ops were seen below the process: a recovery there may have far fewer of them than a first life. */
  readonly isNative?: boolean
}

export interface ControlOp {
  /** 1, 2, 3 … */
  readonly n: number
  readonly op: Op
  /** Of an op of kind `mark`: the name of the mark, the step or child that it names, and how many records it speaks of. */
  readonly mark?: string
  readonly about?: string
  readonly records?: number
}

/** A message that the control sent. */
export interface ControlMessage {
  /** 1, 2, 3 … */
  readonly m: number
  readonly kind: 'connect' | 'send'
  /** Of a send. */
  readonly bytes: number
  /** The last op before it; 0 where there is none. */
  readonly op: number
}

/** One way of doing harm. */
export interface FaultClass {
  readonly name: string
  /** Without these it is left out, with the reason. */
  readonly needs?: readonly Claim[]
  /** Kills a service: left out, with the reason, where the system has none of scope `case`. */
  readonly needsService?: true
  /** How many cases it gives in each round of the classes of its scenario: a whole number from 1, the default. */
  readonly weight?: number
  /** Its cases in an order of their own, without end or until there are no more: in place of all and of draws. */
  readonly series?: (control: Control, random: Random) => Iterable<CasePlan>
  /** Every schedule of this class that is worth a case of its own; absent where there is no such list. */
  readonly all?: (control: Control) => readonly CasePlan[]
  /** One more, drawn. `undefined` where this workload gives no occasion. */
  readonly draw: (control: Control, random: Random) => CasePlan | undefined
}

/** What is done to one case. */
export interface CasePlan {
  readonly schedule: Schedule
  /** A kill at a moment that no op decides; it is printed as the exact kill that it turned out to be. */
  readonly randomKill?: LiveCase['randomKill']
}

/** Something that must happen in some case. */
export interface Sometimes {
  readonly name: string
  readonly needs?: readonly Claim[]
  /** Cannot happen to a program whose ops are not seen (`Control.afterOnly`): then it is left out, with the reason. */
  readonly needsOps?: true
  readonly happened: (history: History) => boolean
  /** A case that makes it happen, or several of which one does; they run first. */
  readonly directed?: (control: Control) => CasePlan | readonly CasePlan[] | undefined
}
