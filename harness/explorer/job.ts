/**
 * What a shard of an exploration is told and what it answers, as plain data: it runs in a process of its own.
 */
import type { Judged } from '../checkers/context.ts'
import type { ProfileName } from '../disk-model/profile.ts'
import type { StateBounds } from '../disk-model/states.ts'
import type { RecoveryPoint } from '../recovery.ts'
import type { Invariant, Verdict } from '../verdict.ts'
import type { Workload } from '../workload.ts'
import type { PointOutcome } from './point-map.ts'

/**
 * What is done to a life. `error`: storage errors at every op that they can hit, alone and with a crash behind them. `rot`: the
 * media are damaged between two lives.
 */
export const harmNames = ['kill', 'power-loss', 'error', 'rot'] as const
/** Name of a kind of harm. */
export type Harm = (typeof harmNames)[number]

/** A case before any fault: everything that its lives depend on. */
export interface CaseOrder {
  readonly workload: Workload
  readonly runId: string
  readonly seed: string
  readonly profile: ProfileName
  readonly system: Judged
  /** Told to every life besides the contract. */
  readonly environment: Readonly<Record<string, string>>
  /** Lives without a fault that the run may take to its end, its own poison apart. */
  readonly livesMax: number
  /** Lives without a fault that it is given: those, and as many more as its poison kills. */
  readonly livesGiven: number
  readonly invariants?: readonly Invariant[]
}

/** A life of a control. */
export interface ControlLog {
  /** Path of its op log. */
  readonly log: string
  /** Op behind which it was killed, because it would have waited for ever; absent: it ended by itself. */
  readonly endsAfter?: number
}

/** A case whose control was recorded. */
export interface RecordedOrder extends CaseOrder {
  /** Op logs of the lives of the control that are explored. */
  readonly controlLogs: readonly ControlLog[]
  /** Ledger of the control. */
  readonly controlLedger: string
}

/** What a shard process says when a report is written. */
export const doneWord = 'done'

/** How far a shard is in what it does now. */
export interface ShardProgress {
  /** What it goes through, one after the other. */
  readonly through: 'crash points' | 'held recoveries' | 'storage errors' | 'damages' | 'syncs'
  /** How many of these are behind it, and how many there are. */
  readonly done: number
  readonly of: number
  /** Cases that were judged so far, and findings among them. */
  readonly checked: number
  readonly findings: number
  /** The simplest of them of each kind: what is known of a shard that does not live to report. */
  readonly found?: readonly ShardFinding[]
}

/** One part of an exploration. */
export interface ShardOrder {
  readonly order: RecordedOrder
  /** The worker as one CommonJS file, without hooks. */
  readonly bundle: string
  /** This part, from 0, of so many: images are dealt by their hash. */
  readonly shard: number
  readonly shards: number
  readonly bounds: StateBounds
  readonly harms: readonly Harm[]
  /** Crashes in a row; from the second on they hit recovery. */
  readonly depth: number
  /** Of all that is dealt, one in so many is done; which ones the seed says, not the number of shards. Default 1: all. */
  readonly oneIn?: number
  /** Of all cases one of each kind (`case-kinds.ts`), whatever the number of shards. Default false: all. */
  readonly perKind?: boolean
  /** Of the states of one depth, those that are crashed again: every one (1), every second, … by their hash. */
  readonly nestedEvery: number
  /** Real milliseconds from the shard's start after which no further point is begun. */
  readonly budgetMs?: number
  /** What recoveries are sampled as: the start of their tokens, and whose they are. Absent: they are not. */
  readonly sampled?: {
    readonly scenario: string
    readonly system: string
    readonly prefix: string
  }
  /** In place of all harm: each sync lies in turn, and nothing is excused. */
  readonly isAudit?: boolean
  /** The exploration ends with the first finding of one of these. */
  readonly stopAt?: readonly Verdict[]
  /** Lives are foreign programs in processes of their own; of the states of the first life these alone (`in-processes.ts`). */
  readonly chosen?: ReadonlySet<string>
}

/** An op that a case would have passed with. */
export interface Guilt {
  /** Life and number of the op. */
  readonly life: number
  readonly op: number
  /** `write run/000001.log +118 bytes at 0`. */
  readonly text: string
  /** Raw positions, innermost first. */
  readonly frames: readonly string[]
  /** The op of the mark that relied on it: the ack. */
  readonly reliedOn?: number
}

/** A crash state that breaks an invariant, or about which nothing can be said. */
export interface ShardFinding {
  /** All lives, in the schedule grammar. */
  readonly schedule: string
  /** Number of the op of the last fault. */
  readonly op: number
  /** Units that are not there: fewer is simpler. */
  readonly missing: number
  readonly verdict: Verdict
  readonly invariant?: Invariant
  readonly what: string
  readonly details: readonly string[]
  readonly guilt?: Guilt
  /** Equal for states that show the same. */
  readonly fingerprint: string
  /** States with this fingerprint in this shard. */
  readonly count: number
}

/** A sync, and what came of it when it lied. */
export interface AuditedSync {
  readonly life: number
  readonly op: number
  /** `datasync run/000001.log`. */
  readonly text: string
  /** Raw positions, innermost first. */
  readonly frames: readonly string[]
  /** Whether a power loss can leave a state that it cannot leave otherwise. */
  readonly differs: boolean
  /** The first breach, where there is one. */
  readonly verdict?: Verdict
  readonly invariant?: Invariant
  readonly what?: string
  readonly schedule?: string
}

/** How much there was. */
export interface ShardCounts {
  /** States that exist under the grain and the profile, over all points. */
  readonly exists: number
  /** States that were built. */
  readonly built: number
  /** Distinct images among those. */
  readonly images: number
  /** Distinct pairs of image and ledger prefix that were judged. */
  readonly checked: number
  /** Recoveries that were run, and lives in them. */
  readonly recoveries: number
  readonly lives: number
  /** Storage errors that were tried, and those that never fired. */
  readonly errors: number
  readonly unfired: number
  /** Of what was checked: with two crashes or more. */
  readonly nested: number
}

/** What a shard did. */
export interface ShardReport {
  /** Of the lives of the control that are explored; the same in every shard. */
  readonly ops: number
  readonly points: number
  /** Points of these lives that there was no time for. */
  readonly pointsLeft: number
  readonly counts: ShardCounts
  readonly findings: readonly ShardFinding[]
  /** What came of the crashes of the run's own life in the control, by place. */
  readonly map?: readonly PointOutcome[]
  /** A sample of the first lives behind a crash of the first life. */
  readonly recoveries?: readonly RecoveryPoint[]
  /** What it cost, for whoever measures: milliseconds of its process, and the most memory that it held, in bytes. */
  readonly spent?: { readonly cpuMs: number; readonly bytesMax: number }
  /** Distinct states of the first life, and how many of them were to be recovered, where that is a draw. */
  readonly drawn?: { readonly chosen: number; readonly distinct: number }
  /** Of an audit. */
  readonly audited?: readonly AuditedSync[]
  /** Why states of this case cannot be recovered in memory. */
  readonly unsupported?: string
  /** Why nothing that was found is worth anything: the control did something else in memory than in a process. */
  readonly strange?: string
}

/** Nothing at all. */
export const noCounts: ShardCounts = {
  exists: 0,
  built: 0,
  images: 0,
  checked: 0,
  recoveries: 0,
  lives: 0,
  errors: 0,
  unfired: 0,
  nested: 0,
}

/** Counts of several shards together. */
export function addCounts(all: readonly ShardCounts[]): ShardCounts {
  const sum: Record<string, number> = { ...noCounts }
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count
  return sum as unknown as ShardCounts
}
