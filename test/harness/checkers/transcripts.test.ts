/** S12, and the oracle's own reading of four transcript formats. */
import { describe, expect, test } from 'vitest'
import { readTranscript } from '../../../harness/checkers/transcript-model.ts'
import type { TranscriptFormat } from '../../../harness/mark.ts'
import type { Task } from '../../../harness/workload.ts'
import type { Story, Teller } from '../history-builder.ts'
import { findings } from './judge.ts'

/** What a transcript is made of, in no format. */
type Turn =
  | { readonly calls: readonly string[] }
  | { readonly answers: Readonly<Record<string, string>>; readonly errors?: readonly string[] }
  | { readonly text: string }

/** The same transcript in each format; call `a#2` has the id `a#2` and the name `a`. */
const writers: Readonly<Record<TranscriptFormat, (turn: Turn) => readonly unknown[]>> = {
  'openai-chat': (turn) => {
    if ('text' in turn) return [{ role: 'user', content: turn.text }]
    if ('calls' in turn)
      return [
        {
          role: 'assistant',
          content: null,
          tool_calls: turn.calls.map((id) => ({
            id,
            type: 'function',
            function: { name: nameOf(id), arguments: '{}' },
          })),
        },
      ]
    return Object.entries(turn.answers).map(([id, text]) => ({
      role: 'tool',
      tool_call_id: id,
      content: turn.errors?.includes(id) === true ? JSON.stringify({ error: text }) : text,
    }))
  },
  'openai-responses': (turn) => {
    if ('text' in turn) return [{ role: 'user', content: turn.text }]
    if ('calls' in turn)
      return turn.calls.map((id) => ({
        type: 'function_call',
        call_id: id,
        name: nameOf(id),
        arguments: '{}',
      }))
    return Object.entries(turn.answers).map(([id, text]) => ({
      type: 'function_call_output',
      call_id: id,
      output: turn.errors?.includes(id) === true ? JSON.stringify({ error: text }) : text,
    }))
  },
  anthropic: (turn) => {
    if ('text' in turn) return [{ role: 'user', content: turn.text }]
    if ('calls' in turn)
      return [
        {
          role: 'assistant',
          content: turn.calls.map((id) => ({ type: 'tool_use', id, name: nameOf(id), input: {} })),
        },
      ]
    return [
      {
        role: 'user',
        content: Object.entries(turn.answers).map(([id, text]) => ({
          type: 'tool_result',
          tool_use_id: id,
          content: [{ type: 'text', text }],
          ...(turn.errors?.includes(id) === true ? { is_error: true } : {}),
        })),
      },
    ]
  },
  gemini: (turn) => {
    if ('text' in turn) return [{ role: 'user', parts: [{ text: turn.text }] }]
    if ('calls' in turn)
      return [
        {
          role: 'model',
          parts: turn.calls.map((id) => ({ functionCall: { name: nameOf(id), args: {} } })),
        },
      ]
    return [
      {
        role: 'user',
        parts: Object.entries(turn.answers).map(([id, text]) => ({
          functionResponse: {
            name: nameOf(id),
            response: turn.errors?.includes(id) === true ? { error: text } : { output: text },
          },
        })),
      },
    ]
  },
}
const formats = Object.keys(writers) as TranscriptFormat[]

function nameOf(id: string): string {
  return id.split('#')[0] ?? id
}

function write(format: TranscriptFormat, turns: readonly Turn[]): readonly unknown[] {
  return turns.flatMap((turn) => writers[format](turn))
}

describe.each(formats)('transcripts: %s', (format) => {
  const problems = (...turns: readonly Turn[]): readonly string[] =>
    readTranscript(format, write(format, turns)).problems

  test('whole turns have no problem, and ids may come back in a later turn', () => {
    const turn: readonly Turn[] = [
      { calls: ['a', 'b'] },
      { answers: { b: '1', a: '2' } },
      { text: 'go on' },
    ]
    expect(problems({ text: 'go' }, ...turn, ...turn)).toEqual([])
  })

  test('answers are found, with their error flag', () => {
    const turns: readonly Turn[] = [
      { calls: ['a', 'b'] },
      { answers: { a: 'fine', b: 'lost' }, errors: ['b'] },
    ]
    const { calls } = readTranscript(format, write(format, turns))
    expect(calls.map(({ name, answer }) => [name, answer?.isError])).toEqual([
      ['a', false],
      ['b', true],
    ])
    expect(calls.map(({ answer }) => answer?.text.includes('fine'))).toEqual([true, false])
  })

  test('a call without an answer is a problem, at the end and in the middle', () => {
    expect(problems({ calls: ['a', 'b'] }, { answers: { a: '1' } })).toEqual([
      expect.stringMatching(/^call b( \(b\))? has no answer$/),
    ])
    expect(problems({ calls: ['a'] })).toHaveLength(1)
    expect(
      problems({ calls: ['a'] }, { text: 'x' }, { calls: ['b'] }, { answers: { b: '1' } }),
    ).toHaveLength(1)
  })

  test('a second answer and an answer to nothing are problems', () => {
    const twice: readonly Turn[] = [
      { calls: ['a'] },
      { answers: { a: '1' } },
      { answers: { a: '1' } },
    ]
    expect(problems(...twice)).toEqual([expect.stringMatching(/a is answered twice|answer to a/)])
    expect(problems({ text: 'x' }, { answers: { a: '1' } })).toEqual([
      'an answer to a, which is no call of this turn',
    ])
  })

  test('an answer to a call of an earlier turn does not count', () => {
    const turns: readonly Turn[] = [
      { calls: ['a'] },
      { answers: { a: '1' } },
      { text: 'x' },
      { calls: ['b'] },
      { answers: { a: '1' } },
    ]
    expect(problems(...turns)).toHaveLength(2)
  })
})

test('transcripts: what is no transcript is a problem', () => {
  expect(readTranscript('anthropic', 'x').problems).toEqual(['it is no list of messages'])
  expect(readTranscript('gemini', [null, 7, { parts: 'x' }]).problems).toEqual([])
  const late = { type: 'tool_result', tool_use_id: 'a', content: '1' }
  expect(
    readTranscript('anthropic', [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'a' }] },
      { role: 'user', content: [{ type: 'text', text: 'x' }, late] },
    ]).problems,
  ).toEqual(['a tool_result stands behind other content of its message'])
})

const batch: Task = {
  kind: 'tools',
  id: 't',
  calls: [
    { kind: 'step', id: 'a', effect: 'once' },
    { kind: 'step', id: 'b', effect: 'once' },
  ],
}

describe.each(formats)('S12: %s', (format) => {
  const ask = (life: Teller, ...turns: readonly Turn[]): Teller =>
    life.mark({ mark: 'model-request', step: 't', format, messages: write(format, turns) })
  const calls: Turn = { calls: ['a', 'b'] }
  const once = { effect: 'once' } as const
  const said = (tell: (story: Story) => void): readonly string[] => findings('S12', batch, tell)

  test('holds for recorded results and for an unknown one', () => {
    const found = said((story) => {
      const one = ask(story.start().own(1), { text: 'go' })
      one.step('a', once).killed()
      const two = story.start().own(2).observed('a', 'n1').observed('b', '', 'unknown')
      ask(two, calls, { answers: { a: '{"nonce":"n1"}', b: 'outcome unknown' }, errors: ['b'] })
    })
    expect(found).toEqual([])
  })

  test('is broken by a call without an answer', () => {
    const found = said((story) => {
      ask(story.start().own(1).step('a', once), calls, { answers: { a: 'n1' } })
    })
    expect(found).toEqual([
      expect.stringMatching(/^BROKEN_TRANSCRIPT call b.* has no answer, in a request of t$/),
    ])
  })

  test('is broken where an unknown outcome is a success', () => {
    const found = said((story) => {
      story.start().own(1).step('a', once).killed()
      ask(story.start().own(2), calls, { answers: { a: 'n1', b: 'ok' } })
    })
    expect(found).toEqual([
      'BROKEN_TRANSCRIPT call b is answered as a success, and no effect of it gave that result, in a request of t',
    ])
  })

  test('is broken where a recorded result is replaced by an error', () => {
    const found = said((story) => {
      story.start().own(1).step('a', once).step('b', once).killed()
      ask(story.start().own(2), calls, {
        answers: { a: 'n1', b: 'outcome unknown' },
        errors: ['b'],
      })
    })
    expect(found).toEqual([
      'BROKEN_TRANSCRIPT call b was observed as n2, and is answered as an error, in a request of t',
    ])
  })

  test('is broken where an answer changes', () => {
    const found = said((story) => {
      const answers = { a: 'outcome unknown', b: 'outcome unknown' }
      const one = story.start().own(1).effect('a', once).effect('b', once)
      ask(one, calls, { answers, errors: ['a', 'b'] }).killed()
      ask(story.start().own(2), calls, { answers: { ...answers, b: 'n2' }, errors: ['a'] })
    })
    expect(found).toEqual([
      'BROKEN_TRANSCRIPT call b is answered otherwise than before, in a request of t',
    ])
  })
})
