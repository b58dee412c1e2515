/**
 * The message rules of Anthropic Messages.
 *
 * Sources: "Handle tool calls", "Parallel tool use", "Extended thinking", "Server tools" and "Mid-conversation system
 * messages" of the Claude API docs, the Messages reference ("Consecutive `user` or `assistant` turns in your request will
 * be combined into a single turn"), and the words of the API's own errors (HTTP 400, `invalid_request_error`):
 *  - `tool_use` ids were found without `tool_result` blocks immediately after: toolu_…. Each `tool_use` block must have a
 *    corresponding `tool_result` block in the next message. (Also for text behind a `tool_use` in its own message, and for
 *    text before a `tool_result`.)
 *  - unexpected `tool_use_id` found in `tool_result` blocks: toolu_…. Each `tool_result` block must have a corresponding
 *    `tool_use` block in the previous message.
 *  - each tool_use must have a single result. Found multiple `tool_result` blocks with id: toolu_…
 *  - `tool_use` ids must be unique; messages.1.content.1.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'
 *
 * Turns are combined before they are judged, so results may come in several user messages in a row, and a repair puts them
 * into one of their own: the user's message behind stays as it is. The rules on blocks are in `anthropic-blocks.ts`.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import { noteBlocks } from './anthropic-blocks.ts'
import { isModelRun, runsOf, trimRuns, turnsOf, type MessageRun } from './anthropic-runs.ts'
import { objectParts } from './edit.ts'
import {
  ReadingBuilder,
  type Answer,
  type CallSlot,
  type FormatRules,
  type PathOf,
  type Reading,
  type ReadOptions,
} from './reading.ts'
import { saysIn } from './says.ts'
import { describe, isList, isObject, type Shape } from './shape.ts'
import { badContent, errorText, resultText } from './wording.ts'

const idPattern = /^[a-zA-Z0-9_-]+$/

export const anthropicRules: FormatRules = {
  root: 'messages',
  parts: 'content',
  endsWithUser: true,
  trim: trimRuns,
  read,
  result,
  envelope: (content) => ({ role: 'user', content }),
  fromModel: (message) => message['role'] === 'assistant',
  says: saysIn('content'),
}

function read(
  messages: readonly JsonObject[],
  pathOf: PathOf,
  shape: Shape,
  options: ReadOptions,
): Reading {
  const builder = new ReadingBuilder()
  messages.forEach((message, index) => checkMessage(message, pathOf(index), shape))
  const runs = runsOf(messages)
  let window: Window = noWindow
  for (const run of runs) {
    if (isModelRun(run)) window = readModelRun(run, pathOf, shape, builder)
    else readUserRun(run, window, pathOf, shape, builder)
  }
  noteBlocks(runs, pathOf, builder, options)
  return builder.build()
}

function checkMessage(message: JsonObject, path: string, shape: Shape): void {
  shape.text(message['role'], `${path}.role`, 'a role')
  const content = message['content']
  if (typeof content === 'string') return
  shape.list(content, `${path}.content`, 'a text or an array of blocks').forEach((block, part) => {
    const found = shape.object(block, `${path}.content[${part}]`, 'a content block')
    if (isObject(block))
      shape.text(found['type'], `${path}.content[${part}].type`, 'the type of the block')
  })
}

/** What the user's run behind a run of the model's may answer. */
interface Window {
  /** The turn that the run ended with, if its last words were calls. */
  readonly last: number | undefined
  readonly byId: ReadonlyMap<string, number>
}

const noWindow: Window = { last: undefined, byId: new Map() }

function readModelRun(
  run: MessageRun,
  pathOf: PathOf,
  shape: Shape,
  builder: ReadingBuilder,
): Window {
  const byId = new Map<string, number>()
  let last: number | undefined
  for (const turn of turnsOf(run)) {
    last = undefined
    for (const [index, message] of turn)
      for (const [part, block] of objectParts(message, 'content')) {
        if (block['type'] !== 'tool_use') continue
        last ??= builder.turn(index)
        const path = `${pathOf(index)}.content[${part}]`
        byId.set(readCall(block, { message: index, part }, path, last, shape, builder), last)
      }
  }
  return { last, byId }
}

function readCall(
  block: JsonObject,
  place: { readonly message: number; readonly part: number },
  path: string,
  turn: number,
  shape: Shape,
  builder: ReadingBuilder,
): string {
  const id = shape.text(block['id'], `${path}.id`, 'the id of the call')
  const name = shape.text(block['name'], `${path}.name`, 'the name of the tool')
  if (!idPattern.test(id)) {
    const expected = 'an id of letters, digits, _ and -'
    builder.note('call-id-invalid', place, `${path}.id`, expected, describe(id))
  }
  const input = block['input']
  const complete = isObject(input)
  if (!complete)
    builder.note('arguments-invalid', place, `${path}.input`, 'an object', describe(input))
  builder.call(turn, place.message, {
    id,
    name,
    kind: 'tool_use',
    arguments: input ?? '',
    complete,
    place,
    path,
    patch: complete ? undefined : { ...block, input: {} },
    patched: input ?? null,
  })
  return id
}

function readUserRun(
  run: MessageRun,
  window: Window,
  pathOf: PathOf,
  shape: Shape,
  builder: ReadingBuilder,
): void {
  let first = true
  for (const [index, message] of run.messages) {
    if (!isList(message['content'])) first = false
    for (const [part, block] of objectParts(message, 'content')) {
      if (block['type'] !== 'tool_result') {
        first = false
        continue
      }
      const path = `${pathOf(index)}.content[${part}]`
      const place = { message: index, part }
      const id = shape.text(block['tool_use_id'], `${path}.tool_use_id`, 'the id of the call')
      noteResult(block, place, path, builder)
      const turn = window.byId.get(id) ?? window.last
      const standing = first && turn === window.last ? 'adjacent' : 'displaced'
      builder.result(turn, { place, path, id, name: undefined, value: block, standing })
    }
  }
}

function noteResult(
  block: JsonObject,
  place: { readonly message: number; readonly part: number },
  path: string,
  builder: ReadingBuilder,
): void {
  const flag = block['is_error']
  if (flag !== undefined && typeof flag !== 'boolean')
    builder.note('result-invalid', place, `${path}.is_error`, 'true or false', describe(flag))
  const content = block['content']
  if (content !== undefined && typeof content !== 'string' && !isList(content))
    builder.note('result-invalid', place, `${path}.content`, 'a text or blocks', describe(content))
  // The API: content cannot be empty if `is_error` is true.
  if (flag === true && isEmpty(content))
    builder.note('result-invalid', place, `${path}.content`, 'what went wrong', describe(content))
}

function isEmpty(content: JsonValue | undefined): boolean {
  if (typeof content === 'string') return content.trim() === ''
  return !isList(content) || content.length === 0
}

function result(call: CallSlot, answer: Answer): JsonObject {
  const block = { type: 'tool_result', tool_use_id: call.id ?? '' }
  if (answer.state !== 'recorded') return { ...block, content: errorText(answer), is_error: true }
  const content = contentOf(call, answer)
  if (answer.isError !== true) return isEmpty(content) ? block : { ...block, content }
  const said = isEmpty(content) ? 'The tool failed and said nothing.' : content
  return { ...block, content: said, is_error: true }
}

function contentOf(call: CallSlot, answer: Answer & { readonly state: 'recorded' }): JsonValue {
  if (answer.as !== 'content') return resultText(answer.result)
  if (typeof answer.result === 'string' || isList(answer.result)) return answer.result
  throw badContent(call, 'a string or an array of content blocks')
}
