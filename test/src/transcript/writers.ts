/**
 * Conversations as a test thinks of them, and how each format writes them down. Written by hand from the providers'
 * rules and not with the module under test: the repaired transcript must equal what stands here.
 */
import type { JsonObject, JsonValue } from '../../../src/json.ts'
import type { TranscriptFormat } from '../../../src/transcript.ts'

export interface Call {
  readonly name: string
  readonly args: JsonObject
}

export type Step =
  | {
      readonly kind: 'calls'
      readonly text: string | undefined
      readonly reasons: boolean
      readonly calls: readonly Call[]
      /** What the user says behind the results. */
      readonly user: string | undefined
    }
  | { readonly kind: 'says'; readonly text: string; readonly user: string }

export interface Conversation {
  readonly steps: readonly Step[]
  readonly ids: 'unique' | 'repeating' | 'none'
}

/** How the n-th call of the conversation is answered; `undefined`: not. */
type AnswerOf = (call: number) => Written | undefined

export type Written =
  | { readonly kind: 'result'; readonly value: JsonValue; readonly isError: boolean }
  | { readonly kind: 'unknown'; readonly reason: string | undefined }

export const formats: readonly TranscriptFormat[] = [
  'openai-chat',
  'openai-responses',
  'anthropic',
  'gemini',
]

const unknownText =
  'The outcome of this call is unknown: the process that ran it stopped before a result was recorded. It may have taken ' +
  'effect wholly, in part or not at all. Do not assume that it succeeded or that it failed, and do not repeat it before ' +
  'you have checked what it did.'

/** The whole conversation as the format has it, with the results that `answerOf` gives. */
export function write(
  format: TranscriptFormat,
  conversation: Conversation,
  answerOf: AnswerOf,
): JsonObject[] {
  const writer = writers[format]
  const messages: JsonObject[] = [writer.user('go on')]
  let position = 0
  conversation.steps.forEach((step, turn) => {
    if (step.kind === 'says') {
      messages.push(writer.says(step.text), writer.user(step.user))
      return
    }
    const slots = step.calls.map((call, index) => ({
      ...call,
      id: idOf(conversation.ids, turn, index),
      written: answerOf(position + index),
      signed: index === 0 && step.reasons,
    }))
    position += step.calls.length
    messages.push(...writer.calls(slots, step.text, step.reasons, turn))
    messages.push(...writer.results(slots.filter((slot) => slot.written !== undefined)))
    if (step.user !== undefined) messages.push(writer.user(step.user))
  })
  return messages
}

function idOf(ids: Conversation['ids'], turn: number, index: number): string | undefined {
  if (ids === 'none') return undefined
  return ids === 'unique' ? `call_${turn}_${index}` : `call_${index}`
}

interface Slot extends Call {
  readonly id: string | undefined
  readonly written: Written | undefined
  readonly signed: boolean
}

interface Writer {
  readonly user: (text: string) => JsonObject
  readonly says: (text: string) => JsonObject
  readonly calls: (
    slots: readonly Slot[],
    text: string | undefined,
    reasons: boolean,
    turn: number,
  ) => JsonObject[]
  readonly results: (slots: readonly Slot[]) => JsonObject[]
}

const chat: Writer = {
  user: (content) => ({ role: 'user', content }),
  says: (content) => ({ role: 'assistant', content }),
  calls: (slots, text) => [
    {
      role: 'assistant',
      content: text ?? null,
      x_unknown: { kept: [1, 2] },
      tool_calls: slots.map((slot) => ({
        id: slot.id ?? '',
        type: 'function',
        function: { name: slot.name, arguments: JSON.stringify(slot.args) },
      })),
    },
  ],
  results: (slots) =>
    slots.map((slot) => ({ role: 'tool', tool_call_id: slot.id ?? '', content: textOf(slot) })),
}

const responses: Writer = {
  user: (content) => ({ role: 'user', content }),
  says: (text) => ({
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  }),
  calls: (slots, text, reasons, turn) => [
    ...(reasons ? [{ type: 'reasoning', id: `rs_${turn}`, summary: [] }] : []),
    ...(text === undefined ? [] : [responses.says(text)]),
    ...slots.map((slot, index) => ({
      type: 'function_call',
      id: `fc_${turn}_${index}`,
      call_id: slot.id ?? '',
      name: slot.name,
      arguments: JSON.stringify(slot.args),
      status: 'completed',
    })),
  ],
  results: (slots) =>
    slots.map((slot) => ({
      type: 'function_call_output',
      call_id: slot.id ?? '',
      output: textOf(slot),
    })),
}

const anthropic: Writer = {
  user: (content) => ({ role: 'user', content }),
  says: (text) => ({ role: 'assistant', content: [{ type: 'text', text }] }),
  calls: (slots, text, reasons) => [
    {
      role: 'assistant',
      content: [
        ...(reasons ? [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }] : []),
        ...(text === undefined ? [] : [{ type: 'text', text }]),
        ...slots.map((slot) => ({
          type: 'tool_use',
          id: slot.id ?? '',
          name: slot.name,
          input: slot.args,
          cache_control: { type: 'ephemeral' },
        })),
      ],
    },
  ],
  results: (slots) =>
    slots.length === 0
      ? []
      : [
          {
            role: 'user',
            content: slots.map((slot) => ({
              type: 'tool_result',
              tool_use_id: slot.id ?? '',
              ...anthropicBody(slot),
            })),
          },
        ],
}

const gemini: Writer = {
  user: (text) => ({ role: 'user', parts: [{ text }] }),
  says: (text) => ({ role: 'model', parts: [{ text }] }),
  calls: (slots, text) => [
    {
      role: 'model',
      parts: [
        ...(text === undefined ? [] : [{ text }]),
        ...slots.map((slot) => ({
          functionCall: {
            ...(slot.id === undefined ? {} : { id: slot.id }),
            name: slot.name,
            args: slot.args,
          },
          ...(slot.signed ? { thoughtSignature: 'c2ln' } : {}),
        })),
      ],
    },
  ],
  results: (slots) =>
    slots.length === 0
      ? []
      : [
          {
            role: 'user',
            parts: slots.map((slot) => ({
              functionResponse: {
                ...(slot.id === undefined ? {} : { id: slot.id }),
                name: slot.name,
                response: geminiBody(slot),
              },
            })),
          },
        ],
}

const writers: Readonly<Record<TranscriptFormat, Writer>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  anthropic,
  gemini,
}

function textOf({ written }: Slot): string {
  if (written === undefined) throw new Error('only answered calls are written')
  if (written.kind === 'unknown') return JSON.stringify({ error: unknownBody(written.reason) })
  if (written.isError) return JSON.stringify({ error: written.value })
  return typeof written.value === 'string' ? written.value : JSON.stringify(written.value)
}

function anthropicBody({ written }: Slot): JsonObject {
  if (written === undefined) throw new Error('only answered calls are written')
  if (written.kind === 'unknown') {
    const reason = written.reason === undefined ? '' : ` Reason: ${written.reason}`
    return { content: `OUTCOME_UNKNOWN: ${unknownText}${reason}`, is_error: true }
  }
  const text = typeof written.value === 'string' ? written.value : JSON.stringify(written.value)
  if (!written.isError) return text.trim() === '' ? {} : { content: text }
  return {
    content: text.trim() === '' ? 'The tool failed and said nothing.' : text,
    is_error: true,
  }
}

function geminiBody({ written }: Slot): JsonObject {
  if (written === undefined) throw new Error('only answered calls are written')
  if (written.kind === 'unknown') return { error: unknownBody(written.reason) }
  return written.isError ? { error: written.value } : { output: written.value }
}

function unknownBody(reason: string | undefined): JsonObject {
  const body = { code: 'OUTCOME_UNKNOWN', message: unknownText }
  return reason === undefined ? body : { ...body, reason }
}
