/**
 * The content rules of Gemini generateContent (`contents`).
 *
 * Sources: "Function calling" and "Thought signatures" of the Gemini API docs, the `FunctionCall` and `FunctionResponse`
 * references ("Use "output" key to specify function output and "error" key to specify error details (if any)"), and the
 * words of the API's own errors (HTTP 400, `INVALID_ARGUMENT`):
 *  - Please ensure that the number of function response parts is equal to the number of function call parts of the function
 *    call turn. (Also where the responses of one turn are split over two contents.)
 *  - Please ensure that function response turn comes immediately after a function call turn.
 *  - Please ensure that function call turn comes immediately after a user turn or after a function response turn.
 *  - Function call is missing a thought_signature in functionCall parts.
 *
 * Calls may come without an id: then they are matched by name and order within their turn. The wire takes camelCase and
 * snake_case; what is written follows the call that it answers.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import { jsonEqual } from '../json.ts'
import { objectParts } from './edit.ts'
import { noteGemini, trimGemini } from './gemini-contents.ts'
import { callOf, isModel, responseOf } from './gemini-parts.ts'
import {
  ReadingBuilder,
  type Answer,
  type CallSlot,
  type FormatRules,
  type PathOf,
  type Place,
  type Reading,
  type ReadOptions,
} from './reading.ts'
import type { Says } from './says.ts'
import { describe, isObject, member, textMember, type Shape } from './shape.ts'
import { badContent, errorBody } from './wording.ts'

export const geminiRules: FormatRules = {
  root: 'contents',
  parts: 'parts',
  endsWithUser: true,
  trim: trimGemini,
  read,
  result,
  envelope,
  fromModel: isModel,
  says,
}

function read(
  contents: readonly JsonObject[],
  pathOf: PathOf,
  shape: Shape,
  options: ReadOptions,
): Reading {
  const builder = new ReadingBuilder()
  let turn: number | undefined
  let anchor = -1
  contents.forEach((content, index) => {
    const path = pathOf(index)
    checkContent(content, path, shape)
    if (!isModel(content)) {
      const standing = index === anchor + 1 ? 'adjacent' : 'displaced'
      readResponses(content, index, path, turn, standing, shape, builder)
      return
    }
    turn = readCalls(content, index, path, shape, builder)
    anchor = index
  })
  noteGemini(contents, pathOf, builder, options)
  return builder.build()
}

function checkContent(content: JsonObject, path: string, shape: Shape): void {
  if (content['role'] !== undefined) shape.text(content['role'], `${path}.role`, 'a role')
  if (content['parts'] === undefined) return
  shape
    .list(content['parts'], `${path}.parts`, 'an array of parts')
    .forEach((part, index) => shape.object(part, `${path}.parts[${index}]`, 'a part'))
}

function readCalls(
  content: JsonObject,
  index: number,
  path: string,
  shape: Shape,
  builder: ReadingBuilder,
): number | undefined {
  let turn: number | undefined
  for (const [part, value] of objectParts(content, 'parts')) {
    const found = callOf(value)
    if (found === undefined) continue
    const at = `${path}.parts[${part}].${found.key}`
    turn ??= builder.turn(index)
    readCall(found.value, found.key, { message: index, part }, at, turn, shape, builder)
  }
  return turn
}

function readCall(
  value: JsonValue,
  key: string,
  place: Place,
  path: string,
  turn: number,
  shape: Shape,
  builder: ReadingBuilder,
): void {
  const call = shape.object(value, path, 'a function call')
  const id = call['id'] === undefined ? undefined : shape.text(call['id'], `${path}.id`)
  const args = call['args'] ?? {}
  if (!isObject(args))
    builder.note('arguments-invalid', place, `${path}.args`, 'an object', describe(args))
  const streaming = (call['willContinue'] ?? call['will_continue']) === true
  builder.call(turn, place.message, {
    id: id === '' ? undefined : id,
    name: shape.text(call['name'], `${path}.name`, 'the name of the function'),
    kind: key,
    arguments: args,
    complete: isObject(args) && !streaming,
    place,
    path,
  })
}

function readResponses(
  content: JsonObject,
  index: number,
  path: string,
  turn: number | undefined,
  standing: 'adjacent' | 'displaced',
  shape: Shape,
  builder: ReadingBuilder,
): void {
  for (const [part, value] of objectParts(content, 'parts')) {
    const found = responseOf(value)
    if (found === undefined) continue
    const at = `${path}.parts[${part}].${found.key}`
    const place = { message: index, part }
    const response = shape.object(found.value, at, 'a function response')
    const id = textMember(response, 'id')
    const name = shape.text(response['name'], `${at}.name`, 'the name of the function')
    if (!isObject(response['response'])) {
      const came = describe(response['response'])
      builder.note('result-invalid', place, `${at}.response`, 'an object', came)
    }
    builder.result(turn, {
      place,
      path: `${path}.parts[${part}]`,
      id: id === '' ? undefined : id,
      name,
      value,
      standing,
    })
  }
}

function result(call: CallSlot, answer: Answer): JsonObject {
  const key = call.kind === 'function_call' ? 'function_response' : 'functionResponse'
  const id = call.id === undefined ? {} : { id: call.id }
  return { [key]: { ...id, name: call.name, response: bodyOf(call, answer) } }
}

function bodyOf(call: CallSlot, answer: Answer): JsonObject {
  if (answer.state !== 'recorded') return { error: { ...errorBody(answer) } }
  if (answer.as === 'content') {
    if (isObject(answer.result)) return answer.result
    throw badContent(call, 'a response object')
  }
  return answer.isError === true ? { error: answer.result } : { output: answer.result }
}

/** Responses stand in a content of the role that the transcript uses for them; `function` is the older one. */
function envelope(parts: readonly JsonValue[], contents: readonly JsonObject[]): JsonObject {
  const older = contents.some(
    (content) =>
      content['role'] === 'function' &&
      objectParts(content, 'parts').some(([, part]) => responseOf(part) !== undefined),
  )
  return { role: older ? 'function' : 'user', parts }
}

function says(standing: JsonValue, built: JsonValue, recorded: JsonValue): Says {
  const body = member(isObject(standing) ? responseOf(standing)?.value : undefined, 'response')
  const ours = member(isObject(built) ? responseOf(built)?.value : undefined, 'response')
  if (body === undefined || ours === undefined) return 'no'
  if (jsonEqual(body, ours)) return 'as-built'
  return [recorded, { result: recorded }].some((other) => jsonEqual(body, other))
    ? 'otherwise'
    : 'no'
}
