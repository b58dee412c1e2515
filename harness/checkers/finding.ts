/** What a checker says when something is broken. */
import type { OpReference } from '../fault.ts'
import type { Breach, Invariant } from '../verdict.ts'

/** One broken invariant, as plain data: the renderer makes the words around it. */
export interface Finding {
  readonly invariant: Invariant
  readonly verdict: Breach
  /** What is wrong, one clause without a full stop: `record 7 was acked and is gone`. */
  readonly what: string
  /** Life in which it shows. */
  readonly life: number
  /** Place in the ledger where it shows, from 0; `line` of the ledger is one more where no line is malformed. */
  readonly index: number
  /** Place in the ledger of what it contradicts: the ack, the first effect. */
  readonly since?: number
  /** Guilty step, where it is about one. */
  readonly step?: string
  /** Hash of the guilty record, where it is about one. */
  readonly record?: string
  /** Op of the mark at `index`, where the engine knows it. */
  readonly op?: OpReference
  /** More for a reader: expected and found, one clause each. */
  readonly details: readonly string[]
}
