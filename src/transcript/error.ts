/** The error of the transcript module. */
import { KillpointError, type ErrorContext } from '../errors.ts'
import type { TranscriptProblem } from './model.ts'

/**
 * A transcript that cannot be read in its format, or an answer that cannot be put into it. `problems` lists every fault at
 * once; `details.path` is the first one's JSON path.
 */
export class TranscriptError extends KillpointError {
  readonly code = 'TRANSCRIPT'
  readonly problems: readonly TranscriptProblem[]

  constructor(
    message: string,
    context: ErrorContext & { readonly problems?: readonly TranscriptProblem[] } = {},
  ) {
    super(message, context)
    this.problems = context.problems ?? []
  }
}
