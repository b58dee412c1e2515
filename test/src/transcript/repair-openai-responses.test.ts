/** Single repairs, each with the exact messages that come out. */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/json.ts'
import { repairTranscript, TranscriptError } from '../../../src/transcript.ts'
import { freeze } from './freeze.ts'
import { neverStarted, recorded, unknown } from './messages.ts'

describe('transcript: repair: openai-responses', () => {
  const call = (id: string): JsonObject => ({
    type: 'function_call',
    call_id: id,
    name: 'f',
    arguments: '{}',
  })
  const output = (id: string, text: string): JsonObject => ({
    type: 'function_call_output',
    call_id: id,
    output: text,
  })
  const user: JsonObject = { role: 'user', content: 'hi' }

  test('outputs come behind the whole run of the model, never between reasoning and its call', () => {
    const reasoning: JsonObject = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [],
      encrypted_content: 'x',
    }
    const says: JsonObject = { type: 'message', role: 'assistant', content: [] }
    const given = freeze([user, call('a'), reasoning, call('b'), says, user])
    const repair = repairTranscript('openai-responses', given, recorded('R'))
    expect(repair.messages).toEqual([
      user,
      call('a'),
      output('a', 'R'),
      reasoning,
      call('b'),
      says,
      output('b', 'R'),
      user,
    ])
  })

  test('reasoning at the cut is taken out with the call that it led to', () => {
    const reasoning: JsonObject = { type: 'reasoning', id: 'rs_1', summary: [] }
    const piece: JsonObject = { type: 'function_call', arguments: '' }
    const repair = repairTranscript('openai-responses', [user, reasoning, piece], unknown)
    expect(repair.messages).toEqual([user])
    expect(repair.repaired).toEqual([
      { kind: 'removed', reason: 'fragment', path: 'input[1]', value: reasoning },
      { kind: 'removed', reason: 'fragment', path: 'input[2]', value: piece },
    ])
  })

  test('a call that the API marked incomplete is not run', () => {
    const cut: JsonObject = { ...call('a'), status: 'incomplete' }
    expect(repairTranscript('openai-responses', [user, cut], neverStarted).toRun).toEqual([])
  })

  test('a built-in tool takes the members of its output item, and no unknown outcome', () => {
    const patch: JsonObject = {
      type: 'apply_patch_call',
      call_id: 'p',
      operation: { type: 'delete_file', path: 'x' },
    }
    const repair = repairTranscript(
      'openai-responses',
      [user, patch],
      recorded({ status: 'failed', output: 'no such file' }, { as: 'content' }),
    )
    expect(repair.messages[2]).toEqual({
      type: 'apply_patch_call_output',
      call_id: 'p',
      status: 'failed',
      output: 'no such file',
    })
    const local: JsonObject = { type: 'local_shell_call', id: 'lsh_1', call_id: 'l', action: {} }
    expect(
      repairTranscript(
        'openai-responses',
        [user, local],
        recorded({ output: '' }, { as: 'content' }),
      ).messages[2],
    ).toEqual({ type: 'local_shell_call_output', id: 'l', output: '' })
    expect(() => repairTranscript('openai-responses', [user, patch], unknown)).toThrow(
      /cannot be said in an item of the type apply_patch_call_output.*\n.*hint: decide what happened/,
    )
    expect(() => repairTranscript('openai-responses', [user, patch], recorded('x'))).toThrow(
      TranscriptError,
    )
  })
})
