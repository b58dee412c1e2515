/**
 * Any order of any pieces: whatever a transcript holds, a repair ends with one result for each call and none without a
 * call, changes nothing the second time, and refuses only what it says it refuses.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/json.ts'
import {
  addResults,
  repairTranscript,
  toolCallsOf,
  TranscriptError,
  validateTranscript,
  type RepairedTranscript,
  type ToolCall,
  type ToolOutcome,
  type TranscriptFormat,
} from '../../../src/transcript.ts'
import { freeze } from './freeze.ts'
import { formats } from './writers.ts'

const id = fc.constantFrom('a', 'b', 'c')
const text = fc.constantFrom('x', '', ' ')

const chat = fc.oneof(
  fc.record({
    role: fc.constantFrom('user', 'system', 'assistant', 'bot'),
    content: fc.constantFrom('x', '', null),
  }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.constantFrom('x', null),
    tool_calls: fc.array(
      fc.oneof(
        {
          weight: 6,
          arbitrary: id.map((id) => ({
            id,
            type: 'function',
            function: { name: 'f', arguments: '{}' },
          })),
        },
        {
          weight: 1,
          arbitrary: id.map((id) => ({
            id,
            type: 'function',
            function: { name: 'f', arguments: '{' },
          })),
        },
        { weight: 1, arbitrary: fc.constant({ index: 0 }) },
      ),
      { maxLength: 3 },
    ),
  }),
  id.map((id) => ({ role: 'tool', tool_call_id: id, content: 'ok' })),
)

const responses = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'assistant', 'developer'), content: fc.constant('x') }),
  fc.nat(9).map((n) => ({ type: 'reasoning', id: `rs_${n}`, summary: [] })),
  id.map((id) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })),
  id.map((id) => ({ type: 'custom_tool_call', call_id: id, name: 'f', input: 'x' })),
  id.map((id) => ({ type: 'function_call_output', call_id: id, output: 'ok' })),
  fc.constant({ type: 'web_search_call', status: 'completed' }),
  fc.constant({ type: 'function_call', arguments: '' }),
)

const claudeBlock = fc.oneof(
  text.map((text) => ({ type: 'text', text })),
  { weight: 2, arbitrary: id.map((id) => ({ type: 'tool_use', id, name: 'f', input: {} })) },
  id.map((id) => ({ type: 'tool_use', id, name: 'f', input: '{' })),
  fc.constant({ type: 'tool_use' }),
  {
    weight: 2,
    arbitrary: id.map((id) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' })),
  },
  fc.constant({ type: 'thinking', thinking: 'hm', signature: 's' }),
  fc.constant({ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
  fc.constant({ type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
)
const claude = fc.record({
  role: fc.constantFrom('user', 'user', 'assistant', 'assistant', 'system'),
  content: fc.oneof(
    { weight: 1, arbitrary: text },
    { weight: 4, arbitrary: fc.array(claudeBlock, { maxLength: 4 }) },
  ),
})

const geminiPart = (withId: boolean): fc.Arbitrary<JsonObject> => {
  const named = withId
    ? id.map((id) => ({ id, name: 'f' }))
    : fc.constantFrom({ name: 'f' }, { name: 'g' })
  return fc.oneof(
    text.map((text) => ({ text })),
    { weight: 2, arbitrary: named.map((call) => ({ functionCall: { ...call, args: {} } })) },
    {
      weight: 2,
      arbitrary: named.map((of) => ({ functionResponse: { ...of, response: { output: 'ok' } } })),
    },
    fc.constant({ functionCall: {} }),
  )
}
const gemini = fc.boolean().chain((withId) =>
  fc.array(
    fc.record({
      role: fc.constantFrom('user', 'model', 'function'),
      parts: fc.array(geminiPart(withId), { maxLength: 4 }),
    }),
    { maxLength: 6 },
  ),
)

const pieces: Readonly<Record<TranscriptFormat, fc.Arbitrary<JsonObject[]>>> = {
  'openai-chat': fc.array(chat, { maxLength: 8 }),
  'openai-responses': fc.array(responses, { maxLength: 10 }),
  anthropic: fc.array(claude, { maxLength: 6 }),
  gemini,
}

const outcomes = fc.func(
  fc.oneof(
    fc.constant<ToolOutcome>({ state: 'recorded', result: 'R' }),
    fc.constant<ToolOutcome>({ state: 'unknown' }),
    fc.constant<ToolOutcome>({ state: 'never-started' }),
  ),
)

const mended = new Set([
  'call-unanswered',
  'result-orphan',
  'result-duplicate',
  'result-displaced',
  'call-fragment',
  'reasoning-alone',
])

describe.each(formats)('transcript: disorder: %s', (format) => {
  test('a repair leaves one result for each call, and nothing to repair', () => {
    fc.assert(
      fc.property(pieces[format], outcomes, (messages, outcomeOf) => {
        const repair = attempt(format, freeze(messages), ({ position }) => outcomeOf(position))
        fc.pre(repair !== undefined)
        const results = repair.toRun.map(({ position }) => ({ position, result: 'late' }))
        const whole = addResults(format, freeze(repair.messages), results)
        const codes = validateTranscript(format, whole).map(({ code }) => code)
        expect(codes.filter((code) => mended.has(code))).toEqual([])
        expect(codes).toEqual(repair.remaining.map(({ code }) => code))
        expect(toolCallsOf(format, whole).every(({ answer }) => answer?.certain === true)).toBe(
          true,
        )
        const again = repairTranscript(format, freeze(whole), () => {
          throw new Error('an answered call was asked about')
        })
        expect(again).toMatchObject({ messages: whole, repaired: [], toRun: [] })
      }),
      { numRuns: 200 },
    )
  })
})

/** Malformed transcripts and batches that cannot be told apart are refused; nothing else may be thrown. */
function attempt(
  format: TranscriptFormat,
  messages: readonly JsonObject[],
  outcomeOf: (call: ToolCall) => ToolOutcome,
): RepairedTranscript<JsonObject> | undefined {
  try {
    return repairTranscript(format, messages, outcomeOf)
  } catch (error) {
    if (error instanceof TranscriptError) return undefined
    throw error
  }
}
