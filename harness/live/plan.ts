/**
 * Splits the faults of one life between those who carry them out.
 *
 * The hooks inside the worker do what happens inside it: kills, errors, short writes. Everything that somebody else does to
 * it, at an exact op, is a *hold*: the hooks stop the process there (SIGSTOP, the way a zombie is made), the harness sees it
 * stopped, acts, and lets it go on. So a SIGTERM, a verb of another process, the death of a service or the return of a zombie
 * falls between the same two ops every time, and a zombie is the hold that nobody ends until its successor is done.
 *
 *  1  Every fault of the schedule is in exactly one part of the plan.
 *  2  A hold is known by its text and its op: two acts at one position are two holds, ended one after the other.
 */
import { killsService, position } from '../fault.ts'
import type { Fault, LifeFaults, Position } from '../fault.ts'
import { positionText, stringifyFault } from '../fault-text.ts'
import type { HookFault, WireFault } from '../hooks/fault.ts'
import { holdFault, translateFault } from './hook-faults.ts'
import type { Translated } from './hook-faults.ts'

/** What the harness does while a process is held. */
export type HeldAct =
  /** Leaves it stopped; its successor follows. */
  | { readonly kind: 'leave'; readonly until: 'done' | Position }
  | { readonly kind: 'terminate' }
  /** Runs a verb from outside to its end; `nth` of its kind in the workload, from 1. */
  | { readonly kind: 'act'; readonly verb: 'signal' | 'cancel'; readonly nth: number }
  /** Starts another worker of the run beside it, and waits for its end. */
  | { readonly kind: 'rival' }
  /** Kills a service of the system, by number from 1, and starts it again. */
  | { readonly kind: 'kill-service'; readonly nth: number }
  /** Waits until its fellow resumers are held too. */
  | { readonly kind: 'barrier' }
  /** Lets the zombie of the life before go on, and waits for its end. */
  | { readonly kind: 'wake-zombie' }
  /** Hands it over to the warden, which lets it go on and aims a shot at it. */
  | { readonly kind: 'aim' }
  /** Waits for that shot: a run must not end before it falls. */
  | { readonly kind: 'await-shot' }

/** A position at which the process is held, and what is done then. */
export interface Hold {
  /**
   * What the `fault` mark says when the process is held, and the op at which it does. A hold that is no part of a fault has
   * no text and no mark: it is seen by the state of the process alone, and comes before all others.
   */
  readonly text: string
  readonly op: number
  /** The fault of the schedule that it carries out; absent where the harness itself needs the hold. */
  readonly fault?: Fault
  readonly act: HeldAct
}

/** A fault that cannot be carried out on a live process of this kind. */
export interface Impossible {
  readonly fault: Fault
  readonly why: string
}

/** What the harness does before a life. */
export type BeforeLife = Extract<Fault, { kind: 'clock' | 'rot' | 'pid-recycled' }>

/** What happens in one life. */
export interface LifePlan {
  /** Done by the harness before the process starts, in order. */
  readonly before: readonly BeforeLife[]
  /** Processes that are started; more than one are resumers. */
  readonly count: number
  /** Carried out by the hooks alone. */
  readonly inside: readonly Fault[]
  readonly holds: readonly Hold[]
  readonly impossible: readonly Impossible[]
  /** For the hooks of the first process, in order. */
  readonly hooks: readonly (HookFault | WireFault)[]
}

/** What a life inherits from the case around it. */
export interface PlanContext {
  /** The zombie of the life before, where it wakes at a position of this one. */
  readonly zombie?: { readonly fault: Fault; readonly wakeAt: Position }
  /** For a random kill: the op at which it is aimed, and the last one of the run. */
  readonly shot?: { readonly aimAt: number; readonly last: number }
}

/** The plan of a life. */
export function planLife(faults: LifeFaults, context: PlanContext = {}): LifePlan {
  const planner = new Planner()
  const { zombie, shot } = context
  // It is the second half of the same fault, and is told under the same text.
  if (zombie !== undefined)
    planner.hold(stringifyFault(zombie.fault), zombie.wakeAt, { kind: 'wake-zombie' })
  for (const fault of faults) planner.add(fault)
  if (shot !== undefined) {
    planner.hold('', position(shot.aimAt), { kind: 'aim' })
    const last = position(shot.last)
    // Who comes here before the shot dies here: the text is that of the exact kill.
    if (shot.aimAt < shot.last) planner.hold(`K${positionText(last)}`, last, { kind: 'await-shot' })
  }
  return planner
}

/** What the hooks of one process are told. Resumers after the first have the barrier and nothing else. */
export function hookFaultsOf(plan: LifePlan, resumer = 0): readonly (HookFault | WireFault)[] {
  if (resumer === 0) return plan.hooks
  const barrier = plan.holds.find((hold) => hold.act.kind === 'barrier')
  return plan.hooks.filter((fault) => fault.text === barrier?.text)
}

class Planner implements LifePlan {
  readonly before: BeforeLife[] = []
  count = 1
  readonly inside: Fault[] = []
  readonly holds: Hold[] = []
  readonly impossible: Impossible[] = []
  readonly hooks: (HookFault | WireFault)[] = []

  add(fault: Fault): void {
    switch (fault.kind) {
      case 'clock':
      case 'rot':
      case 'pid-recycled':
        this.before.push(fault)
        return
      case 'resumers':
        this.count = fault.count
        this.#holdFor(fault, fault.barrier ?? position(1), { kind: 'barrier' })
        return
      case 'zombie':
        if (fault.until !== 'done' && !this.#hook(holdFault('', fault.until), fault, false)) return
        this.#holdFor(fault, fault.at, { kind: 'leave', until: fault.until })
        return
      case 'sigterm':
        this.#holdFor(fault, fault.at, { kind: 'terminate' })
        return
      case 'outside':
        this.#holdFor(fault, fault.at, { kind: 'act', verb: fault.verb, nth: fault.nth })
        return
      case 'rival':
        this.#holdFor(fault, fault.at, { kind: 'rival' })
        return
      case 'server-kill':
        this.#holdFor(fault, fault.at, { kind: 'kill-service', nth: fault.nth })
        return
      case 'message':
        this.#message(fault)
        return
      default:
        if (this.#hook(translateFault(fault), fault)) this.inside.push(fault)
    }
  }

  hold(text: string, at: Position, act: HeldAct, fault?: Fault): void {
    if (this.#hook(holdFault(text, at), fault))
      this.holds.push({ text, op: at.op, act, ...(fault === undefined ? {} : { fault }) })
  }

  #message(fault: Extract<Fault, { kind: 'message' }>): void {
    if (!this.#hook(translateFault(fault), fault)) return
    if (!killsService(fault)) return void this.inside.push(fault)
    const act = { kind: 'kill-service', nth: 1 } as const
    this.holds.push({ text: stringifyFault(fault), op: fault.at.op, act, fault })
  }

  #holdFor(fault: Fault, at: Position, act: HeldAct): void {
    this.hold(stringifyFault(fault), at, act, fault)
  }

  #hook(translated: Translated, fault: Fault | undefined, here = true): boolean {
    if (translated.kind === 'hook' && here) this.hooks.push(translated.fault)
    if (translated.kind === 'impossible' && fault !== undefined)
      this.impossible.push({ fault, why: translated.why })
    return translated.kind === 'hook'
  }
}
