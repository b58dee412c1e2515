/**
 * What a shard of an exploration is told and what it answers, as plain data: it runs in a process of its own.
 */
import type { StateBounds } from '../disk-model/states.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import type { Judged } from '../checkers/context.ts'
import type { Invariant, Verdict } from '../verdict.ts'
import type { Workload } from '../workload.ts'

/** Kinds of crash that are explored. */
export const crashKinds = ['kill', 'power-loss'] as const
export type CrashKind = (typeof crashKinds)[number]

/** A recorded case, ready to be crashed: everything that its crash states and their recovery depend on. */
export interface CaseOrder {
  readonly workload: Workload
  readonly runId: string
  readonly seed: string
  readonly profile: ProfileName
  readonly system: Judged
  /** Told to every life besides the contract. */
  readonly environment: Readonly<Record<string, string>>
  /** Lives without a fault that the run may take to its end. */
  readonly livesMax: number
  readonly invariants?: readonly Invariant[]
  /** Op log of the control's life. */
  readonly controlLog: string
  /** Ledger of the control. */
  readonly controlLedger: string
}

/** One part of an exploration. */
export interface ShardOrder {
  readonly order: CaseOrder
  /** The worker as one CommonJS file, without hooks. */
  readonly bundle: string
  /** This part, from 0, of so many: images are dealt by their hash. */
  readonly shard: number
  readonly shards: number
  readonly bounds: StateBounds
  readonly crashes: readonly CrashKind[]
}

/** A crash state that breaks an invariant, or about which nothing can be said. */
export interface ShardFinding {
  /** Of the first life, in the schedule grammar. */
  readonly fault: string
  /** Number of the op at which it crashed. */
  readonly op: number
  readonly verdict: Verdict
  readonly invariant?: Invariant
  readonly what: string
  readonly details: readonly string[]
  /** Equal for states that show the same. */
  readonly fingerprint: string
  /** States with this fingerprint in this shard. */
  readonly count: number
}

/** What a shard did. */
export interface ShardReport {
  /** States that exist under the grain and the profile, over all points; the same in every shard. */
  readonly exists: number
  /** States that were built; the same in every shard. */
  readonly built: number
  readonly points: number
  readonly ops: number
  /** Distinct images of this shard. */
  readonly images: number
  /** Distinct pairs of image and ledger prefix that were judged in this shard. */
  readonly checked: number
  /** Recoveries that were run, and the lives in them. */
  readonly recoveries: number
  readonly lives: number
  readonly findings: readonly ShardFinding[]
  /** Why states of this case cannot be recovered in memory. */
  readonly unsupported?: string
}
