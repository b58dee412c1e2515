/**
 * The item rules of OpenAI Responses (`input`).
 *
 * Sources: "Function calling", "Reasoning models" and "Conversation state" guides and the "Create a model response"
 * reference of the OpenAI platform docs; the words of the API's own errors (HTTP 400, `invalid_request_error`):
 *  - No tool output found for function call call_….
 *  - No tool call found for function call output with call_id call_….
 *  - Item 'rs_…' of type 'reasoning' was provided without its required following item.
 *  - Item 'fc_…' of type 'function_call' was provided without its required 'reasoning' item: 'rs_…'.
 *  - Duplicate item found with id fc_…. Remove duplicate items from your input and try again.
 *  - Invalid 'input[95].call_id': string too long. Expected a string with maximum length 64.
 *
 * OpenAI pairs by `call_id` wherever the output stands; other servers of this format want it right behind its call. So an
 * output further behind is no problem, and a repair puts outputs right behind the model's run of items: never between a
 * reasoning item and what it led to. An output answers the latest turn that has its `call_id`: ids may repeat. There is no
 * error flag: an error is the JSON text of `{ "error": … }`.
 */
import type { JsonObject } from '../json.ts'
import { TranscriptError } from './error.ts'
import { parseArguments, textContent } from './openai-text.ts'
import {
  ReadingBuilder,
  type Answer,
  type CallSlot,
  type FormatRules,
  type Fragment,
  type PathOf,
  type Reading,
  type ReadOptions,
  type Trimmed,
} from './reading.ts'
import {
  isCall,
  isFreeForm,
  isModelItem,
  isOutput,
  itemType,
  outputId,
  outputType,
} from './responses-items.ts'
import { saysIn } from './says.ts'
import { describe, isList, isObject, textMember, type Shape } from './shape.ts'
import { badContent } from './wording.ts'

const idLengthMax = 64

export const openaiResponsesRules: FormatRules = {
  root: 'input',
  parts: undefined,
  endsWithUser: false,
  trim,
  read,
  result,
  envelope: (_, messages) => messages[0] ?? {},
  fromModel: isModelItem,
  says: saysIn('output'),
}

function read(
  items: readonly JsonObject[],
  pathOf: PathOf,
  shape: Shape,
  options: ReadOptions,
): Reading {
  const builder = new ReadingBuilder()
  const windows = new Map<string, number>()
  let run: Run = newRun()
  let referenced = false
  items.forEach((item, index) => {
    const path = pathOf(index)
    checkItem(item, index, path, shape, builder)
    referenced ||= itemType(item) === 'item_reference'
    if (isModelItem(item)) {
      if (run.ended) run = newRun()
      if (isCall(item)) readCall(item, index, path, run, windows, options, shape, builder)
      else noteModelItem(item, run)
      return
    }
    const answers = isOutput(item) ? windows.has(outputId(item) ?? '') : undefined
    if (answers !== false) endRun(run, index, builder)
    if (answers === undefined) run = newRun()
    else readOutput(item, index, path, run, windows, referenced, shape, builder)
  })
  endRun(run, items.length, builder)
  noteRepeatedIds(items, pathOf, builder)
  return builder.build()
}

/** The model's contiguous items, and the outputs right behind them. */
interface Run {
  turn: number | undefined
  /** Something besides calls stands behind the last call: a call behind it is of another turn. */
  wentOn: boolean
  reasoned: boolean
  /** Only outputs have come since. */
  ended: boolean
}

/** Outputs belong behind all of the run. One without a call ends nothing: a repair takes it out. */
function endRun(run: Run, index: number, builder: ReadingBuilder): void {
  if (!run.ended && run.turn !== undefined) builder.anchor(run.turn, index - 1)
  run.ended = true
}

function newRun(): Run {
  return { turn: undefined, wentOn: false, reasoned: false, ended: false }
}

function noteModelItem(item: JsonObject, run: Run): void {
  run.wentOn = true
  run.reasoned ||= itemType(item) === 'reasoning'
}

function checkItem(
  item: JsonObject,
  index: number,
  path: string,
  shape: Shape,
  builder: ReadingBuilder,
): void {
  if (item['type'] !== undefined) shape.text(item['type'], `${path}.type`, 'the type of the item')
  if (itemType(item) !== 'message') return
  const role = shape.text(item['role'], `${path}.role`, 'a role')
  if (['user', 'system', 'developer', 'assistant'].includes(role)) return
  const expected = 'user, system, developer or assistant'
  builder.note('role-invalid', { message: index }, `${path}.role`, expected, describe(role))
}

function readCall(
  item: JsonObject,
  index: number,
  path: string,
  run: Run,
  windows: Map<string, number>,
  options: ReadOptions,
  shape: Shape,
  builder: ReadingBuilder,
): void {
  const kind = itemType(item)
  const place = { message: index }
  const id = shape.text(item['call_id'], `${path}.call_id`, 'the id of the call')
  const name = isFreeForm(kind) ? shape.text(item['name'], `${path}.name`, 'a tool name') : kind
  if (id.length === 0 || id.length > idLengthMax) {
    const expected = `an id of 1 to ${idLengthMax} characters`
    builder.note('call-id-invalid', place, `${path}.call_id`, expected, `${id.length} characters`)
  }
  if (options.reasoningRequired && !run.reasoned) {
    const expected = 'the reasoning item that led to this call, before it'
    builder.note('reasoning-missing', place, path, expected, 'none in this run of model items')
  }
  if (run.turn === undefined || run.wentOn) run.turn = builder.turn(index)
  run.wentOn = false
  windows.set(id, run.turn)
  const parsed = argumentsOf(item, kind)
  const ended = item['status'] !== 'incomplete' && item['status'] !== 'in_progress'
  builder.call(run.turn, index, {
    id,
    name,
    kind,
    arguments: parsed.value,
    complete: parsed.complete && ended,
    place,
    path,
  })
}

function argumentsOf(item: JsonObject, kind: string): ReturnType<typeof parseArguments> {
  if (kind === 'function_call') return parseArguments(item['arguments'])
  const value = item['input'] ?? item['action'] ?? item['operation'] ?? null
  return { value, complete: true }
}

function readOutput(
  item: JsonObject,
  index: number,
  path: string,
  run: Run,
  windows: ReadonlyMap<string, number>,
  referenced: boolean,
  shape: Shape,
  builder: ReadingBuilder,
): void {
  const id = outputId(item)
  if (id === undefined) {
    shape.fault(`${path}.call_id`, 'the id of the call', item['call_id'])
    return
  }
  noteOutput(item, index, path, builder)
  const turn = windows.get(id)
  // A reference may stand for a call that only the server has.
  if (turn === undefined && referenced) return
  builder.result(turn, {
    place: { message: index },
    path,
    id,
    name: undefined,
    value: item,
    standing: turn !== undefined && turn === run.turn ? 'adjacent' : 'apart',
  })
}

function noteOutput(item: JsonObject, index: number, path: string, builder: ReadingBuilder): void {
  if (!['function_call_output', 'custom_tool_call_output'].includes(itemType(item))) return
  const output = item['output']
  if (typeof output === 'string' || (isList(output) && output.length > 0)) return
  const expected = 'a text or at least one content part'
  const place = { message: index }
  builder.note('result-invalid', place, `${path}.output`, expected, describe(output))
}

function noteRepeatedIds(
  items: readonly JsonObject[],
  pathOf: PathOf,
  builder: ReadingBuilder,
): void {
  const seen = new Set<string>()
  items.forEach((item, index) => {
    const type = itemType(item)
    const id = textMember(item, 'id')
    if (id === undefined || type === 'item_reference' || type === 'local_shell_call_output') return
    if (!seen.has(id)) {
      seen.add(id)
      return
    }
    const path = `${pathOf(index)}.id`
    const expected = 'an item id that no other item has'
    builder.note('item-id-duplicate', { message: index }, path, expected, JSON.stringify(id))
  })
}

/** From the end, so that reasoning which led to a cut call goes with it. */
function trim(items: readonly JsonObject[], pathOf: PathOf): Trimmed {
  const fragments: Fragment[] = []
  const kept: (JsonObject | undefined)[] = [...items]
  const callIds = new Set(items.filter(isCall).map((item) => textMember(item, 'call_id')))
  let next: JsonObject | undefined
  for (let index = items.length - 1; index >= 0; index--) {
    const item = items[index]
    if (item === undefined || (isOutput(item) && !callIds.has(outputId(item)))) continue
    const led = next !== undefined && isModelItem(next)
    const code = led ? undefined : fragmentCode(item)
    if (code === undefined) {
      next = item
      continue
    }
    kept[index] = undefined
    fragments.unshift({
      code,
      place: { message: index },
      path: pathOf(index),
      expected:
        code === 'call-fragment'
          ? 'a call with an id and a name'
          : 'the item that it led to, behind it',
      came: code === 'call-fragment' ? 'a call without' : describe(next),
      value: item,
    })
  }
  return { fragments, kept }
}

function fragmentCode(item: JsonObject): 'call-fragment' | 'reasoning-alone' | undefined {
  const type = itemType(item)
  if (type === 'reasoning') return 'reasoning-alone'
  if (!isFreeForm(type)) return undefined
  const whole = textMember(item, 'call_id') !== undefined && textMember(item, 'name') !== undefined
  return whole ? undefined : 'call-fragment'
}

function result(call: CallSlot, answer: Answer): JsonObject {
  const type = outputType(call.kind)
  const id = call.id ?? ''
  if (isFreeForm(call.kind)) return { type, call_id: id, output: textContent(call, answer) }
  if (answer.state !== 'recorded')
    throw new TranscriptError(
      `the outcome "${answer.state}" cannot be said in an item of the type ${type}: expected a recorded result for ${call.path}`,
      {
        hint: "decide what happened to this call and answer it with `{ state: 'recorded', as: 'content', result: … }`",
        details: { path: call.path, position: call.position, kind: call.kind },
      },
    )
  if (answer.as !== 'content' || !isObject(answer.result))
    throw badContent(call, `as: 'content' with an object that holds the members of a ${type}`)
  const own = call.kind === 'local_shell_call' ? { type, id } : { type, call_id: id }
  return { ...answer.result, ...own }
}
