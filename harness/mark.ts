/**
 * Marks: the lines of the ledger, the only truth about what happened.
 *
 * One JSON object per line, one write per line, appended by every life of a case to one file that the kernel orders. The
 * worker's marks come from `worker.ts` (or by hand, in any language); `life`, `exit`, `stopped`, `continued`, `wedged` and
 * `note` lines come from the harness, and `fault` from the hooks in the worker at the moment the fault fires (from the
 * harness for faults between lives). Nonces are drawn in the worker: nobody reads fd 3.
 *
 * A mark that a system cannot give truthfully is left out: the invariants that need it are then not judged, in print. A mark
 * that is given in another sense than the one stated here makes false verdicts.
 */

/** Members that every line has. */
interface Line {
  /** Life that wrote it (`KILLPOINT_LIFE`). */
  readonly life: number
}

/** Message formats of `model-request`. */
export type TranscriptFormat = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini'

/** How a step ended, as the workload was told. */
export type StepState = 'done' | 'failed' | 'unknown' | 'cancelled'

/** What the workload and its adapter report. */
export type WorkerMark = Line &
  /** The adapter runs and is about to start or resume the run. */
  (
    | { readonly mark: 'begin' }
    /** The system owns the run in `epoch`: its open resolved. Where the system has no epochs, the life number. */
    | { readonly mark: 'resolved'; readonly epoch: number }
    /** What this open found, oldest first: one hash per record. */
    | { readonly mark: 'recovered'; readonly epoch: number; readonly hashes: readonly string[] }
    /** Records handed to the journal, before the call, in the order of the calls. */
    | { readonly mark: 'appending'; readonly epoch: number; readonly hashes: readonly string[] }
    /** The same append was acknowledged. */
    | { readonly mark: 'ack'; readonly epoch: number; readonly hashes: readonly string[] }
    /**
     * The system refused, loudly: to open the run (owned by somebody else, damaged, unreadable), or an append, which was then
     * not acknowledged. `code` is its own error code.
     */
    | {
        readonly mark: 'refused'
        readonly at: 'open' | 'append'
        /** Absent where the open did not get as far as an epoch. */
        readonly epoch?: number
        readonly code: string
        readonly message?: string
      }
    /** Work done to the outside world; written before the worker goes on. The mark *is* the effect. */
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
    /**
     * A step's committed result reached the workload; in a later life it may reach it again. `unknown`: reported as outcome
     * unknown; `failed`: its last declared attempt failed; `cancelled`. `nonce` is the result's, and empty unless `done`.
     */
    | {
        readonly mark: 'observed'
        readonly step: string
        readonly nonce: string
        readonly state: StepState
      }
    /**
     * A timer, at `at` by the worker's clock; `due` is the absolute time that the system keeps. `armed`: the due time is
     * durable now (left out where the adapter cannot see that). `fired`: the workload goes on.
     */
    | {
        readonly mark: 'timer'
        readonly step: string
        readonly phase: 'armed' | 'fired'
        readonly due: number
        readonly at: number
      }
    /** Verb `signal`: the signal is durable; `message` names this one message, also where it is consumed. */
    | { readonly mark: 'signal-acked'; readonly name: string; readonly message: string }
    /** The committed consumption reached the workload; in a later life it may reach it again, with the same message. */
    | {
        readonly mark: 'consumed'
        readonly step: string
        readonly name: string
        readonly message: string
      }
    /** Verb `cancel`: durable. `won`: false where the run had ended before. */
    | { readonly mark: 'cancel-acked'; readonly won: boolean }
    /** A child's own code begins to run in this life; not written where its recorded result is given again. `parent`: id of the enclosing child task, or `root`. */
    | { readonly mark: 'spawn'; readonly child: string; readonly parent: string }
    /** A child's committed end reached its parent; in a later life it may reach it again. */
    | {
        readonly mark: 'settle'
        readonly child: string
        readonly status: 'done' | 'failed' | 'cancelled'
      }
    /** The reservation of one attempt is durable; the attempt may begin. */
    | { readonly mark: 'reserve'; readonly step: string; readonly amount: number }
    /** What one attempt cost, metered where it is spent: right after its `effect`, never on a replay. */
    | { readonly mark: 'spend'; readonly step: string; readonly amount: number }
    /**
     * The messages that a model is asked with, in the named format. `step` is the id of the `tools` task. Each tool call in it
     * has the id of its step as its *name*, and each result that is a success holds the nonce of its step in its text.
     */
    | {
        readonly mark: 'model-request'
        readonly step: string
        readonly format: TranscriptFormat
        readonly messages: unknown
      }
    /**
     * The run's outcome, by step id: the nonce of its result, or the bare word `failed`, `unknown` or `cancelled`. Steps that
     * never began are left out. A finished run that is started again reports the same once more.
     */
    | {
        readonly mark: 'done'
        readonly status: 'done' | 'failed' | 'cancelled'
        readonly outcome: Readonly<Record<string, string>>
        /** Error code where the status is `failed`; `BUDGET`, `DEADLINE` and `MAX_LIVES` have a meaning to the oracle. */
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
        readonly takeover: 'if-dead' | 'always'
        /** The clock that the life is told. */
        readonly clockMs: number
        /** Milliseconds of real time since the case began; 0 where no time passes. */
        readonly realMs: number
      }
    /** A fault fired, proven at the op itself. `fault` is its text in the schedule grammar; op 0 for faults between lives. */
    | {
        readonly mark: 'fault'
        readonly fault: string
        readonly stream: string
        readonly op: number
      }
    | {
        readonly mark: 'exit'
        readonly code: number | null
        readonly signal: string | null
        readonly realMs: number
      }
    /** The life was seen stopped (SIGSTOP), and was told to go on (SIGCONT). */
    | { readonly mark: 'stopped' }
    | { readonly mark: 'continued' }
    /** No mark and no change to its files for `quietMs`; `confirmed` where it was so again, alone, for ten times as long. */
    | { readonly mark: 'wedged'; readonly quietMs: number; readonly confirmed: boolean }
    | { readonly mark: 'note'; readonly text: string }
  )

export type Mark = WorkerMark | HarnessMark

/** Name of a mark. */
export type MarkName = Mark['mark']
/** Name of a mark that a worker writes. */
export type WorkerMarkName = WorkerMark['mark']

/** A mark without the member that every line has: what a writer passes on. */
export type MarkBody = WorkerMark extends infer Each
  ? Each extends WorkerMark
    ? Omit<Each, 'life'>
    : never
  : never
