/** Where calls and results stand in a transcript, found by hand for the tests. */
import type { JsonObject, JsonValue } from '../../../src/json.ts'
import type { TranscriptFormat } from '../../../src/transcript.ts'

/** A result: a message of its own, or a part of one. */
export interface Found {
  readonly message: number
  readonly part: number | undefined
  readonly value: JsonObject
}

export function partsKey(format: TranscriptFormat): 'content' | 'parts' | undefined {
  if (format === 'anthropic') return 'content'
  return format === 'gemini' ? 'parts' : undefined
}

export function resultsIn(format: TranscriptFormat, messages: readonly JsonObject[]): Found[] {
  return find(format, messages, (value) => {
    if (format === 'openai-chat') return value['role'] === 'tool'
    if (format === 'openai-responses') return value['type'] === 'function_call_output'
    return format === 'anthropic' ? value['type'] === 'tool_result' : 'functionResponse' in value
  })
}

export function callsIn(format: TranscriptFormat, messages: readonly JsonObject[]): number {
  if (format === 'openai-chat')
    return messages.reduce(
      (sum, { tool_calls: calls }) => sum + (Array.isArray(calls) ? calls.length : 0),
      0,
    )
  return find(format, messages, (value) => {
    if (format === 'openai-responses') return value['type'] === 'function_call'
    return format === 'anthropic' ? value['type'] === 'tool_use' : 'functionCall' in value
  }).length
}

/** True for what the user says himself. */
export function isUserText(format: TranscriptFormat, message: JsonObject): boolean {
  return message['role'] === 'user' && resultsIn(format, [message]).length === 0
}

function find(
  format: TranscriptFormat,
  messages: readonly JsonObject[],
  is: (value: JsonObject) => boolean,
): Found[] {
  const key = partsKey(format)
  return messages.flatMap((value, message): Found[] => {
    if (key === undefined) return is(value) ? [{ message, part: undefined, value }] : []
    const parts = value[key] as readonly JsonValue[] | string
    if (typeof parts === 'string') return []
    return (parts as readonly JsonObject[]).flatMap((value, part) =>
      is(value) ? [{ message, part, value }] : [],
    )
  })
}

/** The messages with a part, or a message, put in. */
export function insert(
  format: TranscriptFormat,
  messages: readonly JsonObject[],
  at: { readonly message: number; readonly part: number | undefined },
  value: JsonObject,
): JsonObject[] {
  const key = partsKey(format)
  if (key === undefined || at.part === undefined) return messages.toSpliced(at.message, 0, value)
  const { part } = at
  return messages.map((message, index) =>
    index === at.message
      ? { ...message, [key]: (message[key] as readonly JsonValue[]).toSpliced(part, 0, value) }
      : message,
  )
}

/** The messages without a part, or a message; one that is left empty goes too. */
export function remove(
  format: TranscriptFormat,
  messages: readonly JsonObject[],
  at: { readonly message: number; readonly part: number | undefined },
): JsonObject[] {
  const key = partsKey(format)
  if (key === undefined || at.part === undefined) return messages.toSpliced(at.message, 1)
  const { part } = at
  return messages.flatMap((message, index) => {
    if (index !== at.message) return [message]
    const parts = (message[key] as readonly JsonValue[]).toSpliced(part, 1)
    return parts.length === 0 ? [] : [{ ...message, [key]: parts }]
  })
}

/** A message that holds one result and nothing else. */
export function alone(format: TranscriptFormat, result: JsonObject): JsonObject {
  const key = partsKey(format)
  return key === undefined ? result : { role: 'user', [key]: [result] }
}
