/**
 * Arbitrary conversations with the fate of each call, and the transcripts that a crash leaves of them, a repair makes of
 * them, and nothing but luck would have given.
 */
import * as fc from 'fast-check'
import type { JsonObject, JsonValue } from '../../../src/json.ts'
import type { ToolOutcome, TranscriptFormat } from '../../../src/transcript.ts'
import { write, type Call, type Conversation, type Step, type Written } from './writers.ts'

/** What happened to a call, and whether the transcript has it. */
interface Fate {
  readonly inTranscript: boolean
  /** What the journal knows. What the transcript has, the journal has too: it is written first. */
  readonly outcome: ToolOutcome
  /** What a call that never started gives when it is run at last. */
  readonly later: JsonValue
}

export interface Story {
  readonly conversation: Conversation
  readonly fates: readonly Fate[]
}

const jsonValue = fc.constantFrom<JsonValue>(
  null,
  true,
  0,
  -1.5,
  '',
  ' ',
  'näxt ✓ "quoted"\n',
  [],
  ['x', [null]],
  {},
  { output: 'x' },
  { error: 'x', result: { deep: [1] } },
)
const words = fc.constantFrom('yes', 'look again', 'x', 'näxt ✓')
const call: fc.Arbitrary<Call> = fc.record({
  name: fc.constantFrom('read', 'write'),
  args: fc.record({ path: words }),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('calls' as const),
      text: fc.option(words, { nil: undefined }),
      reasons: fc.boolean(),
      calls: fc.array(call, { minLength: 1, maxLength: 4 }),
      user: fc.option(words, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('says' as const), text: words, user: words }),
  },
)

const recorded = fc.record({
  state: fc.constant('recorded' as const),
  result: jsonValue,
  isError: fc.boolean(),
})
const outcome: fc.Arbitrary<ToolOutcome> = fc.oneof(
  recorded,
  fc.constant({ state: 'never-started' as const }),
  fc.oneof(
    fc.constant({ state: 'unknown' as const }),
    fc.record({ state: fc.constant('unknown' as const), reason: words }),
  ),
)
const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({ inTranscript: fc.constant(true), outcome: recorded, later: jsonValue }),
  fc.record({ inTranscript: fc.constant(false), outcome, later: jsonValue }),
)

/** Conversations of a format, with the fate of each call. */
export function stories(format: TranscriptFormat): fc.Arbitrary<Story> {
  const ids =
    format === 'gemini'
      ? (['unique', 'repeating', 'none'] as const)
      : (['unique', 'repeating'] as const)
  return fc
    .record({
      steps: fc.array(step, { maxLength: 5 }).map((steps) => withBorders(format, steps)),
      ids: fc.constantFrom(...ids),
    })
    .chain((conversation) => {
      const count = callCount(conversation)
      const fates = fc.array(fate, { minLength: count, maxLength: count })
      // Without ids, calls with equal results cannot be told apart, and any of them may be taken for the answered one.
      const told = conversation.ids === 'none' ? fates.map((all) => all.map(toldApart)) : fates
      return fc.record({ conversation: fc.constant(conversation), fates: told })
    })
}

function toldApart(fate: Fate, position: number): Fate {
  const { outcome } = fate
  if (outcome.state !== 'recorded') return fate
  return { ...fate, outcome: { ...outcome, result: { of: position, value: outcome.result } } }
}

/** Some formats show no border between two turns when the results between them are missing; then there is one here. */
function withBorders(format: TranscriptFormat, steps: readonly Step[]): readonly Step[] {
  if (format !== 'openai-responses' && format !== 'anthropic') return steps
  return steps.map((step, index) => {
    if (step.kind === 'says') return step
    const text = step.reasons ? step.text : (step.text ?? 'so')
    const saysNext = format === 'openai-responses' && steps[index + 1]?.kind === 'says'
    return { ...step, text, user: saysNext ? (step.user ?? 'and') : step.user }
  })
}

function callCount(conversation: Conversation): number {
  return conversation.steps.reduce(
    (sum, step) => sum + (step.kind === 'calls' ? step.calls.length : 0),
    0,
  )
}

/** What the transcript holds right after the crash. */
export function crashed(format: TranscriptFormat, { conversation, fates }: Story): JsonObject[] {
  return write(format, conversation, (position) => {
    const fate = fates[position]
    return fate?.inTranscript === true ? written(fate.outcome) : undefined
  })
}

/** What it must hold after the repair, before the calls that never started are run. */
export function repaired(format: TranscriptFormat, { conversation, fates }: Story): JsonObject[] {
  return write(format, conversation, (position) => written(fates[position]?.outcome))
}

/** And when they have run. */
export function completed(format: TranscriptFormat, { conversation, fates }: Story): JsonObject[] {
  return write(format, conversation, (position) => {
    const fate = fates[position]
    return written(fate?.outcome) ?? { kind: 'result', value: fate?.later ?? null, isError: false }
  })
}

function written(outcome: ToolOutcome | undefined): Written | undefined {
  switch (outcome?.state) {
    case 'recorded':
      return { kind: 'result', value: outcome.result, isError: outcome.isError === true }
    case 'unknown':
      return { kind: 'unknown', reason: outcome.reason }
    default:
      return undefined
  }
}
