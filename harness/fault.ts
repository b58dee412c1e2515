/**
 * Faults: what is injected into a case, as closed data. A schedule is a list of lives, each a list of faults.
 *
 * Their text is a grammar of its own: the table in `docs/tokens.md`, in code in `fault-text.ts` and
 * `fault-parse.ts`. This file holds types
 * and two tables, so that hooks can carry it at no cost.
 */

/** When, at an op: before it, after it completed, or with its first bytes done. */
export type Phase =
  | { readonly kind: 'before' }
  | { readonly kind: 'after' }
  | { readonly kind: 'inside'; readonly bytes: number }

/** One op of one stream of a life; ops are numbered 1, 2, 3 … */
export interface OpReference {
  /** `1` is the main thread of the life's process; `1.1`, `1.2` … its threads and children. */
  readonly stream: string
  readonly op: number
}

/** A point in a life. */
export interface Position extends OpReference {
  readonly phase: Phase
}

/** What of an op is meant: all of it, its first bytes (and what fills the rest of its length), some bytes, or what a truncation clears. */
export type Part =
  | { readonly kind: 'whole' }
  | {
      readonly kind: 'prefix'
      readonly bytes: number
      readonly rest: 'absent' | 'zeros' | 'garbage'
    }
  /** From `from` up to, not including, `to`, in bytes. */
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  /** Of a truncation: the file has its old size still, and so many bytes behind the new one are zeros. */
  | { readonly kind: 'cleared'; readonly bytes: number }

/** An op and a part of it. */
export interface OpPart extends OpReference {
  readonly part: Part
}

/** Error codes that can be injected. */
export const errnoNames = [
  'EIO',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EINTR',
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'EPERM',
] as const

/** An error code that can be injected. */
export type Errno = (typeof errnoNames)[number]

/**
 * What can be done at a message. `kill-answered`: SIGKILL when its answer has come, before the program sees it. `server-kill`: the
 * program is held there, and the first service of the system is killed and started again.
 */
export const messageActs = [
  'cut',
  'reset',
  'refuse',
  'delay',
  'kill-answered',
  'kill',
  'server-kill',
] as const

/** What is done at a message. */
export type MessageAct = (typeof messageActs)[number]

/** How a file is damaged between lives; offsets and lengths in bytes, lines from 1. */
export type Damage =
  | { readonly kind: 'byte'; readonly offset: number; readonly xor: number }
  | { readonly kind: 'nul'; readonly from: number; readonly to: number }
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'swap'; readonly line: number; readonly other: number }
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'gone' }

/** One injected event. */
export type Fault =
  /** `lost`: of the ops under way, these are lost: a whole one is absent, otherwise only the part is there. */
  | { readonly kind: 'kill'; readonly at: Position; readonly lost: readonly OpPart[] }
  /**
   * `base` says what happens to everything that no completed sync covers; `except` lists what differs. On `lost`, the
   * parts listed are kept. On `kept`, a whole op listed is lost, otherwise only the part is kept.
   */
  | {
      readonly kind: 'power-loss'
      readonly at: Position
      readonly base: 'lost' | 'kept'
      readonly except: readonly OpPart[]
    }
  /** `once`: the op fails. `drop`: a sync that also drops its pages. `sticky`: every later op of its kind fails too. */
  | {
      readonly kind: 'storage-error'
      readonly at: Position
      readonly errno: Errno
      readonly mode: 'once' | 'drop' | 'sticky'
    }
  /** `at` counts the reads of the stream (open for reading, read, readdir, stat …) from 1, on their own. */
  | {
      readonly kind: 'read-error'
      readonly at: OpReference
      readonly errno: Errno
      readonly sticky: boolean
    }
  /** This many more bytes fit in this life; the write that crosses the line is short, later ones fail. */
  | { readonly kind: 'quota'; readonly bytes: number; readonly errno: Errno }
  /** The write reports success with only the bytes of the phase done. */
  | { readonly kind: 'short-write'; readonly at: Position }
  | { readonly kind: 'lying-sync'; readonly at: Position; readonly sticky: boolean }
  /** Its completion is delivered after the next `ops` ops: time has no place in a case. */
  | { readonly kind: 'slow-sync'; readonly at: Position; readonly ops: number }
  /**
   * `at` counts the messages of the stream from 1, on their own: each connecting, and each write to a connection that the
   * program opened. Before it: it is not sent. After it: it was sent; `kill` and `server-kill`
   * strike at once, the others at its answer.
   */
  | {
      readonly kind: 'message'
      readonly at: Position
      readonly act: MessageAct
      /** Turns of the event loop by which the answer is late; 0 where `act` is no `delay`. */
      readonly turns: number
    }
  /** Stops at `at`; goes on when the next life has ended (`done`), or is at a position. */
  | { readonly kind: 'zombie'; readonly at: Position; readonly until: 'done' | Position }
  | { readonly kind: 'sigterm'; readonly at: Position }
  /** The `nth` (from 1) act of this kind in the workload's `outside`; the life waits for it. */
  | {
      readonly kind: 'outside'
      readonly at: Position
      readonly verb: 'signal' | 'cancel'
      readonly nth: number
    }
  /** Another worker of the run is started there, told to take it over if its owner is dead; the life waits for its end. */
  | { readonly kind: 'rival'; readonly at: Position }
  /** The `nth` (from 1) service of the system. */
  | { readonly kind: 'server-kill'; readonly at: Position; readonly nth: number }
  | { readonly kind: 'heap'; readonly at: Position }
  /** Before the life it stands in; milliseconds, not 0. */
  | { readonly kind: 'clock'; readonly ms: number }
  /** Before the life it stands in. `file` from 1 in the sorted list; 0 is every file (only `gone`). */
  | { readonly kind: 'rot'; readonly file: number; readonly damage: Damage }
  /** Before the life it stands in: other processes have the pids of all lives that died, and keep them. */
  | { readonly kind: 'pid-recycled' }
  /** In place of one process for this life; `barrier` absent: before the first op. */
  | { readonly kind: 'resumers'; readonly count: number; readonly barrier?: Position }

/** Resumers that one fault may start: each is a process, and all of them are there at once. */
export const resumersMax = 64

/** Turns of the event loop by which an answer may be late: a life that waits longer shows nothing that one of so many does not. */
export const turnsMax = 1_000_000

/** Milliseconds that one fault may set the clock, on or back: a century of 365.25 days. Dates end some way behind it. */
export const clockMsMax = 3_155_760_000_000

/** Name of a kind of fault. */
export type FaultKind = Fault['kind']

/** The faults of one life, in order. */
export type LifeFaults = readonly Fault[]

/** The faults of a case: entry 0 is for life 1. Lives beyond the last entry have none. */
export type Schedule = readonly LifeFaults[]

/** Faults that happen before the life in whose entry they stand. */
export const betweenLives: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'clock',
  'rot',
  'pid-recycled',
  'resumers',
])

/** Whether a fault ends the life: nothing can follow it in its entry. */
export function endsLife(fault: Fault): boolean {
  return killsProcess(fault) || fault.kind === 'power-loss' || fault.kind === 'heap'
}

/** Whether a fault kills a service of the system, at an op or at a message. */
export function killsService(fault: Fault): boolean {
  return fault.kind === 'server-kill' || (fault.kind === 'message' && fault.act === 'server-kill')
}

/** Whether a fault is a SIGKILL, at an op or at a message. */
export function killsProcess(fault: Fault): fault is Extract<Fault, { kind: 'kill' | 'message' }> {
  if (fault.kind === 'message') return fault.act === 'kill' || fault.act === 'kill-answered'
  return fault.kind === 'kill'
}

/** A position without ceremony: before op `op` of the main stream unless told otherwise. */
export function position(
  op: number,
  phase: Phase | 'before' | 'after' = 'before',
  stream = '1',
): Position {
  return { stream, op, phase: typeof phase === 'string' ? { kind: phase } : phase }
}
