/**
 * Transcripts that a crash, a retry or a second writer left in disorder: a result twice, without its call, behind the
 * user's words, and streams that were cut at any place.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/json.ts'
import {
  addResults,
  repairTranscript,
  validateTranscript,
  type ToolOutcome,
  type TranscriptFormat,
} from '../../../src/transcript.ts'
import { completed, crashed, repaired, stories, type Story } from './conversation.ts'
import { freeze } from './freeze.ts'
import { alone, callsIn, insert, isUserText, partsKey, remove, resultsIn } from './places.ts'
import { formats } from './writers.ts'

const runs = { numRuns: 100 }
const pick = fc.nat({ max: 1000 })

function withIds(format: TranscriptFormat): fc.Arbitrary<Story> {
  return stories(format).filter(({ conversation }) => conversation.ids !== 'none')
}

function outcomeOf({ fates }: Story): (call: { position: number }) => ToolOutcome {
  return ({ position }) => fates[position]?.outcome ?? { state: 'unknown' }
}

describe.each(formats)('transcript: damage: %s', (format) => {
  test('a second result of a call is taken out, the first stays', () => {
    fc.assert(
      fc.property(withIds(format), pick, (story, choice) => {
        const given = crashed(format, story)
        const results = resultsIn(format, given)
        const chosen = results[choice % results.length]
        fc.pre(chosen !== undefined)
        const at = {
          message: chosen.message + (chosen.part === undefined ? 1 : 0),
          part: chosen.part === undefined ? undefined : chosen.part + 1,
        }
        const second = { ...chosen.value, x_second: true }
        const twice = freeze(insert(format, given, at, second))
        expect(validateTranscript(format, twice).map(({ code }) => code)).toContain(
          'result-duplicate',
        )
        const repair = repairTranscript(format, twice, outcomeOf(story))
        expect(repair.messages).toEqual(repaired(format, story))
        expect(repair.repaired).toContainEqual(
          expect.objectContaining({ kind: 'removed', reason: 'duplicate', value: second }),
        )
        expect(repair.remaining).toEqual([])
      }),
      runs,
    )
  })

  test('a result without a call is taken out and said to be', () => {
    fc.assert(
      fc.property(withIds(format), pick, (story, choice) => {
        const given = crashed(format, story)
        const at = { message: 1 + (choice % given.length), part: undefined }
        const orphan = ghost(format)
        const before = freeze(insert(format, given, at, alone(format, orphan)))
        expect(validateTranscript(format, before).map(({ code }) => code)).toContain(
          'result-orphan',
        )
        const repair = repairTranscript(format, before, outcomeOf(story))
        expect(repair.messages).toEqual(repaired(format, story))
        expect(repair.repaired).toContainEqual(
          expect.objectContaining({ kind: 'removed', reason: 'orphan', value: orphan }),
        )
      }),
      runs,
    )
  })

  test('a stream cut anywhere is repaired, whatever the user said next', () => {
    fc.assert(
      fc.property(withIds(format), pick, pick, fc.boolean(), (story, place, depth, spoke) => {
        const whole = completed(format, story)
        const cut = cutAt(format, whole, place, depth)
        const given = freeze(spoke ? [...cut, user(format)] : cut)
        const repair = repairTranscript(format, given, outcomeOf(story))
        const results = repair.toRun.map(({ position }) => ({ position, result: 'late' }))
        const mended = addResults(format, freeze(repair.messages), results) as JsonObject[]
        expect(repair.remaining).toEqual([])
        expect(validateTranscript(format, mended)).toEqual([])
        expect(resultsIn(format, mended)).toHaveLength(callsIn(format, mended))
        // What was whole before the cut is still there, in order, and so is what the user said.
        const kept = [...cut.slice(0, -1), ...(spoke ? [user(format)] : [])].filter(
          (message) => resultsIn(format, [message]).length === 0,
        )
        expect(subsequence(kept, mended)).toBe(true)
        expect(repairTranscript(format, freeze(mended), outcomeOf(story))).toMatchObject({
          messages: mended,
          repaired: [],
          toRun: [],
        })
      }),
      runs,
    )
  })
})

// OpenAI Responses takes an output anywhere behind its call.
describe.each(formats.filter((format) => format !== 'openai-responses'))(
  'transcript: damage: %s',
  (format) => {
    test("a result behind the user's words is moved before them, unchanged", () => {
      fc.assert(
        fc.property(withIds(format), pick, (story, choice) => {
          const given = crashed(format, story)
          const movable = resultsIn(format, given).flatMap((result) => {
            const next = given.findIndex(
              (message, index) =>
                index > result.message && resultsIn(format, [message]).length === 0,
            )
            const words = given[next]
            return words !== undefined && isUserText(format, words) ? [{ result, next }] : []
          })
          const chosen = movable[choice % movable.length]
          fc.pre(chosen !== undefined)
          const { result, next } = chosen
          const behind = insert(
            format,
            given,
            { message: next + 1, part: undefined },
            alone(format, result.value),
          )
          const late = freeze(remove(format, behind, result))
          expect(validateTranscript(format, late).map(({ code }) => code)).toContain(
            'result-displaced',
          )
          const repair = repairTranscript(format, late, outcomeOf(story))
          expect(repair.messages).toEqual(repaired(format, story))
          expect(repair.repaired.filter((entry) => entry.kind === 'moved')).toHaveLength(1)
        }),
        runs,
      )
    })
  },
)

/** Everything before a message, and a part of that one. */
function cutAt(
  format: TranscriptFormat,
  whole: readonly JsonObject[],
  place: number,
  depth: number,
): JsonObject[] {
  const index = place % whole.length
  const message = whole[index]
  if (message === undefined) return []
  return [...whole.slice(0, index), ...cutMessage(format, message, depth)]
}

function cutMessage(format: TranscriptFormat, message: JsonObject, depth: number): JsonObject[] {
  if (message['role'] === 'user') return [message]
  const key = partsKey(format) ?? 'tool_calls'
  const parts = message[key]
  if (format === 'openai-responses' && message['type'] === 'function_call')
    return [cutText(message, 'arguments', depth)]
  if (!Array.isArray(parts) || resultsIn(format, [message]).length === parts.length)
    return [message]
  const length = depth % (parts.length + 1)
  const last = parts[length - 1] as JsonObject | undefined
  return [
    {
      ...message,
      [key]: [
        ...parts.slice(0, Math.max(0, length - 1)),
        ...(last === undefined ? [] : [cutPart(format, last, depth)]),
      ],
    },
  ]
}

function cutPart(format: TranscriptFormat, part: JsonObject, depth: number): JsonObject {
  const rest = Math.floor(depth / 7)
  if (format === 'openai-chat') {
    if (rest % 3 === 0) return part
    const body = part['function'] as JsonObject
    if (rest % 3 === 1) return { ...part, function: cutText(body, 'arguments', rest) }
    return { index: 0, type: 'function' }
  }
  if (format === 'anthropic' && part['type'] === 'tool_use') {
    if (rest % 4 === 0) return part
    const { input, id, ...named } = part
    if (rest % 4 === 1) return { ...named, id: id ?? null }
    if (rest % 4 === 2)
      return { ...named, id: id ?? null, input: JSON.stringify(input).slice(0, 3) }
    return { type: 'tool_use' }
  }
  return part
}

function cutText(value: JsonObject, key: string, depth: number): JsonObject {
  const text = value[key] as string
  return { ...value, [key]: text.slice(0, depth % (text.length + 1)) }
}

function ghost(format: TranscriptFormat): JsonObject {
  const value: Record<TranscriptFormat, JsonObject> = {
    'openai-chat': { role: 'tool', tool_call_id: 'ghost', content: 'boo' },
    'openai-responses': { type: 'function_call_output', call_id: 'ghost', output: 'boo' },
    anthropic: { type: 'tool_result', tool_use_id: 'ghost', content: 'boo' },
    gemini: { functionResponse: { id: 'ghost', name: 'ghost', response: { output: 'boo' } } },
  }
  return value[format]
}

function user(format: TranscriptFormat): JsonObject {
  return format === 'gemini'
    ? { role: 'user', parts: [{ text: 'are you there?' }] }
    : { role: 'user', content: 'are you there?' }
}

/** True where the one list is the other with things left out. */
function subsequence(some: readonly JsonObject[], all: readonly JsonObject[]): boolean {
  const texts = some.map((message) => JSON.stringify(message))
  let matched = 0
  for (const message of all) if (JSON.stringify(message) === texts[matched]) matched++
  return matched === texts.length
}
