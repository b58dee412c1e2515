/** Single repairs, each with the exact messages that come out. */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/json.ts'
import { repairTranscript, type ToolOutcome } from '../../../src/transcript.ts'
import { freeze } from './freeze.ts'
import { chatCalls, chatUser, neverStarted, recorded, unknown } from './messages.ts'

describe('transcript: repair: openai-chat', () => {
  test('dangling turns, one half answered, are answered where they stand', () => {
    const given = freeze([
      chatUser,
      chatCalls('a', 'b'),
      { role: 'tool', tool_call_id: 'b', content: 'B' },
      chatUser,
      chatCalls('a'),
    ])
    const repair = repairTranscript('openai-chat', given, ({ position }) =>
      position === 0 ? { state: 'recorded', result: { n: 1 } } : { state: 'never-started' },
    )
    expect(repair.messages).toEqual([
      chatUser,
      chatCalls('a', 'b'),
      { role: 'tool', tool_call_id: 'a', content: '{"n":1}' },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
      chatUser,
      chatCalls('a'),
    ])
    expect(repair.toRun).toEqual([
      {
        position: 2,
        id: 'a',
        name: 'f',
        arguments: {},
        complete: true,
        path: 'messages[4].tool_calls[0]',
      },
    ])
    expect(repair.remaining).toEqual([])
  })

  test('an error is said in JSON, an unknown outcome says what it is', () => {
    const answer = (outcomeOf: () => ToolOutcome): unknown =>
      repairTranscript('openai-chat', [chatUser, chatCalls('a')], outcomeOf).messages[2]
    expect(answer(recorded('no such file', { isError: true }))).toEqual({
      role: 'tool',
      tool_call_id: 'a',
      content: '{"error":"no such file"}',
    })
    const { content } = answer(() => ({ state: 'unknown', reason: 'killed' })) as {
      content: string
    }
    expect(JSON.parse(content)).toEqual({
      error: {
        code: 'OUTCOME_UNKNOWN',
        message: expect.stringMatching(/unknown.*Do not assume.*do not repeat/s) as string,
        reason: 'killed',
      },
    })
  })

  test('content parts are passed on as they are', () => {
    const parts = [{ type: 'text', text: 'x' }]
    const repair = repairTranscript(
      'openai-chat',
      [chatUser, chatCalls('a')],
      recorded(parts, { as: 'content' }),
    )
    expect(repair.messages[2]).toEqual({ role: 'tool', tool_call_id: 'a', content: parts })
    expect(() =>
      repairTranscript(
        'openai-chat',
        [chatUser, chatCalls('a')],
        recorded({ n: 1 }, { as: 'content' }),
      ),
    ).toThrow(/expected a string or an array of content parts/)
  })

  test('a call whose arguments were cut off is answered, never listed to run', () => {
    const cut: JsonObject = {
      role: 'assistant',
      content: 'so',
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{"path":"x"}' } },
        { id: 'b', type: 'function', function: { name: 'f', arguments: '{"pa' } },
      ],
    }
    const repair = repairTranscript('openai-chat', freeze([chatUser, cut]), neverStarted)
    expect(repair.toRun.map(({ id }) => id)).toEqual(['a'])
    expect(repair.messages).toEqual([
      chatUser,
      cut,
      {
        role: 'tool',
        tool_call_id: 'b',
        content: expect.stringContaining('CALL_INCOMPLETE') as string,
      },
    ])
    expect(repair.repaired).toEqual([
      {
        kind: 'answered',
        outcome: 'incomplete',
        call: expect.objectContaining({ id: 'b', complete: false, arguments: '{"pa' }) as unknown,
      },
    ])
  })

  test('a call without id or name at the cut is taken out, and a message with nothing left', () => {
    const piece = { index: 1, function: { arguments: '' } }
    const half: JsonObject = {
      role: 'assistant',
      content: null,
      tool_calls: [...(chatCalls('a')['tool_calls'] as JsonObject[]), piece],
    }
    const repair = repairTranscript(
      'openai-chat',
      freeze([chatUser, half, chatUser]),
      recorded('A'),
    )
    expect(repair.messages).toEqual([
      chatUser,
      chatCalls('a'),
      { role: 'tool', tool_call_id: 'a', content: 'A' },
      chatUser,
    ])
    expect(repair.repaired[0]).toEqual({
      kind: 'removed',
      reason: 'fragment',
      path: 'messages[1].tool_calls[1]',
      value: piece,
    })
    const nothing: JsonObject = { role: 'assistant', content: null, tool_calls: [piece] }
    const emptied = repairTranscript('openai-chat', [chatUser, nothing, chatUser], unknown)
    expect(emptied.messages).toEqual([chatUser, chatUser])
    expect(emptied.repaired).toHaveLength(2)
  })

  test('paths are those of the transcript that was given, also behind what was taken out', () => {
    const empty: JsonObject = { role: 'assistant', content: null }
    const { toRun } = repairTranscript(
      'openai-chat',
      [empty, chatUser, chatCalls('a')],
      neverStarted,
    )
    expect(toRun[0]?.path).toBe('messages[2].tool_calls[0]')
  })
})

test('transcript: repair: a half-answered pair with one id is settled by what was recorded, too', () => {
  const given = [
    chatUser,
    chatCalls('a', 'a'),
    { role: 'tool', tool_call_id: 'a', content: 'second' },
  ]
  const repair = repairTranscript('openai-chat', given, ({ position }) =>
    position === 1
      ? { state: 'recorded', result: 'second' }
      : { state: 'recorded', result: 'first' },
  )
  expect(repair.messages.slice(2)).toEqual([
    { role: 'tool', tool_call_id: 'a', content: 'first' },
    { role: 'tool', tool_call_id: 'a', content: 'second' },
  ])
  expect(repair.remaining.map(({ code }) => code)).toEqual(['call-id-duplicate'])
  expect(() => repairTranscript('openai-chat', given, unknown)).toThrow(/cannot be told which/)
})
