/** The parts of Gemini contents, in either spelling. */
import type { JsonObject, JsonValue } from '../json.ts'

export interface KeyedPart {
  /** The member as the transcript spells it. */
  readonly key: string
  readonly value: JsonValue
}

export function callOf(part: JsonObject): KeyedPart | undefined {
  return keyed(part, ['functionCall', 'function_call'])
}

export function responseOf(part: JsonObject): KeyedPart | undefined {
  return keyed(part, ['functionResponse', 'function_response'])
}

/** True where a part carries the signature of the thoughts that led to it. */
export function isSigned(part: JsonObject): boolean {
  const signature = part['thoughtSignature'] ?? part['thought_signature']
  return typeof signature === 'string' && signature.length > 0
}

/** True for contents of the model; one without a role is the user's. */
export function isModel(content: JsonObject): boolean {
  return content['role'] === 'model'
}

function keyed(part: JsonObject, keys: readonly string[]): KeyedPart | undefined {
  for (const key of keys) {
    const value = part[key]
    if (value !== undefined && value !== null) return { key, value }
  }
  return undefined
}
