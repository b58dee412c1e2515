/**
 * Messages as Anthropic's API has them, and the few things that are done with them here. What makes a transcript valid,
 * and what mends one after a crash, is the runtime's business (`src/transcript.ts`).
 */
import type { JsonObject, JsonValue } from '../../src/json.ts'
import { toolCallsOf, type ToolCall } from '../../src/transcript.ts'

type Block =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'tool_use'
      readonly id: string
      readonly name: string
      readonly input: JsonObject
    }
  | {
      readonly type: 'tool_result'
      readonly tool_use_id: string
      readonly content?: string
      readonly is_error?: boolean
    }

export type Message = { readonly role: 'user' | 'assistant'; readonly content: readonly Block[] }

/** A tool that the model wants to have called. */
export interface Wish {
  readonly name: string
  readonly input: JsonObject
}

/** A call of the transcript together with what came of it. */
export interface Answer {
  readonly name: string
  readonly input: JsonObject
  /** What the tool gave; absent where it failed. */
  readonly result?: JsonValue
  readonly error?: string
}

/** What the driver asks for: a sentence, and the data that it is about. */
export function prompt(request: string, data: JsonValue): Message {
  return {
    role: 'user',
    content: [
      { type: 'text', text: request },
      { type: 'text', text: JSON.stringify(data) },
    ],
  }
}

/** The data of the first message. */
export function dataOf(messages: readonly Message[]): JsonValue {
  const block = messages[0]?.content[1]
  return block?.type === 'text' ? (JSON.parse(block.text) as JsonValue) : null
}

/** What the model says, and what it wants called; ids are unique in the transcript. */
export function reply(
  messages: readonly Message[],
  text: string,
  wishes: readonly Wish[],
): Message {
  const earlier = toolCallsOf('anthropic', messages).length
  const calls = wishes.map(({ name, input }, index): Block => {
    const id = `toolu_${String(earlier + index + 1).padStart(4, '0')}`
    return { type: 'tool_use', id, name, input }
  })
  return { role: 'assistant', content: [{ type: 'text', text }, ...calls] }
}

/** Every answered call, oldest first. */
export function answersOf(messages: readonly Message[]): readonly Answer[] {
  return toolCallsOf('anthropic', messages).flatMap((call) => answerOf(call) ?? [])
}

/** The text of the last message. */
export function lastText(messages: readonly Message[]): string {
  const content = messages.at(-1)?.content ?? []
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

/** A text that the model gave as an argument; empty where it gave none. */
export function textIn(input: JsonObject, member: string): string {
  const value = input[member]
  return typeof value === 'string' ? value : ''
}

/** About what a provider would charge: one token for four characters. */
export function tokensOf(value: JsonValue): number {
  return Math.ceil(JSON.stringify(value).length / 4)
}

function answerOf(call: ToolCall): Answer | undefined {
  const block = call.answer?.value as Extract<Block, { type: 'tool_result' }> | undefined
  if (block === undefined) return undefined
  const content = block.content ?? ''
  const asked = { name: call.name, input: call.arguments as JsonObject }
  if (block.is_error === true) return { ...asked, error: ownWords(content) }
  return { ...asked, result: JSON.parse(content) as JsonValue }
}

/** What a tool that failed said itself; the runtime puts the name of the call before it. */
function ownWords(error: string): string {
  return error.replace(/^.*? failed: \w*Error: /, '')
}
