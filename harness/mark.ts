/**
 * Marks: the lines of the ledger, the only truth about what happened.
 *
 * One JSON object per line, one write per line, appended by every life of a case to one file that the kernel orders. The
 * worker's marks come from `worker.ts` (or by hand, in any language); `life`, `exit` and `note` lines come from the harness,
 * and `fault` from the hooks in the worker at the moment the fault fires. Nonces are drawn in the worker: nobody reads fd 3.
 */

/** Members that every line has. */
interface Line {
  /** Life that wrote it (`KILLPOINT_LIFE`). */
  readonly life: number
}

/** What the workload and its adapter report. */
export type WorkerMark = Line &
  (
    | { readonly mark: 'begin' }
    /** The system owns the run in `epoch`: its open resolved. Where the system has no epochs, the life number. */
    | { readonly mark: 'resolved'; readonly epoch: number }
    /** What this open found, oldest first: one hash per record. */
    | { readonly mark: 'recovered'; readonly epoch: number; readonly hashes: readonly string[] }
    /** Records handed to the journal, before the call. */
    | { readonly mark: 'appending'; readonly epoch: number; readonly hashes: readonly string[] }
    /** The same append was acknowledged. */
    | { readonly mark: 'ack'; readonly epoch: number; readonly hashes: readonly string[] }
    /** An append failed with this error code; it was not acknowledged. */
    | {
        readonly mark: 'refused'
        readonly epoch: number
        readonly code: string
        readonly message?: string
      }
    /** Work done to the outside world; written before the worker goes on. */
    | {
        readonly mark: 'effect'
        readonly step: string
        readonly effect: 'keyed' | 'once' | 'none'
        /** The system's idempotency key. */
        readonly key: string
        /** Hash of the arguments. */
        readonly args: string
        readonly nonce: string
        readonly epoch: number
        /** Declared retry: 1, 2 … */
        readonly attempt: number
      }
    /** A step's committed result reached the workload. `unknown`: reported as outcome unknown; `failed`: its declared error. */
    | {
        readonly mark: 'observed'
        readonly step: string
        readonly nonce: string
        readonly state: 'done' | 'failed' | 'unknown' | 'cancelled'
      }
    /** A timer was armed, or observed as fired, at `at` by the worker's clock. */
    | {
        readonly mark: 'timer'
        readonly step: string
        readonly phase: 'armed' | 'fired'
        readonly due: number
        readonly at: number
      }
    | { readonly mark: 'signal-acked'; readonly name: string; readonly message: string }
    | {
        readonly mark: 'consumed'
        readonly step: string
        readonly name: string
        readonly message: string
      }
    | { readonly mark: 'cancel-acked'; readonly won: boolean }
    | { readonly mark: 'spawn'; readonly child: string; readonly parent: string }
    | {
        readonly mark: 'settle'
        readonly child: string
        readonly status: 'done' | 'failed' | 'cancelled'
      }
    | { readonly mark: 'reserve'; readonly step: string; readonly amount: number }
    | { readonly mark: 'spend'; readonly step: string; readonly amount: number }
    /** The messages that a model is asked with, in the named format. */
    | {
        readonly mark: 'model-request'
        readonly step: string
        readonly format: string
        readonly messages: unknown
      }
    /** The run's outcome: a nonce per step that counts, and how the run ended. */
    | {
        readonly mark: 'done'
        readonly status: 'done' | 'failed' | 'cancelled'
        readonly outcome: Readonly<Record<string, string>>
        /** Error code where the status is `failed`. */
        readonly code?: string
      }
  )

/** What the harness and its hooks add. */
export type HarnessMark = Line &
  (
    | {
        readonly mark: 'life'
        readonly pid: number
        readonly verb: 'run' | 'signal' | 'cancel'
        readonly clockMs: number
      }
    /** The fault of this life fired, proven at the op itself. `fault` is its text in the schedule grammar. */
    | {
        readonly mark: 'fault'
        readonly fault: string
        readonly stream: string
        readonly op: number
      }
    | { readonly mark: 'exit'; readonly code: number | null; readonly signal: string | null }
    | { readonly mark: 'note'; readonly text: string }
  )

export type Mark = WorkerMark | HarnessMark
