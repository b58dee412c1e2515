/**
 * The laws of `src/transcript.ts` for arbitrary conversations, crash points and outcomes, against a transcript that
 * `conversation.ts` writes on its own.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addResults,
  repairTranscript,
  toolCallsOf,
  validateTranscript,
  type ToolOutcome,
} from '../../../src/transcript.ts'
import { completed, crashed, repaired, stories, type Story } from './conversation.ts'
import { freeze } from './freeze.ts'
import { formats } from './writers.ts'

const runs = { numRuns: 100 }

function outcomeOf({ fates }: Story): (call: { position: number }) => ToolOutcome {
  return ({ position }) => fates[position]?.outcome ?? { state: 'unknown' }
}

function neverStarted({ fates }: Story): number[] {
  return fates.flatMap((fate, position) =>
    fate.outcome.state === 'never-started' ? [position] : [],
  )
}

describe.each(formats)('transcript: laws: %s', (format) => {
  test('a conversation without a crash has no problem', () => {
    fc.assert(
      fc.property(stories(format), (story) => {
        expect(validateTranscript(format, freeze(completed(format, story)))).toEqual([])
      }),
      runs,
    )
  })

  test('repair gives every call its one result, in place, and leaves the rest as it was', () => {
    fc.assert(
      fc.property(stories(format), (story) => {
        const given = freeze(crashed(format, story))
        const repair = repairTranscript(format, given, outcomeOf(story))
        expect(repair.messages).toEqual(repaired(format, story))
        expect(repair.toRun.map((call) => call.position)).toEqual(neverStarted(story))
        expect(repair.remaining).toEqual([])
      }),
      runs,
    )
  })

  test('with the results of what never started, no problem is left', () => {
    fc.assert(
      fc.property(stories(format), (story) => {
        const repair = repairTranscript(format, freeze(crashed(format, story)), outcomeOf(story))
        const results = repair.toRun.map(({ position }) => ({
          position,
          result: story.fates[position]?.later ?? null,
        }))
        const whole = addResults(format, freeze(repair.messages), results)
        expect(whole).toEqual(completed(format, story))
        expect(validateTranscript(format, whole)).toEqual([])
      }),
      runs,
    )
  })

  test('repairing again changes nothing and asks nothing', () => {
    fc.assert(
      fc.property(stories(format), (story) => {
        const known = outcomeOf(story)
        const once = repairTranscript(format, crashed(format, story), known)
        const twice = repairTranscript(format, freeze(once.messages), known)
        expect(twice.messages).toEqual(once.messages)
        expect(twice.repaired).toEqual([])
        expect(twice.toRun.map((call) => call.position)).toEqual(neverStarted(story))
        const whole = repairTranscript(format, freeze(completed(format, story)), () => {
          throw new Error('an answered call was asked about')
        })
        expect(whole.messages).toEqual(completed(format, story))
        expect(whole.repaired).toEqual([])
      }),
      runs,
    )
  })

  test('each unanswered call is asked about once, and said to be repaired or to run', () => {
    fc.assert(
      fc.property(stories(format), (story) => {
        const asked: number[] = []
        const repair = repairTranscript(format, crashed(format, story), (call) => {
          asked.push(call.position)
          return outcomeOf(story)(call)
        })
        const missing = story.fates.flatMap((fate, position) =>
          fate.inTranscript ? [] : [position],
        )
        const answered = repair.repaired.flatMap((entry) =>
          entry.kind === 'answered' ? [entry.call.position] : [],
        )
        const named = [...answered, ...repair.toRun.map((call) => call.position)].sort(byNumber)
        expect(new Set(asked).size).toBe(asked.length)
        // Without ids also the answered calls of a half-answered batch are asked about.
        if (story.conversation.ids !== 'none') expect(asked).toEqual(missing)
        expect(named).toEqual(missing)
        expect(repair.repaired).toHaveLength(answered.length)
      }),
      runs,
    )
  })

  test('a position names the same call before and after', () => {
    fc.assert(
      fc.property(stories(format), (story) => {
        const name = ({
          position,
          id,
          name,
          arguments: args,
        }: ReturnType<typeof toolCallsOf>[number]) => ({
          position,
          id,
          name,
          args,
        })
        const before = toolCallsOf(format, crashed(format, story)).map(name)
        const after = toolCallsOf(format, completed(format, story)).map(name)
        expect(before).toEqual(after)
        expect(before.map(({ position }) => position)).toEqual(story.fates.map((_, index) => index))
      }),
      runs,
    )
  })
})

function byNumber(left: number, right: number): number {
  return left - right
}
