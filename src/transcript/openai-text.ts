/** Texts that both OpenAI formats share: arguments as the model writes them, results as the model reads them. */
import type { JsonValue } from '../json.ts'
import type { Answer, CallSlot } from './reading.ts'
import { isList } from './shape.ts'
import { badContent, plainText } from './wording.ts'

/** Arguments as OpenAI writes them, a JSON text; one that does not parse was cut off. */
export function parseArguments(text: JsonValue | undefined): {
  readonly value: JsonValue
  readonly complete: boolean
} {
  if (typeof text !== 'string') return { value: text ?? '', complete: false }
  try {
    return { value: JSON.parse(text) as JsonValue, complete: true }
  } catch {
    return { value: text, complete: false }
  }
}

/** What OpenAI takes as the content of a result: a text, or the caller's own content parts. */
export function textContent(call: CallSlot, answer: Answer): JsonValue {
  if (answer.state !== 'recorded' || answer.as !== 'content') return plainText(answer)
  const content = answer.result
  if (typeof content === 'string' || (isList(content) && content.length > 0)) return content
  throw badContent(call, 'a string or an array of content parts')
}
