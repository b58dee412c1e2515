/** Tiny transcripts with the problems that must be found in them. */
import type { JsonValue } from '../../../../src/json.ts'
import type { TranscriptProblemCode, ValidateOptions } from '../../../../src/transcript.ts'

export interface Golden {
  readonly title: string
  readonly messages: readonly JsonValue[]
  /** Code and path of each problem, in order; none for a valid transcript. */
  readonly problems: readonly (readonly [TranscriptProblemCode, string])[]
  readonly options?: ValidateOptions
}
