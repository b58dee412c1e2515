/** Takes a transcript in: checks its shape, sets aside what a cut stream left behind, reads the rest. */
import { InvalidArgumentError } from '../errors.ts'
import { assertJson, type JsonObject } from '../json.ts'
import { anthropicRules } from './anthropic.ts'
import { comparePlaces } from './findings.ts'
import { geminiRules } from './gemini.ts'
import type { ToolCall, TranscriptFormat } from './model.ts'
import { openaiChatRules } from './openai-chat.ts'
import { openaiResponsesRules } from './openai-responses.ts'
import type {
  CallSlot,
  Fragment,
  FormatRules,
  ReadOptions,
  Reading,
  ResultSlot,
} from './reading.ts'
import { Shape } from './shape.ts'

const rulesOf: Readonly<Record<TranscriptFormat, FormatRules>> = {
  'openai-chat': openaiChatRules,
  'openai-responses': openaiResponsesRules,
  anthropic: anthropicRules,
  gemini: geminiRules,
}

export interface OpenTranscript {
  readonly rules: FormatRules
  readonly given: readonly JsonObject[]
  /** Without fragments; places of the reading count in these. */
  readonly messages: readonly JsonObject[]
  /** Index of each of `messages` in what was given. */
  readonly origin: readonly number[]
  /** JSON path of each of `messages` in what was given. */
  readonly pathOf: (message: number) => string
  readonly fragments: readonly Fragment[]
  readonly reading: Reading
}

/**
 * Reads `messages` as a transcript.
 *
 * @throws TranscriptError, NotJsonError, InvalidArgumentError (format)
 */
export function openTranscript(
  format: TranscriptFormat,
  messages: unknown,
  options: ReadOptions = { reasoningRequired: false },
): OpenTranscript {
  const rules = Object.hasOwn(rulesOf, format) ? rulesOf[format] : undefined
  if (rules === undefined)
    throw new InvalidArgumentError(`unknown transcript format ${JSON.stringify(format)}`, {
      hint: `use one of ${Object.keys(rulesOf).join(', ')}`,
    })
  const given = asMessages(format, rules.root, messages)
  const { fragments, messages: left, origin } = trimAll(rules, given)
  const pathOf = (index: number): string => `${rules.root}[${origin[index] ?? index}]`
  const shape = new Shape()
  const reading = rules.read(left, pathOf, shape, options)
  shape.settle(format)
  return { rules, given, messages: left, origin, pathOf, fragments, reading }
}

interface Left {
  readonly fragments: readonly Fragment[]
  readonly messages: readonly JsonObject[]
  readonly origin: readonly number[]
}

/** Until nothing is left to trim: a message that goes may leave another one at the end of its run. */
function trimAll(rules: FormatRules, given: readonly JsonObject[]): Left {
  let left: Left = { fragments: [], messages: given, origin: given.map((_, index) => index) }
  for (;;) {
    const { messages, origin } = left
    const originOf = (index: number): number => origin[index] ?? index
    const trimmed = rules.trim(messages, (index) => `${rules.root}[${originOf(index)}]`)
    if (trimmed.fragments.length === 0) return left
    const found = trimmed.fragments.map((fragment) => ({
      ...fragment,
      place: { ...fragment.place, message: originOf(fragment.place.message) },
    }))
    const stays = trimmed.kept.map((kept) => kept !== undefined)
    left = {
      fragments: [...left.fragments, ...found].sort((one, other) =>
        comparePlaces(one.place, other.place),
      ),
      messages: trimmed.kept.filter((kept) => kept !== undefined),
      origin: origin.filter((_, index) => stays[index]),
    }
  }
}

/** A call as callers see it. */
export function publicCall(call: CallSlot, result?: ResultSlot, certain = true): ToolCall {
  return {
    position: call.position,
    ...(call.id === undefined ? {} : { id: call.id }),
    name: call.name,
    arguments: call.arguments,
    complete: call.complete,
    path: call.path,
    ...(result === undefined
      ? {}
      : { answer: { path: result.path, value: result.value, certain } }),
  }
}

function asMessages(
  format: TranscriptFormat,
  root: string,
  messages: unknown,
): readonly JsonObject[] {
  assertJson(messages, root)
  const shape = new Shape()
  const list = shape.list(messages, root)
  const objects = list.map((message, index) =>
    shape.object(message, `${root}[${index}]`, 'a message object'),
  )
  shape.settle(format)
  return objects
}
