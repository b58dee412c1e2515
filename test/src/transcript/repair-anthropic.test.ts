/** Single repairs, each with the exact messages that come out. */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/json.ts'
import { repairTranscript, type ToolOutcome } from '../../../src/transcript.ts'
import { freeze } from './freeze.ts'
import { claudeCalls, neverStarted, recorded, unknown } from './messages.ts'

describe('transcript: repair: anthropic', () => {
  const user: JsonObject = { role: 'user', content: 'hi' }
  const block = (id: string, more: JsonObject): JsonObject => ({
    type: 'tool_result',
    tool_use_id: id,
    ...more,
  })

  test("missing results go into the message that has the others, before the user's text", () => {
    const half: JsonObject = {
      role: 'user',
      content: [block('b', { content: 'B' }), { type: 'text', text: 'and?' }],
      x_kept: true,
    }
    const given = freeze([user, claudeCalls('a', 'b', 'c'), half])
    const repair = repairTranscript('anthropic', given, ({ id }) =>
      id === 'a' ? { state: 'recorded', result: 'A' } : { state: 'unknown' },
    )
    expect(repair.messages).toEqual([
      user,
      claudeCalls('a', 'b', 'c'),
      {
        role: 'user',
        content: [
          block('a', { content: 'A' }),
          block('b', { content: 'B' }),
          block('c', {
            content: expect.stringMatching(/^OUTCOME_UNKNOWN: /) as string,
            is_error: true,
          }),
          { type: 'text', text: 'and?' },
        ],
        x_kept: true,
      },
    ])
    expect(repair.messages[0]).toBe(given[0])
    expect(repair.messages[1]).toBe(given[1])
  })

  test("a user's message behind a call stays as it is, the result comes before it", () => {
    const given = freeze([user, claudeCalls('a'), user])
    const repair = repairTranscript('anthropic', given, recorded(['x']))
    expect(repair.messages).toEqual([
      user,
      claudeCalls('a'),
      { role: 'user', content: [block('a', { content: '["x"]' })] },
      user,
    ])
    expect(repair.messages[3]).toBe(given[2])
  })

  test('what the model said in its next message comes behind the result', () => {
    const says: JsonObject = { role: 'assistant', content: [{ type: 'text', text: 'meanwhile' }] }
    const late: JsonObject = { role: 'user', content: [block('a', { content: 'A' })] }
    const repair = repairTranscript(
      'anthropic',
      freeze([user, claudeCalls('a'), says, late]),
      unknown,
    )
    expect(repair.messages).toEqual([user, claudeCalls('a'), late, says])
    expect(repair.repaired.map((entry) => entry.kind)).toEqual(['moved', 'removed'])
    expect(repair.repaired[1]).toEqual({
      kind: 'removed',
      reason: 'emptied',
      path: 'messages[3]',
      value: late,
    })
  })

  test('results keep their content blocks, errors their flag, empty ones nothing', () => {
    const answer = (outcomeOf: () => ToolOutcome): unknown =>
      (
        repairTranscript('anthropic', [user, claudeCalls('a')], outcomeOf).messages[2] as {
          content: unknown[]
        }
      ).content[0]
    const image = [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } }]
    expect(answer(recorded(image, { as: 'content' }))).toEqual(block('a', { content: image }))
    expect(answer(recorded('no', { isError: true }))).toEqual(
      block('a', { content: 'no', is_error: true }),
    )
    expect(answer(recorded('', { isError: true }))).toEqual(
      block('a', { content: 'The tool failed and said nothing.', is_error: true }),
    )
    expect(answer(recorded(''))).toEqual(block('a', {}))
    expect(answer(recorded(null))).toEqual(block('a', { content: 'null' }))
  })

  test('cut arguments become an empty object, and the call is not run', () => {
    const cut: JsonObject = {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'a', name: 'f', input: '{"pa', x_kept: 1 }],
    }
    const repair = repairTranscript('anthropic', freeze([user, cut]), neverStarted)
    expect(repair.messages[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'a', name: 'f', input: {}, x_kept: 1 }],
    })
    expect(repair.toRun).toEqual([])
    expect(repair.repaired[0]).toMatchObject({
      kind: 'replaced',
      path: 'messages[1].content[0]',
      value: '{"pa',
    })
    expect(repair.remaining).toEqual([])
  })

  test('ids that repeat over messages of one run are of two turns', () => {
    const repair = repairTranscript(
      'anthropic',
      [
        user,
        claudeCalls('a'),
        claudeCalls('a'),
        { role: 'user', content: [block('a', { content: 'second' })] },
      ],
      recorded('first'),
    )
    expect(repair.messages).toEqual([
      user,
      claudeCalls('a'),
      { role: 'user', content: [block('a', { content: 'first' })] },
      claudeCalls('a'),
      { role: 'user', content: [block('a', { content: 'second' })] },
    ])
  })
})
