/**
 * The oracle's own reading of model transcripts: calls, answers, and what belongs to what, in four formats.
 *
 * Independent of the runtime's validators on purpose. It knows only the rules about tool calls: a call is answered once, in
 * its own turn (ids repeat over a transcript), where the format wants the answer. Anything else in a transcript is free.
 */
import type { TranscriptFormat } from '../mark.ts'

/** A tool call of the model, and its answer where there is one. */
export interface Call {
  /** Which turn with calls it belongs to, from 0. */
  readonly turn: number
  readonly id: string | undefined
  readonly name: string
  answer?: Answer
}

/** What a tool call was answered with. */
export interface Answer {
  readonly isError: boolean
  readonly text: string
}

/** A transcript as read: its calls, and what breaks the rules, one clause each. */
export interface Transcript {
  readonly calls: readonly Call[]
  readonly problems: readonly string[]
}

/** Reads a transcript. Never throws: what cannot be read is a problem. */
export function readTranscript(format: TranscriptFormat, messages: unknown): Transcript {
  if (!Array.isArray(messages)) return { calls: [], problems: ['it is no list of messages'] }
  const reader = new TurnReader()
  for (const message of messages.map(objectOf)) readers[format](reader, message)
  reader.endTurn()
  return reader
}

type Json = Readonly<Record<string, unknown>>

const readers: Readonly<Record<TranscriptFormat, (reader: TurnReader, message: Json) => void>> = {
  'openai-chat': readChat,
  'openai-responses': readResponses,
  anthropic: readAnthropic,
  gemini: readGemini,
}

/** Matches answers with the calls of the turn that is open. */
class TurnReader {
  readonly calls: Call[] = []
  readonly problems: string[] = []
  #turn = 0
  #open: Call[] = []

  call(id: string | undefined, name: string): void {
    const call: Call = { turn: this.#turn, id, name }
    this.calls.push(call)
    this.#open.push(call)
  }

  /** By id; where the format has none, the first call of that name without an answer. */
  answer(by: { readonly id?: string | undefined; readonly name?: string }, answer: Answer): void {
    const matches = this.#open.filter((call) =>
      by.id === undefined ? call.name === by.name : call.id === by.id,
    )
    const call = matches.find((each) => each.answer === undefined)
    const label = by.id ?? by.name ?? '?'
    if (call !== undefined) call.answer = answer
    else if (matches.length > 0) this.problems.push(`call ${label} is answered twice`)
    else this.problems.push(`an answer to ${label}, which is no call of this turn`)
  }

  /** True where calls wait for answers. */
  get isOpen(): boolean {
    return this.#open.length > 0
  }

  endTurn(): void {
    for (const { id, name, answer } of this.#open)
      if (answer === undefined)
        this.problems.push(`call ${name}${id === undefined ? '' : ` (${id})`} has no answer`)
    if (this.#open.length > 0) this.#turn += 1
    this.#open = []
  }
}

/** Chat: `tool` messages directly behind the `assistant` message that calls. */
function readChat(reader: TurnReader, message: Json): void {
  if (message['role'] === 'tool') {
    const text = textOf(message['content'])
    reader.answer({ id: stringOf(message['tool_call_id']) }, { isError: isErrorText(text), text })
    return
  }
  reader.endTurn()
  for (const call of listOf(message['tool_calls'])) {
    const { name } = objectOf(call['function'] ?? call['custom'])
    reader.call(stringOf(call['id']), stringOf(name))
  }
}

/** Responses: items; outputs follow the calls of their turn, other items may stand between them. */
function readResponses(reader: TurnReader, item: Json): void {
  const id = stringOf(item['call_id'])
  switch (item['type']) {
    case 'function_call':
    case 'custom_tool_call':
      reader.call(id, stringOf(item['name']))
      return
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const text = textOf(item['output'])
      reader.answer({ id }, { isError: isErrorText(text), text })
      return
    }
    case 'message':
    case undefined:
      reader.endTurn()
      return
    default:
  }
}

/** Anthropic: `tool_result` blocks at the head of the user turn directly behind the assistant turn that calls. */
function readAnthropic(reader: TurnReader, message: Json): void {
  const blocks = listOf(message['content'])
  if (message['role'] === 'assistant') {
    reader.endTurn()
    for (const block of blocks)
      if (block['type'] === 'tool_use') reader.call(stringOf(block['id']), stringOf(block['name']))
    return
  }
  let hasOther = false
  for (const block of blocks) {
    if (block['type'] !== 'tool_result') {
      hasOther = true
      continue
    }
    if (hasOther) reader.problems.push('a tool_result stands behind other content of its message')
    const answer = { isError: block['is_error'] === true, text: textOf(block['content']) }
    reader.answer({ id: stringOf(block['tool_use_id']) }, answer)
  }
}

/** Gemini: `functionResponse` parts in the turn directly behind the `model` turn that calls; ids are optional. */
function readGemini(reader: TurnReader, content: Json): void {
  const parts = listOf(content['parts'])
  if (content['role'] === 'model') {
    reader.endTurn()
    for (const { functionCall } of parts) {
      if (functionCall === undefined) continue
      const call = objectOf(functionCall)
      reader.call(optionalString(call['id']), stringOf(call['name']))
    }
    return
  }
  for (const { functionResponse } of parts) {
    if (functionResponse === undefined) continue
    const { id, name, response } = objectOf(functionResponse)
    const isError = Object.hasOwn(objectOf(response), 'error')
    const by = { id: optionalString(id), name: stringOf(name) }
    reader.answer(by, { isError, text: textOf(response) })
  }
}

/** In formats without an error flag, an error says so in its text. */
function isErrorText(text: string): boolean {
  return /\berror\b|unknown|interrupt|cancel|abort|fail|not (?:run|executed|completed|confirmed)/i.test(
    text,
  )
}

/** All text in a value: a string as it is, text blocks joined, anything else as JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined) return ''
  if (Array.isArray(value) && value.every((each) => typeof objectOf(each)['text'] === 'string'))
    return value.map((each) => stringOf(objectOf(each)['text'])).join('\n')
  return JSON.stringify(value)
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function optionalString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
