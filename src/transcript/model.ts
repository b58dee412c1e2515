/**
 * The words of the transcript module: what a call, an outcome, a problem and a repair are, in every format alike.
 * Types only.
 */
import type { JsonValue } from '../json.ts'

/**
 * The message rules that are known: OpenAI Chat Completions (`messages`), OpenAI Responses (`input` items), Anthropic
 * Messages (`messages`), Gemini generateContent (`contents`).
 */
export type TranscriptFormat = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini'

/** One tool call of the model, wherever its format keeps it. */
export interface ToolCall {
  /**
   * Which call of the transcript this is: 0, 1, 2 … in transcript order. Answering, repairing and appending never change
   * it; leaving out old messages does. Ids cannot serve here: they may repeat from turn to turn, and Gemini has calls
   * without one.
   */
  readonly position: number
  /** The provider's id, unique within its turn only; absent where the format allows a call without one. */
  readonly id?: string
  readonly name: string
  /** Parsed, where it is JSON; the raw text otherwise (a custom tool's input, arguments that were cut off). */
  readonly arguments: JsonValue
  /** False where the arguments were visibly cut off: such a call must not be run. */
  readonly complete: boolean
  /** JSON path of the call in the transcript that was given. */
  readonly path: string
  readonly answer?: ToolAnswer
}

/** The result that stands in the transcript for a call. */
export interface ToolAnswer {
  /** JSON path in the transcript that was given. */
  readonly path: string
  /** The result message, item, block or part as it stands there. */
  readonly value: JsonValue
  /**
   * False for a half-answered batch of calls without ids (Gemini), or with one id for several: which of them was answered
   * cannot be told from the transcript, and position is a guess.
   */
  readonly certain: boolean
}

/** The call ended and its result is known. */
export interface RecordedOutcome {
  readonly state: 'recorded'
  readonly result: JsonValue
  /** The tool failed; `result` says how. */
  readonly isError?: boolean
  /**
   * `value` (default): any JSON, put into the format's text or JSON slot. `content`: already in the provider's own shape
   * (content blocks with images, a Gemini `response` object, the members of an OpenAI built-in tool's output item).
   */
  readonly as?: 'value' | 'content'
}

/** What is known about a call that the transcript leaves unanswered. */
export type ToolOutcome =
  | RecordedOutcome
  /** Nothing of it has begun, for certain: safe to run. */
  | { readonly state: 'never-started' }
  /** It may have run wholly, partly or not at all. Never success. */
  | { readonly state: 'unknown'; readonly reason?: string }

/** A result for one call, by its position. */
export interface ToolResult extends Omit<RecordedOutcome, 'state'> {
  readonly position: number
}

/** Every rule that is checked; `docs/transcript.md` names the source of each. */
export type TranscriptProblemCode =
  | 'call-unanswered'
  | 'result-orphan'
  | 'result-duplicate'
  | 'result-displaced'
  | 'result-invalid'
  | 'call-id-duplicate'
  | 'call-id-invalid'
  | 'call-fragment'
  | 'call-not-last'
  | 'arguments-invalid'
  | 'item-id-duplicate'
  | 'role-invalid'
  | 'role-mismatch'
  | 'turn-order'
  | 'empty-transcript'
  | 'empty-message'
  | 'empty-text'
  | 'ends-with-model'
  | 'reasoning-alone'
  | 'reasoning-missing'
  | 'reasoning-unsigned'
  | 'server-call-unanswered'
  | 'server-result-orphan'
  | 'malformed'

/** One place where a transcript breaks a rule of its format. */
export interface TranscriptProblem {
  readonly code: TranscriptProblemCode
  /** JSON path of the place, e.g. `messages[3].tool_calls[1]`. */
  readonly path: string
  readonly expected: string
  readonly came: string
}

/** What a transcript alone cannot tell: which model it is for, and whether it is about to be sent. */
export interface ValidateOptions {
  /**
   * `required`: the model reasons before every call and its provider enforces it (OpenAI reasoning models, Claude with
   * extended thinking, Gemini 3). Default: only what holds for every model is checked.
   */
  readonly reasoning?: 'required'
  /** Also checks what holds for a request only: it is not empty and ends on the user's side. Default false. */
  readonly toSend?: boolean
}

/** One change that a repair made, or the answer that it gave. Paths are those of the transcript that was given. */
export type TranscriptRepair =
  | {
      readonly kind: 'answered'
      readonly call: ToolCall
      /** `incomplete`: never started, and its arguments were cut off, so an error says that it was not run. */
      readonly outcome: 'recorded' | 'unknown' | 'incomplete'
    }
  /** The result stood in the wrong place and is now where the format demands it. */
  | { readonly kind: 'moved'; readonly call: ToolCall; readonly path: string }
  /** `value` is what was taken out: a second result, one without a call, a piece of a cut stream, an emptied message. */
  | {
      readonly kind: 'removed'
      readonly reason: 'duplicate' | 'orphan' | 'fragment' | 'emptied'
      readonly path: string
      readonly value: JsonValue
    }
  /** The cut arguments `value` (null where there were none) are now `{}`, because the format demands an object. */
  | {
      readonly kind: 'replaced'
      readonly call: ToolCall
      readonly path: string
      readonly value: JsonValue
    }

/** A transcript in which every call has exactly one result, but for those in `toRun`. */
export interface RepairedTranscript<Message> {
  readonly messages: readonly Message[]
  readonly repaired: readonly TranscriptRepair[]
  /** Calls that never started: run them, then `addResults`. */
  readonly toRun: readonly ToolCall[]
  /** Problems that no repair of tool calls can mend; empty for every transcript that was valid before its crash. */
  readonly remaining: readonly TranscriptProblem[]
}
