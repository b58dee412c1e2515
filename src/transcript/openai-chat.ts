/**
 * The message rules of OpenAI Chat Completions.
 *
 * Sources: "Function calling" guide and "Create chat completion" reference of the OpenAI platform docs; the words of the
 * API's own errors (HTTP 400, `invalid_request_error`):
 *  - An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.
 *  - Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.
 *  - Invalid parameter: 'tool_call_id' of '…' not found in 'tool_calls' of previous message.
 *  - Invalid parameter: Duplicate value for 'tool_call_id' of '…', in messages[7] and messages[8].
 *  - Invalid 'messages[2].tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.
 *  - Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40.
 *  - Invalid value for 'content': expected a string, got null.
 *
 * There is no error flag: an error is the JSON text of `{ "error": … }`. Roles need not alternate. Arguments need not be
 * JSON: the reference says that the model may write what is not.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import { parseArguments, textContent } from './openai-text.ts'
import {
  ReadingBuilder,
  type Answer,
  type CallSlot,
  type FormatRules,
  type Fragment,
  type PathOf,
  type Reading,
  type Trimmed,
} from './reading.ts'
import { saysIn } from './says.ts'
import { describe, isList, isObject, member, textMember, type Shape } from './shape.ts'

const idLengthMax = 40

export const openaiChatRules: FormatRules = {
  root: 'messages',
  parts: undefined,
  endsWithUser: false,
  trim,
  read,
  result,
  envelope: (_, messages) => messages[0] ?? {},
  fromModel: (message) => message['role'] === 'assistant',
  says: saysIn('content'),
}

function read(messages: readonly JsonObject[], pathOf: PathOf, shape: Shape): Reading {
  const builder = new ReadingBuilder()
  let turn: number | undefined
  let adjacent = false
  messages.forEach((message, index) => {
    const path = pathOf(index)
    const role = shape.text(message['role'], `${path}.role`, 'a role')
    switch (role) {
      case 'assistant':
        turn = readAssistant(message, index, path, shape, builder)
        adjacent = true
        return
      case 'tool':
        readTool(message, index, path, turn, adjacent, shape, builder)
        return
      case 'function':
        shape.fault(`${path}.role`, 'a role other than the deprecated function', role)
        return
      case 'user':
      case 'system':
      case 'developer':
        adjacent = false
        noteContent(message, index, path, 'empty-message', builder)
        return
      default:
        adjacent = false
        builder.note(
          'role-invalid',
          { message: index },
          `${path}.role`,
          'system, developer, user, assistant or tool',
          describe(role),
        )
    }
  })
  return builder.build()
}

function readAssistant(
  message: JsonObject,
  index: number,
  path: string,
  shape: Shape,
  builder: ReadingBuilder,
): number | undefined {
  if (message['function_call'] !== undefined && message['function_call'] !== null)
    shape.fault(`${path}.function_call`, 'tool_calls in its place', message['function_call'])
  if (message['tool_calls'] === undefined || message['tool_calls'] === null) return undefined
  const calls = shape.list(message['tool_calls'], `${path}.tool_calls`)
  const turn = builder.turn(index)
  calls.forEach((call, part) =>
    readCall(call, { message: index, part }, `${path}.tool_calls[${part}]`, turn, shape, builder),
  )
  return turn
}

function readCall(
  value: JsonValue,
  place: { readonly message: number; readonly part: number },
  path: string,
  turn: number,
  shape: Shape,
  builder: ReadingBuilder,
): void {
  const call = shape.object(value, path, 'a tool call')
  const id = shape.text(call['id'], `${path}.id`, 'the id of the call')
  noteId(id, place, path, builder)
  const custom = call['type'] === 'custom'
  const key = custom ? 'custom' : 'function'
  const body = shape.object(call[key], `${path}.${key}`, 'what to call')
  const name = shape.text(body['name'], `${path}.${key}.name`, 'the name of the tool')
  const text = body[custom ? 'input' : 'arguments']
  const parsed = custom ? { value: text ?? '', complete: true } : parseArguments(text)
  builder.call(turn, place.message, {
    id,
    name,
    kind: key,
    arguments: parsed.value,
    complete: parsed.complete,
    place,
    path,
  })
}

function noteId(
  id: string,
  place: { readonly message: number; readonly part: number },
  path: string,
  builder: ReadingBuilder,
): void {
  if (id.length > 0 && id.length <= idLengthMax) return
  const expected = `an id of 1 to ${idLengthMax} characters`
  builder.note('call-id-invalid', place, `${path}.id`, expected, `${id.length} characters`)
}

function readTool(
  message: JsonObject,
  index: number,
  path: string,
  turn: number | undefined,
  adjacent: boolean,
  shape: Shape,
  builder: ReadingBuilder,
): void {
  const id = shape.text(message['tool_call_id'], `${path}.tool_call_id`, 'the id of the call')
  noteContent(message, index, path, 'result-invalid', builder)
  builder.result(turn, {
    place: { message: index },
    path,
    id,
    name: undefined,
    value: message,
    standing: adjacent ? 'adjacent' : 'displaced',
  })
}

function noteContent(
  message: JsonObject,
  index: number,
  path: string,
  code: 'empty-message' | 'result-invalid',
  builder: ReadingBuilder,
): void {
  const content = message['content']
  if (typeof content === 'string' || (isList(content) && content.length > 0)) return
  const expected = 'a text or at least one content part'
  builder.note(code, { message: index }, `${path}.content`, expected, describe(content))
}

function trim(messages: readonly JsonObject[], pathOf: PathOf): Trimmed {
  const fragments: Fragment[] = []
  const kept = messages.map((message, index) =>
    message['role'] === 'assistant'
      ? trimAssistant(message, index, pathOf(index), fragments)
      : message,
  )
  return { fragments, kept }
}

function trimAssistant(
  message: JsonObject,
  index: number,
  path: string,
  fragments: Fragment[],
): JsonObject | undefined {
  const calls = message['tool_calls']
  if (!isList(calls)) return hasContent(message) ? message : drop(message, index, path, fragments)
  const last = calls.at(-1)
  const cut = last !== undefined && isObject(last) && isCut(last)
  if (calls.length > 0 && !cut) return message
  fragments.push({
    code: cut ? 'call-fragment' : 'empty-message',
    place: { message: index, ...(cut ? { part: calls.length - 1 } : {}) },
    path: cut ? `${path}.tool_calls[${calls.length - 1}]` : `${path}.tool_calls`,
    expected: cut ? 'a call with an id and a name' : 'at least one call, or no tool_calls at all',
    came: describe(cut ? last : calls),
    value: cut ? last : calls,
  })
  if (calls.length > 1) return { ...message, tool_calls: calls.slice(0, -1) }
  const { tool_calls: _, ...rest } = message
  return hasContent(rest) ? rest : drop(rest, index, path, fragments)
}

function drop(message: JsonObject, index: number, path: string, fragments: Fragment[]): undefined {
  fragments.push({
    code: 'empty-message',
    place: { message: index },
    path,
    expected: 'content or at least one call',
    came: 'neither',
    value: message,
  })
}

function isCut(call: JsonObject): boolean {
  const body = call[call['type'] === 'custom' ? 'custom' : 'function']
  return textMember(call, 'id') === undefined || textMember(body, 'name') === undefined
}

function hasContent(message: JsonObject): boolean {
  const content = message['content']
  if (typeof content === 'string' || (isList(content) && content.length > 0)) return true
  return ['refusal', 'audio', 'function_call'].some(
    (key) => (member(message, key) ?? null) !== null,
  )
}

function result(call: CallSlot, answer: Answer): JsonObject {
  return { role: 'tool', tool_call_id: call.id ?? '', content: textContent(call, answer) }
}
