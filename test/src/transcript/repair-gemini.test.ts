/** Single repairs, each with the exact messages that come out. */
import { describe, expect, test } from 'vitest'
import { addResults, repairTranscript, toolCallsOf } from '../../../src/transcript.ts'
import { freeze } from './freeze.ts'
import { geminiCalls, geminiResponse, geminiUser, recorded, unknown } from './messages.ts'

describe('transcript: repair: gemini', () => {
  test('responses split over two contents are brought together', () => {
    const given = freeze([
      geminiUser,
      geminiCalls('f', 'g'),
      { role: 'user', parts: [geminiResponse('f', { output: 1 })] },
      { role: 'user', parts: [geminiResponse('g', { output: 2 })] },
    ])
    expect(repairTranscript('gemini', given, unknown).messages).toEqual([
      geminiUser,
      geminiCalls('f', 'g'),
      {
        role: 'user',
        parts: [geminiResponse('f', { output: 1 }), geminiResponse('g', { output: 2 })],
      },
    ])
  })

  test('a response keeps the spelling, the id and the role that the transcript uses', () => {
    const given = freeze([
      { role: 'user', parts: [{ text: 'hi' }] },
      {
        role: 'model',
        parts: [{ function_call: { id: '1', name: 'f' }, thought_signature: 'c2ln' }],
      },
      {
        role: 'function',
        parts: [{ function_response: { id: '1', name: 'f', response: { output: 1 } } }],
      },
      {
        role: 'model',
        parts: [{ function_call: { id: '2', name: 'f' }, thought_signature: 'c2ln' }],
      },
    ])
    const repair = repairTranscript('gemini', given, recorded({ n: 1 }, { as: 'content' }))
    expect(repair.messages).toEqual([
      ...given,
      {
        role: 'function',
        parts: [{ function_response: { id: '2', name: 'f', response: { n: 1 } } }],
      },
    ])
  })

  test('a half-answered batch without ids is settled by what was recorded', () => {
    const half = freeze([
      geminiUser,
      geminiCalls('f', 'f', 'f'),
      { role: 'user', parts: [geminiResponse('f', { result: 'second' })] },
    ])
    const repair = repairTranscript('gemini', half, ({ position }) =>
      position === 1 ? { state: 'recorded', result: 'second' } : { state: 'never-started' },
    )
    expect(repair.toRun.map(({ position }) => position)).toEqual([0, 2])
    expect(repair.repaired).toEqual([])
    const whole = addResults('gemini', repair.messages, [
      { position: 0, result: 'first' },
      { position: 2, result: 'third', isError: true },
    ])
    expect(whole[2]).toEqual({
      role: 'user',
      parts: [
        geminiResponse('f', { output: 'first' }),
        geminiResponse('f', { result: 'second' }),
        geminiResponse('f', { error: 'third' }),
      ],
    })
  })

  test('results of such a batch that stand in the wrong order are put in order', () => {
    const given = freeze([
      geminiUser,
      geminiCalls('f', 'f', 'f'),
      {
        role: 'user',
        parts: [geminiResponse('f', { output: 3 }), geminiResponse('f', { output: 1 })],
      },
    ])
    const repair = repairTranscript('gemini', given, ({ position }) => ({
      state: 'recorded',
      result: position + 1,
    }))
    expect(repair.messages[2]).toEqual({
      role: 'user',
      parts: [1, 2, 3].map((output) => geminiResponse('f', { output })),
    })
  })

  test('where nothing settles it, the repair refuses to guess', () => {
    const half = [
      geminiUser,
      geminiCalls('f', 'f'),
      { role: 'user', parts: [geminiResponse('f', { output: 1 })] },
    ]
    expect(() => repairTranscript('gemini', half, unknown)).toThrow(
      /1 of 2 calls of "f" with no id of their own are answered, and it cannot be told which/,
    )
    expect(toolCallsOf('gemini', half).map(({ answer }) => answer?.certain)).toEqual([
      false,
      undefined,
    ])
  })
})
