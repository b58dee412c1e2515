/**
 * The rules of Anthropic Messages on single blocks and messages, besides the pairing of calls and results.
 *
 * Sources, besides those in `anthropic.ts`: "Extended thinking" ("a final `assistant` message must start with a thinking
 * block (preceeding the lastmost set of `tool_use` and `tool_result` blocks)"), "Server tools" and the API's words
 * "unexpected `tool_use_id` found in `web_search_tool_result` blocks: srvtoolu_…. Each `web_search_tool_result` block must
 * have a corresponding `server_tool_use` block before it."
 */
import type { JsonObject, JsonValue } from '../json.ts'
import {
  holdsOnlyResults,
  isEmptyText,
  isModelRun,
  isServerCall,
  isThinking,
  typeOf,
  type MessageRun,
} from './anthropic-runs.ts'
import type { PathOf, Place, ReadingBuilder, ReadOptions } from './reading.ts'
import { describe, isList, textMember } from './shape.ts'

export function noteBlocks(
  runs: readonly MessageRun[],
  pathOf: PathOf,
  builder: ReadingBuilder,
  options: ReadOptions,
): void {
  let before: JsonObject | undefined
  for (const run of runs)
    for (const [index, message] of run.messages) {
      noteMessage(message, index, pathOf(index), before, builder)
      noteContent(message, index, pathOf(index), builder)
      before = message
    }
  for (const run of runs) if (isModelRun(run)) noteTextBehindCalls(run, pathOf, builder)
  noteServerCalls(runs, pathOf, builder)
  if (options.reasoningRequired) noteMissingThinking(runs, pathOf, builder)
}

function noteMessage(
  message: JsonObject,
  index: number,
  path: string,
  before: JsonObject | undefined,
  builder: ReadingBuilder,
): void {
  const place = { message: index }
  const role = message['role']
  const content = message['content']
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    builder.note('role-invalid', place, `${path}.role`, 'user, assistant or system', describe(role))
  // Behind a call the missing results are the problem.
  if (role === 'system' && before?.['role'] === 'assistant' && !hasCall(before))
    builder.note(
      'turn-order',
      place,
      path,
      "a system message behind a user's",
      'one behind the model',
    )
  const empty = content === '' || (isList(content) && content.length === 0)
  if (role !== 'assistant' && empty)
    builder.note('empty-message', place, `${path}.content`, 'content', describe(content))
}

function hasCall(message: JsonObject): boolean {
  const content = message['content']
  return isList(content) && content.some((block) => typeOf(block) === 'tool_use')
}

function noteContent(
  message: JsonObject,
  index: number,
  path: string,
  builder: ReadingBuilder,
): void {
  const content = message['content']
  if (!isList(content)) return
  const model = message['role'] === 'assistant'
  content.forEach((block, part) => {
    const place = { message: index, part }
    const at = `${path}.content[${part}]`
    if (isEmptyText(block))
      builder.note('empty-text', place, at, 'a text that is not blank', 'a blank one')
    if (typeOf(block) === 'thinking' && (textMember(block, 'signature') ?? '') === '')
      builder.note(
        'reasoning-unsigned',
        place,
        `${at}.signature`,
        'the signature as it came',
        'none',
      )
    if (typeOf(block) === (model ? 'tool_result' : 'tool_use')) {
      const expected = model ? 'results in user messages only' : 'calls in assistant messages only'
      builder.note(
        'role-mismatch',
        place,
        at,
        expected,
        `one of the role ${describe(message['role'])}`,
      )
    }
  })
}

/** Within one message; across messages it is another turn, and the missing results are the problem. */
function noteTextBehindCalls(run: MessageRun, pathOf: PathOf, builder: ReadingBuilder): void {
  for (const [index, message] of run.messages) {
    const content = message['content']
    if (!isList(content)) continue
    const firstCall = content.findIndex((block) => typeOf(block) === 'tool_use')
    content.forEach((block, part) => {
      if (firstCall === -1 || part < firstCall) return
      if (typeOf(block) !== 'text' && !isThinking(block)) return
      const path = `${pathOf(index)}.content[${part}]`
      const expected = 'the calls as the last blocks of their message'
      builder.note(
        'call-not-last',
        { message: index, part },
        path,
        expected,
        `a ${typeOf(block)} block`,
      )
    })
  }
}

function noteServerCalls(
  runs: readonly MessageRun[],
  pathOf: PathOf,
  builder: ReadingBuilder,
): void {
  const known = new Set<string>()
  const open = new Map<string, { readonly place: Place; readonly path: string }>()
  for (const run of runs) {
    if (!isModelRun(run)) {
      if (!holdsOnlyResults(run)) closeServerCalls(open, builder)
      continue
    }
    for (const [index, message] of run.messages)
      for (const [part, block] of blocksOf(message)) {
        const place = { message: index, part }
        const path = `${pathOf(index)}.content[${part}]`
        const id = textMember(block, isServerCall(block) ? 'id' : 'tool_use_id')
        if (id === undefined || typeOf(block) === 'tool_result') continue
        if (isServerCall(block)) {
          known.add(id)
          open.set(id, { place, path })
        } else if (!open.delete(id) && !known.has(id))
          builder.note(
            'server-result-orphan',
            place,
            path,
            'its server call before it',
            describe(id),
          )
      }
  }
}

function closeServerCalls(
  open: Map<string, { readonly place: Place; readonly path: string }>,
  builder: ReadingBuilder,
): void {
  for (const [id, { place, path }] of open)
    builder.note('server-call-unanswered', place, path, 'its result behind it', `none of ${id}`)
  open.clear()
}

function blocksOf(message: JsonObject): readonly (readonly [number, JsonValue])[] {
  const content = message['content']
  return isList(content) ? content.map((block, part) => [part, block] as const) : []
}

/** The model's first message after the last thing that the user said, results aside. */
function noteMissingThinking(
  runs: readonly MessageRun[],
  pathOf: PathOf,
  builder: ReadingBuilder,
): void {
  const start = runs.findLastIndex((run) => !isModelRun(run) && !holdsOnlyResults(run))
  const [first] = runs.slice(start + 1).find(isModelRun)?.messages ?? []
  if (first === undefined) return
  const [index, message] = first
  const [block] = blocksOf(message)
  if (block !== undefined && isThinking(block[1])) return
  const path = `${pathOf(index)}.content`
  const came = block === undefined ? describe(message['content']) : describe(typeOf(block[1]))
  builder.note('reasoning-missing', { message: index }, path, 'a thinking block first', came)
}
