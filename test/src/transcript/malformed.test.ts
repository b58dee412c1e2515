/** Input that is no transcript at all: a typed error that names every fault, its path and what to do. */
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../../src/json.ts'
import {
  repairTranscript,
  toolCallsOf,
  TranscriptError,
  validateTranscript,
  type ToolOutcome,
  type TranscriptFormat,
} from '../../../src/transcript.ts'

function faultsOf(format: TranscriptFormat, messages: unknown): readonly string[] {
  try {
    validateTranscript(format, messages as readonly JsonValue[])
  } catch (error) {
    expect(error).toBeInstanceOf(TranscriptError)
    expect(error).toMatchObject({ code: 'TRANSCRIPT', details: { format } })
    return (error as TranscriptError).problems.map(({ path }) => path)
  }
  return []
}

const cases: readonly (readonly [TranscriptFormat, string, JsonValue, readonly string[]])[] = [
  ['openai-chat', 'no list', { role: 'user' }, ['messages']],
  ['openai-chat', 'no messages', ['hi', null], ['messages[0]', 'messages[1]']],
  ['openai-chat', 'no role', [{ content: 'hi' }], ['messages[0].role']],
  [
    'openai-chat',
    'calls that are none',
    [
      {
        role: 'assistant',
        tool_calls: [7, { id: 'a', function: 'f' }, { id: 'b', function: { name: 'f' } }],
      },
    ],
    [
      'messages[0].tool_calls[0]',
      'messages[0].tool_calls[0].id',
      'messages[0].tool_calls[0].function',
      'messages[0].tool_calls[0].function.name',
      'messages[0].tool_calls[1].function',
      'messages[0].tool_calls[1].function.name',
    ],
  ],
  [
    'openai-chat',
    'tool_calls that are no list',
    [{ role: 'assistant', content: '', tool_calls: {} }],
    ['messages[0].tool_calls'],
  ],
  [
    'openai-chat',
    'a result without id',
    [{ role: 'tool', content: 'x' }],
    ['messages[0].tool_call_id'],
  ],
  [
    'openai-chat',
    'the deprecated functions',
    [
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '' } },
      { role: 'function', name: 'f', content: 'x' },
    ],
    ['messages[0].function_call', 'messages[1].role'],
  ],
  ['openai-responses', 'an item without type and role', [{ content: 'x' }], ['input[0].role']],
  ['openai-responses', 'a type that is no text', [{ type: 1, role: 'user' }], ['input[0].type']],
  [
    'openai-responses',
    'a call without id and name before another',
    [
      { type: 'function_call' },
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
    ],
    ['input[0].call_id', 'input[0].name'],
  ],
  [
    'openai-responses',
    'an output without id',
    [{ type: 'function_call_output', output: '' }],
    ['input[0].call_id'],
  ],
  ['anthropic', 'content that is neither', [{ role: 'user', content: 7 }], ['messages[0].content']],
  [
    'anthropic',
    'blocks that are none',
    [{ role: 'user', content: ['x', {}] }],
    ['messages[0].content[0]', 'messages[0].content[1].type'],
  ],
  [
    'anthropic',
    'a call without id and name before a text',
    [{ role: 'assistant', content: [{ type: 'tool_use' }, { type: 'text', text: 'x' }] }],
    ['messages[0].content[0].id', 'messages[0].content[0].name'],
  ],
  [
    'anthropic',
    'a result without id',
    [{ role: 'user', content: [{ type: 'tool_result' }] }],
    ['messages[0].content[0].tool_use_id'],
  ],
  ['gemini', 'a role that is no text', [{ role: 1, parts: [] }], ['contents[0].role']],
  [
    'gemini',
    'parts that are none',
    [
      { role: 'user', parts: 'x' },
      { role: 'user', parts: ['x'] },
    ],
    ['contents[0].parts', 'contents[1].parts[0]'],
  ],
  [
    'gemini',
    'a call and a response without name',
    [
      { role: 'model', parts: [{ functionCall: { id: 7 } }, { text: '' }] },
      { role: 'user', parts: [{ functionResponse: 'x' }] },
    ],
    [
      'contents[0].parts[0].functionCall.id',
      'contents[0].parts[0].functionCall.name',
      'contents[1].parts[0].functionResponse',
      'contents[1].parts[0].functionResponse.name',
    ],
  ],
]

describe('transcript: malformed', () => {
  test.each(cases)('%s: %s', (format, _, messages, paths) => {
    expect(faultsOf(format, messages)).toEqual(paths)
  })

  test('the message holds what was expected, what came, and what to do', () => {
    expect(() =>
      toolCallsOf('anthropic', [{ role: 'user', content: 7 }, { content: 'x' }]),
    ).toThrow(
      /^not a transcript of the format anthropic: expected a text or an array of blocks at messages\[0\]\.content, got 7, and 1 more in `problems`\n {2}hint: check that the format is the right one/,
    )
  })

  test('what JSON cannot hold is refused with its path', () => {
    expect(() => validateTranscript('openai-chat', [{ role: 'user', content: undefined }])).toThrow(
      /expected a JSON value at messages\[0\]\.content, got undefined/,
    )
    expect(() =>
      repairTranscript(
        'anthropic',
        [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] }],
        () => ({
          state: 'recorded',
          result: Number.NaN,
        }),
      ),
    ).toThrow(/expected a JSON value at outcome of messages\[0\]\.content\[0\], got NaN/)
  })

  test('an unknown format and an unknown outcome are said', () => {
    expect(() => validateTranscript('cohere' as TranscriptFormat, [])).toThrow(
      /unknown transcript format "cohere"\n {2}hint: use one of openai-chat, openai-responses, anthropic, gemini/,
    )
    const calls = [{ role: 'model', parts: [{ functionCall: { name: 'f' } }] }]
    for (const outcome of [undefined, { state: 'ok' }, { state: 'unknown', reason: 7 }])
      expect(() =>
        repairTranscript('gemini', calls, () => outcome as unknown as ToolOutcome),
      ).toThrow(
        /expected an outcome with the state recorded, never-started or unknown for contents\[0\]\.parts\[0\]/,
      )
  })
})
