/** Results put into a transcript one by one, and what is refused. */
import { describe, expect, test } from 'vitest'
import { addResults } from '../../../src/transcript.ts'
import { freeze } from './freeze.ts'
import { chatCalls, chatUser } from './messages.ts'

describe('transcript: repair: results added', () => {
  const given = freeze([chatUser, chatCalls('a', 'b')])

  test('one by one, each in its place', () => {
    const second = addResults('openai-chat', given, [{ position: 1, result: 'B' }])
    const both = addResults('openai-chat', second, [{ position: 0, result: 'A' }])
    expect(both).toEqual([
      ...given,
      { role: 'tool', tool_call_id: 'a', content: 'A' },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
    ])
  })

  test.each([
    ['a call that there is not', [{ position: 7, result: 1 }], /position 7: there is no such call/],
    [
      'a call twice',
      [
        { position: 0, result: 1 },
        { position: 0, result: 2 },
      ],
      /two results for the call at position 0/,
    ],
  ])('refused for %s', (_, results, message) => {
    expect(() => addResults('openai-chat', given, results)).toThrow(message)
  })

  test('refused for a call that is answered, and for a transcript that needs repair', () => {
    const answered = addResults('openai-chat', given, [{ position: 0, result: 'A' }])
    expect(() => addResults('openai-chat', answered, [{ position: 0, result: 'A' }])).toThrow(
      /messages\[1\]\.tool_calls\[0\] is answered already/,
    )
    const orphaned = [{ role: 'tool', tool_call_id: 'x', content: '' }, ...given]
    expect(() => addResults('openai-chat', orphaned, [{ position: 0, result: 'A' }])).toThrow(
      /needs repair before results are added: something at messages\[0\] must be removed/,
    )
  })
})
