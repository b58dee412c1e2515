/**
 * What goes wrong on the harness's own side, or in how a system is plugged in: never a verdict about the system.
 *
 * Trouble inside one case is a value in its result ({@link Trouble}); trouble that ends a campaign is thrown as
 * {@link TroubleError}. Both carry the same fields, and both lead to exit code 4.
 */
import { HarnessError } from '../errors.ts'
import { quoted } from '../report/visible.ts'

/** The ladder of reasons. Each has one sentence that a reader can act on. */
export type TroubleKind =
  /** The system's description is wrong; all mistakes at once. */
  | 'description'
  /** The worker cannot be bundled: a syntax error, a missing file. */
  | 'bundle'
  /** A process cannot be started at all: no such file, no permission, too many processes. */
  | 'spawn'
  /** The first life ended before its first mark, with nothing injected. */
  | 'not-started'
  /** The first life did no op and made no mark for as long as it was given. */
  | 'hung-at-start'
  /** A life was ended by a signal that nobody injected. */
  | 'died'
  /** The control, the case without a fault, did not end well. */
  | 'control'
  /** A line of the ledger is no mark. */
  | 'garbage'
  /** Processes were left behind by a life that ended in order. */
  | 'left-children'
  /** Files were written outside the directories that the life was given. */
  | 'stray-files'
  /** More output on stderr than anybody reads. */
  | 'flooded'
  /** A verb that the system claims is not there. */
  | 'unclaimed'
  /** The disk under the scratch directory is full. */
  | 'scratch-full'
  /** A service did not start, or did not end. */
  | 'service'
  /** The case asks for what this host or this kind of system cannot do. */
  | 'unsupported'
  /** The harness was told to stop. */
  | 'stopped'

/** One thing that went wrong, as plain data. */
export interface Trouble {
  readonly kind: TroubleKind
  /** What was expected and what came. */
  readonly message: string
  /** What to do now, one imperative sentence. */
  readonly hint: string
  /** Life that showed it, where there is one. */
  readonly life?: number
  /** The last words of the process on stderr, where there are any. */
  readonly stderr?: string
}

/** What is said of a case that was under way when the harness was told to stop. */
export const stoppedTrouble: Trouble = {
  kind: 'stopped',
  message: 'the harness was told to stop',
  hint: 'run it again',
}

/** Trouble that ends more than one case. */
export class TroubleError extends HarnessError {
  readonly trouble: Trouble

  constructor(trouble: Trouble, cause?: unknown) {
    super('LIVE_TROUBLE', troubleText(trouble), {
      details: { kind: trouble.kind },
      ...(cause === undefined ? {} : { cause }),
    })
    this.trouble = trouble
  }
}

/** Trouble as text for a person: message, last words, hint. */
export function troubleText(trouble: Trouble): string {
  const words = trouble.stderr?.trim()
  return [
    trouble.message,
    ...(words ? quoted(words.split('\n').slice(-12)).map((line) => `  ${line}`) : []),
    `  hint: ${trouble.hint}`,
  ].join('\n')
}
