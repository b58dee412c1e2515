/**
 * Errors of the harness itself. Neither is ever a verdict about the system under test.
 *
 * `UsageError`: the caller asked for something that cannot be (exit code 3). `HarnessError`: the harness, or the machine
 * under it, failed (exit code 4). Both carry a string `code` that never changes, `details` for a machine and a `hint` that
 * says what to do; the message holds what was expected and what came.
 */

/** What a machine may want to know of an error: plain values only. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>

/** What an error carries besides its message. */
export interface ErrorContext {
  /** What to do now, one imperative sentence; appended to the message. */
  readonly hint?: string
  readonly details?: ErrorDetails
  readonly cause?: unknown
}

abstract class CodedError<Code extends string> extends Error {
  readonly code: Code
  readonly hint: string | undefined
  readonly details: ErrorDetails

  constructor(code: Code, message: string, context: ErrorContext = {}) {
    super(
      context.hint === undefined ? message : `${message}\n  hint: ${context.hint}`,
      context.cause === undefined ? undefined : { cause: context.cause },
    )
    this.name = new.target.name
    this.code = code
    this.hint = context.hint
    this.details = context.details ?? {}
  }
}

/** What a caller can get wrong. */
export type UsageCode =
  /** Text that is no token; `details`: position, expected, found. */
  | 'TOKEN_SYNTAX'
  /** A token of a version that this build does not read; `details`: version, reads. */
  | 'TOKEN_VERSION'
  /** Text that is no schedule; `details`: position, expected, found. */
  | 'FAULT_SYNTAX'
  /** A seed outside letters and digits. */
  | 'SEED_SYNTAX'
  /** A workload that no system could run; the message lists everything that is wrong with it. */
  | 'WORKLOAD_INVALID'
  /** No configuration where one is needed. */
  | 'CONFIG_MISSING'
  /** A configuration that cannot be used; the message lists everything that is wrong with it. */
  | 'CONFIG_INVALID'
  /** A function of a scenario that throws, or gives what it must not; `details`: scenario, member. */
  | 'SCENARIO_INVALID'
  /** A command line option or argument that cannot be. */
  | 'OPTION_INVALID'
  /** A name of a scenario, system or mutant that is not known here. */
  | 'NAME_UNKNOWN'
  /** A file that is no saved case; the message lists everything that is wrong with it. */
  | 'CASE_INVALID'
  /** A saved case of another version; `details`: version, reads. */
  | 'CASE_VERSION'
  /** A module that cannot be tested; the message lists everything that is wrong with it. */
  | 'MODULE_INVALID'
  /** Files would be overwritten; `details`: files. */
  | 'FILE_EXISTS'
  /** A port that cannot be listened on. */
  | 'PORT_TAKEN'
  /** No run where one was asked for. */
  | 'RUN_UNKNOWN'
  /** A file that is no result of a campaign; the message lists everything that is wrong with it. */
  | 'RESULT_INVALID'
  /** A result of another version. */
  | 'RESULT_VERSION'
  /** Results that do not belong together. */
  | 'RESULT_MISMATCH'
  /** A folder that is no artifact of a failure. */
  | 'ARTIFACT_INVALID'
  /** A journal of another campaign, or of none; the message names every difference. */
  | 'CAMPAIGN_MISMATCH'
  /** A campaign that another process has. */
  | 'CAMPAIGN_OWNED'

/** The caller asked for something that cannot be: exit code 3. */
export class UsageError extends CodedError<UsageCode> {}

/** How the pure half of the harness can fail. */
export type HarnessCode =
  /** The ledger holds lines that are no marks; `details`: line, problems. */
  | 'LEDGER_MALFORMED'
  /** A mark could not be written whole. */
  | 'LEDGER_WRITE'
  /** The live engine or the plugging of a system failed; `details`: kind (`live/trouble.ts`). */
  | 'LIVE_TROUBLE'
  /** The text that a mutant replaces is not in its file exactly once; `details`: mutant, file, count. */
  | 'MUTANT_DRIFT'
  /** Files that mutants are planted in, or that judge them, changed while they were hunted. */
  | 'SOURCES_CHANGED'
  /** A run that was to be looked at cannot be read at all. */
  | 'RUN_UNREADABLE'
  /** What a command has to say cannot be written; `details`: where, errno. */
  | 'OUTPUT_WRITE'
  /** The journal of a campaign is damaged, cannot be written, or was taken over; `details`: code. */
  | 'CAMPAIGN_JOURNAL'

/** The harness, or the machine under it, failed: exit code 4. */
export class HarnessError extends CodedError<HarnessCode> {}
