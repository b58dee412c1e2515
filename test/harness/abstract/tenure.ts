/** What a life of the abstract runtime is made of: its surroundings, its state, and its ways to end. */
import type { Random } from '../../../harness/seed.ts'
import type { StepTask, Workload } from '../../../harness/workload.ts'
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
export class LifeOver extends Error {
  readonly end: End
  constructor(end: End) {
    super(end)
    this.end = end
  }
}

/** Ends the run. */
export class RunOver extends Error {
  readonly status: 'failed' | 'cancelled'
  readonly code: string | undefined
  constructor(status: 'failed' | 'cancelled', code?: string) {
    super(status)
    this.status = status
    this.code = code
  }
}

/** Results by step id. */
export type Outcome = Record<string, string>
/** What a step, a call and a command have in common. */
export type Work = Pick<StepTask, 'id' | 'effect' | 'cost' | 'fails'>

/** Records that wait for their ack. */
export interface Waiting {
  readonly entries: readonly Entry[]
  isPushed: boolean
  isAcked: boolean
  /** Its group in the store. */
  number?: number | undefined
  isTold?: boolean
}

/** The state of one life. */
export class Tenure {
  readonly n: number
  readonly given: Surroundings
  clock: number
  /** Ops done. */
  ops = 0
  isStopping = false
  epoch = 0
  /** What the open found, and what this life appended. */
  image: readonly Entry[] = []
  readonly own: Entry[] = []
  /** Messages that a wait of this life took. */
  readonly taken = new Set<string>()
  /** Why nothing more is appended. */
  poison: 'fenced' | 'error' | undefined
  queue: Waiting[] = []
  isWriting = false
  writes = 0
  writer: Strand<void> | undefined
  group: readonly Waiting[] = []
  /** What ends the run, once a strand has said so. */
  failure: RunOver | undefined

  constructor(given: Surroundings, clock: number) {
    this.given = given
    this.n = given.teller.life
    this.clock = clock
  }
}

/** The record of this type and id, if it was recovered. */
export function findEntry(t: Tenure, type: string, id?: string): Entry | undefined {
  const isIt = (entry: Entry): boolean => entry.type === type && entry.id === id
  return t.image.find(isIt) ?? (type === 'begin' ? t.own.find(isIt) : undefined)
}

/** One text per record. */
export function hashOf(entry: Entry): string {
  return JSON.stringify(entry)
}
