/** The kinds of items of OpenAI Responses, as far as pairing needs to tell them apart. */
import type { JsonObject } from '../json.ts'
import { textMember } from './shape.ts'

/** Calls that the client answers, each with the type of its output item. */
const outputTypes: ReadonlyMap<string, string> = new Map([
  ['function_call', 'function_call_output'],
  ['custom_tool_call', 'custom_tool_call_output'],
  ['computer_call', 'computer_call_output'],
  ['local_shell_call', 'local_shell_call_output'],
  ['shell_call', 'shell_call_output'],
  ['apply_patch_call', 'apply_patch_call_output'],
])

const callTypes: ReadonlySet<string> = new Set(outputTypes.keys())
const clientOutputTypes: ReadonlySet<string> = new Set(outputTypes.values())

/** Items that are neither a message nor an output, and yet the client's. */
const clientTypes: ReadonlySet<string> = new Set([
  'mcp_approval_response',
  'additional_tools',
  'compaction_trigger',
])

/** The type of an item; a message may leave it out. */
export function itemType(item: JsonObject): string {
  return textMember(item, 'type') ?? 'message'
}

/** A call that waits for an output of the client. */
export function isCall(item: JsonObject): boolean {
  return callTypes.has(itemType(item))
}

/** A call whose output is free text, so that an error can be said in it. */
export function isFreeForm(kind: string): boolean {
  return kind === 'function_call' || kind === 'custom_tool_call'
}

/** The client's answer to a call. */
export function isOutput(item: JsonObject): boolean {
  return clientOutputTypes.has(itemType(item))
}

/** Something that the model produced: its calls, its reasoning, its messages, its own tools' work. */
export function isModelItem(item: JsonObject): boolean {
  const type = itemType(item)
  if (type === 'message') return item['role'] === 'assistant'
  return !type.endsWith('_output') && !clientTypes.has(type)
}

/** The type of the output item of a kind of call. */
export function outputType(kind: string): string {
  return outputTypes.get(kind) ?? `${kind}_output`
}

/** The id that pairs an output with its call; a local shell output carries it as `id`. */
export function outputId(item: JsonObject): string | undefined {
  const id = textMember(item, 'call_id')
  return id ?? (itemType(item) === 'local_shell_call_output' ? textMember(item, 'id') : undefined)
}
