/** Each golden transcript has exactly the problems that stand beside it; each code has a golden. */
import { describe, expect, test } from 'vitest'
import {
  repairTranscript,
  validateTranscript,
  type TranscriptFormat,
  type TranscriptProblemCode,
} from '../../../../src/transcript.ts'
import { freeze } from '../freeze.ts'
import { anthropicGoldens } from './anthropic.ts'
import { geminiGoldens } from './gemini.ts'
import type { Golden } from './golden.ts'
import { openaiChatGoldens } from './openai-chat.ts'
import { openaiResponsesGoldens } from './openai-responses.ts'

const goldens: Readonly<Record<TranscriptFormat, readonly Golden[]>> = {
  'openai-chat': openaiChatGoldens,
  'openai-responses': openaiResponsesGoldens,
  anthropic: anthropicGoldens,
  gemini: geminiGoldens,
}

/** What a repair of tool calls mends; the rest comes back as `remaining`. */
const mendable: ReadonlySet<TranscriptProblemCode> = new Set([
  'call-unanswered',
  'result-orphan',
  'result-duplicate',
  'result-displaced',
  'call-fragment',
  'reasoning-alone',
])

for (const format of Object.keys(goldens) as TranscriptFormat[])
  describe(`transcript: goldens: ${format}`, () => {
    test.each(goldens[format])('$title', ({ messages, problems, options }) => {
      const found = validateTranscript(format, freeze(messages), options)
      expect(found.map(({ code, path }) => [code, path])).toEqual(problems)
      for (const { expected, came } of found) expect([expected, came]).not.toContain('')
    })

    test.each(goldens[format])('repaired: $title', ({ messages, problems }) => {
      const repair = repairTranscript(format, freeze(messages), () => ({ state: 'unknown' }))
      const codes = validateTranscript(format, repair.messages).map(({ code }) => code)
      expect(codes).toEqual(repair.remaining.map(({ code }) => code))
      expect(codes.filter((code) => mendable.has(code))).toEqual([])
      // A valid transcript comes back as it is, object by object.
      if (problems.length === 0) {
        expect(repair.repaired).toEqual([])
        repair.messages.forEach((message, index) => expect(message).toBe(messages[index]))
      }
    })
  })

test('transcript: goldens: every code but malformed has one', () => {
  const codes: Record<TranscriptProblemCode, true> = {
    'call-unanswered': true,
    'result-orphan': true,
    'result-duplicate': true,
    'result-displaced': true,
    'result-invalid': true,
    'call-id-duplicate': true,
    'call-id-invalid': true,
    'call-fragment': true,
    'call-not-last': true,
    'arguments-invalid': true,
    'item-id-duplicate': true,
    'role-invalid': true,
    'role-mismatch': true,
    'turn-order': true,
    'empty-transcript': true,
    'empty-message': true,
    'empty-text': true,
    'ends-with-model': true,
    'reasoning-alone': true,
    'reasoning-missing': true,
    'reasoning-unsigned': true,
    'server-call-unanswered': true,
    'server-result-orphan': true,
    malformed: true,
  }
  const seen = new Set(
    Object.values(goldens).flatMap((each) =>
      each.flatMap(({ problems }) => problems.map(([code]) => code)),
    ),
  )
  expect(
    Object.keys(codes).filter(
      (code) => code !== 'malformed' && !seen.has(code as TranscriptProblemCode),
    ),
  ).toEqual([])
})
