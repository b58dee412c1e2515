/** Messages and outcomes that the tests of single repairs begin with. */
import type { JsonObject, JsonValue } from '../../../src/json.ts'
import type { RecordedOutcome, ToolOutcome } from '../../../src/transcript.ts'

export const unknown = (): ToolOutcome => ({ state: 'unknown' })
export const neverStarted = (): ToolOutcome => ({ state: 'never-started' })
export const recorded =
  (result: JsonValue, more: Partial<RecordedOutcome> = {}) =>
  (): ToolOutcome => ({
    state: 'recorded',
    result,
    ...more,
  })

export const chatUser: JsonObject = { role: 'user', content: 'hi' }
export const chatCalls = (...ids: string[]): JsonObject => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
})
export const claudeCalls = (...ids: string[]): JsonObject => ({
  role: 'assistant',
  content: ids.map((id) => ({ type: 'tool_use', id, name: 'f', input: {} })),
})
export const geminiUser: JsonObject = { role: 'user', parts: [{ text: 'hi' }] }
export const geminiCalls = (...names: string[]): JsonObject => ({
  role: 'model',
  parts: names.map((name) => ({ functionCall: { name, args: {} } })),
})
export const geminiResponse = (name: string, response: JsonObject): JsonObject => ({
  functionResponse: { name, response },
})
