/**
 * What the model is told where there is no result. The words must not let it take an unknown outcome for a success, nor
 * for a failure that is safe to repeat.
 */
import type { JsonValue } from '../json.ts'
import { TranscriptError } from './error.ts'
import type { Answer, CallSlot } from './reading.ts'

const unknownText =
  'The outcome of this call is unknown: the process that ran it stopped before a result was recorded. It may have taken ' +
  'effect wholly, in part or not at all. Do not assume that it succeeded or that it failed, and do not repeat it before ' +
  'you have checked what it did.'

const incompleteText =
  'This call was not run: its arguments were cut off before they were complete. Nothing of it has taken effect. Make the ' +
  'call again if it is still needed.'

/** An answer that is no result. */
export type NoResult = Exclude<Answer, { readonly state: 'recorded' }>

/** What stands in the place of a result. */
export type ErrorBody = {
  readonly code: string
  readonly message: string
  readonly reason?: string
}

export function errorBody(answer: NoResult): ErrorBody {
  if (answer.state === 'incomplete') return { code: 'CALL_INCOMPLETE', message: incompleteText }
  const body = { code: 'OUTCOME_UNKNOWN', message: unknownText }
  return answer.reason === undefined ? body : { ...body, reason: answer.reason }
}

/** The same as one text, for formats with an error flag of their own. */
export function errorText(answer: NoResult): string {
  const { code, message, reason } = errorBody(answer)
  return `${code}: ${message}${reason === undefined ? '' : ` Reason: ${reason}`}`
}

/** The text slot of a format without an error flag: an error is the JSON text of `{ "error": … }`. */
export function plainText(answer: Answer): string {
  if (answer.state !== 'recorded') return JSON.stringify({ error: errorBody(answer) })
  if (answer.isError === true) return JSON.stringify({ error: answer.result })
  return resultText(answer.result)
}

/** A string as it is, everything else as JSON. */
export function resultText(result: JsonValue): string {
  return typeof result === 'string' ? result : JSON.stringify(result)
}

/** The error for a `content` result that the format has no slot for. */
export function badContent(call: CallSlot, expected: string): TranscriptError {
  return new TranscriptError(
    `the result of call ${JSON.stringify(call.id ?? call.name)} is no content of its format: expected ${expected}`,
    {
      hint: "leave out `as: 'content'` to have any JSON value written as text",
      details: { path: call.path, position: call.position, expected },
    },
  )
}
