/**
 * The journal contract: what every backend promises, and all that the runtime above may rely on.
 *
 *  J1  Durable.    After `append` resolves, the records are in every later `open` and `read`: across process death, and,
 *                  where the backend claims `power`, across power loss.
 *  J2  Prefix.     Recovered records are a prefix of the append order: no hole, no reorder, no duplicate, nothing that was
 *                  never appended.
 *  J3  Atomic.     One `append` shows whole or not at all.
 *  J4  Decided.    An append that was not acknowledged may survive or not; the first `open` that resolves decides, for ever.
 *  J5  Fenced.     Nothing of an epoch <= e is acknowledged that is missing from what a resolved `open` of a later epoch
 *                  recovered, and nothing of it becomes visible after that. The old owner's close changes nothing.
 *  J6  Poisoned.   After a failed write or sync every later append rejects with the first cause. A failed sync is never
 *                  retried on the same pages. Opening again is the only way on.
 *  J7  Loud.       Damage to committed records is `JournalCorruptError` with file, byte offset and seq: never a shorter run
 *                  that looks fine, never a fresh run under an old id. "Not found" and "cannot read" are different results.
 *  J8  Separate.   One run's damage, size or owner never touches another run.
 *  J9  Idempotent. A crash inside `open`, at any depth: the next `open` gives the same records.
 *  J10 Linear.     Bytes written and syncs per append do not depend on the length of the journal; `open` reads each live
 *                  byte once, in bounded memory beyond the records it returns.
 *  J11 One door.   Of two openers at once one ends up owning; the other gets `RunOwnedError` naming the owner, or is fenced
 *                  at its first append. A live owner is not robbed unless the caller says so.
 *
 * This file holds types and nothing that runs.
 */
import type { JsonValue } from './json.ts'

/** Position of a record in its run: 1, 2, 3 … without gaps, over all lives. */
export type Seq = number

/** What is stored: any JSON value that comes back exactly (see `json.ts`). */
export type RecordBody = JsonValue

export interface JournalRecord {
  readonly seq: Seq
  /** The life that appended it. */
  readonly epoch: number
  readonly body: RecordBody
}

/**
 * Who may be displaced. `never`: only a run whose last life closed, or a new one. `if-dead`: also one whose owner is
 * known to be dead; an owner that cannot be examined from here is *unknown*, and refused. `always`: anybody.
 */
export type Takeover = 'never' | 'if-dead' | 'always'

export interface OpenOptions {
  /** Free text that `RunOwnedError` shows to the others, e.g. a host or worker name. */
  readonly owner?: string
  /** Default `if-dead`. */
  readonly takeover?: Takeover
}

/** How durable an acknowledged append is. `memory` survives nothing: a negative control. */
export type Durability = 'memory' | 'process' | 'power'

export interface JournalBackend {
  /** Short name for messages: `file`, `memory`, `sqlite`, `postgres`. */
  readonly name: string
  readonly durability: Durability
  /**
   * Becomes the owner of a run, in a new epoch, and makes the run if it does not exist.
   *
   * @throws RunOwnedError, JournalCorruptError, JournalUnreadableError, NotAJournalError, FormatVersionError, StorageError,
   *   InvalidArgumentError (run id)
   */
  readonly open: (runId: string, options?: OpenOptions) => Promise<Journal>
  /** Looks without owning: `undefined` where no such run exists. Never repairs, never writes. */
  readonly read: (runId: string) => Promise<RunImage | undefined>
  /** All runs, in no stated order. */
  readonly list?: () => AsyncIterable<RunSummary>
  /** Reads what can be read of a damaged run and says what it left out. Never writes. */
  readonly salvage?: (runId: string) => Promise<SalvagedImage | undefined>
}

/** An owned run. */
export interface Journal {
  readonly runId: string
  /** Strictly greater than that of every earlier life. */
  readonly epoch: number
  /** What the earlier lives committed, oldest first. */
  readonly recovered: readonly JournalRecord[]
  /** The earlier lives, oldest first. */
  readonly lives: readonly LifeSummary[]
  /** What was cut off a torn tail, for the log. */
  readonly repaired?: TailRepair
  /**
   * Commits the bodies, in order, all of them or none, and resolves with the seq of the last one. Calls may overlap: they
   * commit in call order, and what waits is committed together. An empty list resolves at once with the last seq.
   *
   * @throws FencedError, JournalPoisonedError, StorageError, ClosedError, NotJsonError, RecordTooLargeError
   */
  readonly append: (bodies: readonly RecordBody[]) => Promise<Seq>
  /** Waits for appends under way and gives the run up. Safe to call twice. */
  readonly close: () => Promise<void>
}

/** One life as the journal knows it. */
export interface LifeSummary {
  readonly epoch: number
  /** Batches that it committed. */
  readonly batches: number
  /** `closed`: it gave the run up in order (also: it lost the race to open). `died`: it did not. */
  readonly ended: 'closed' | 'died'
  readonly owner: string
}

/** A torn append that was cut: never acknowledged, so nothing committed is gone. */
export interface TailRepair {
  readonly file: string
  /** Where the cut is, in bytes from the start of the file. */
  readonly offset: number
  /** How much was cut. */
  readonly bytes: number
}

/** A run as a reader sees it who does not own it. */
export interface RunImage {
  readonly runId: string
  readonly epoch: number
  readonly records: readonly JournalRecord[]
  readonly lives: readonly LifeSummary[]
  /**
   * How many records at the end are undecided: nothing yet proves that their append was acknowledged, and the next `open`
   * may still find them gone.
   */
  readonly undecided: number
  /** A torn tail that the next `open` will cut. */
  readonly torn?: TailRepair
}

export interface RunSummary {
  readonly runId: string
  readonly epoch: number
}

export interface SalvagedImage extends RunImage {
  /** What could not be read and why; empty where nothing was left out. */
  readonly leftOut: readonly Damage[]
}

export interface Damage {
  readonly file: string
  /** In bytes from the start of the file; in a database, the number of the row. */
  readonly offset: number
  /** Bytes from `offset` that were left out, where known. */
  readonly bytes?: number
  /** The first seq that is missing because of it, where known. */
  readonly seq?: Seq
  readonly reason: string
}
