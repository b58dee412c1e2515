/**
 * Faults as the hooks take them: plain values, JSON in `KILLPOINT_FAULTS`.
 *
 * The schedule grammar lives in `../fault.ts`; its parsed faults are translated into these by whoever starts the process,
 * so that the preload carries no parser. `text` is the fault in that grammar and goes into the `fault` mark unchanged; an
 * empty one is no fault (the engine holds the process for purposes of its own) and leaves no mark.
 */

/** Where a fault strikes: an op, or a read, of one stream. */
export type HookPoint =
  | { readonly kind: 'op'; readonly stream: string; readonly n: number }
  | { readonly kind: 'read'; readonly stream: string; readonly n: number }

export type HookPhase = 'before' | 'after'

/** System errors that can be injected. */
export type ErrorCode =
  | 'EIO'
  | 'ENOSPC'
  | 'EDQUOT'
  | 'EROFS'
  | 'EINTR'
  | 'EAGAIN'
  | 'EMFILE'
  | 'ENFILE'
  | 'EACCES'
  | 'EPERM'

export type HookAct =
  /** SIGKILL to the own process. */
  | { readonly kind: 'kill'; readonly phase: HookPhase }
  /** SIGKILL after the first `bytes` bytes of a write, which has so many, reached the file. At any other op: before it. */
  | { readonly kind: 'kill-inside'; readonly bytes: number }
  /** SIGSTOP to the own process: a zombie until somebody sends SIGCONT; the op then goes on. */
  | { readonly kind: 'stop'; readonly phase: HookPhase }
  /** SIGTERM to the own process; the op goes on. */
  | { readonly kind: 'terminate'; readonly phase: HookPhase }
  /**
   * The op fails and does nothing. `bytes`: a write first takes that many bytes, fewer than it has (a short write), and the next write
   * to the same file fails. `sticky`: so does every later op of the same class (write, sync, other), or every later read, in this
   * stream. `drop`: a sync, and nothing else, that fails also drops its pages; noted in the op log, for a process sees no difference.
   */
  | {
      readonly kind: 'error'
      readonly code: ErrorCode
      readonly bytes?: number
      readonly sticky?: boolean
      readonly drop?: boolean
    }
  /** A write takes only the first `bytes` bytes and says so: at least 1, and fewer than it has. */
  | { readonly kind: 'short'; readonly bytes: number }
  /** A sync that returns success and does nothing; `sticky`: and so does every later one in this stream. */
  | { readonly kind: 'lie'; readonly sticky?: boolean }
  /** The completion of an asynchronous sync is delivered after the next `ops` ops. */
  | { readonly kind: 'slow'; readonly ops: number }

export type HookFault =
  | { readonly text: string; readonly at: HookPoint; readonly act: HookAct }
  /** The disk is full once the files of the state directory have grown by `bytes` bytes in this stream. */
  | {
      readonly text: string
      readonly at: { readonly kind: 'quota'; readonly stream: string; readonly bytes: number }
      readonly act: Extract<HookAct, { kind: 'error' }>
    }

/** What is done to a message, or to the answer to it. `stop`: SIGSTOP to the own process, until somebody sends SIGCONT. */
export type WireAct = 'kill' | 'kill-answered' | 'stop' | 'cut' | 'reset' | 'refuse' | 'delay'

/** A fault at a message: before it is handed over, or after that (`kill`, `stop`) or at its answer (the others). */
export interface WireFault {
  readonly text: string
  readonly at: { readonly kind: 'message'; readonly stream: string; readonly n: number }
  readonly phase: HookPhase
  readonly act: WireAct
  /** Turns of the event loop by which an answer is late; 0 otherwise. */
  readonly turns: number
}

/** Whether a fault is one of the wire door. */
export function isWireFault(fault: HookFault | WireFault): fault is WireFault {
  return fault.at.kind === 'message'
}

/** Whether a fault is one of the disk door. */
export function isDiskFault(fault: HookFault | WireFault): fault is HookFault {
  return !isWireFault(fault)
}

/** The value of `KILLPOINT_FAULTS` for these faults. */
export function encodeHookFaults(faults: readonly (HookFault | WireFault)[]): string {
  return JSON.stringify(faults)
}

/** The faults in a value of `KILLPOINT_FAULTS`. Throws `SyntaxError` on anything else; it is written by the harness only. */
export function decodeHookFaults(text: string | undefined): readonly (HookFault | WireFault)[] {
  return text === undefined || text === '' ? [] : (JSON.parse(text) as (HookFault | WireFault)[])
}
