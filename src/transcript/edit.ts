/**
 * Changes to a list of messages, by place: parts or messages taken out, replaced or put in. What no edit names is the same
 * object afterwards, and the input is never written to.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import type { FormatRules, Place } from './reading.ts'
import { isList, isObject } from './shape.ts'

export type Edit =
  | { readonly kind: 'remove'; readonly place: Place }
  | { readonly kind: 'replace'; readonly place: Place; readonly value: JsonObject }
  /** Values put at one place keep their order. Without `part`: a new message. */
  | {
      readonly kind: 'insert'
      readonly side: 'before' | 'after'
      readonly place: Place
      readonly value: JsonObject
    }

export interface Edited {
  readonly messages: readonly JsonObject[]
  /** Messages of which nothing was left. */
  readonly emptied: readonly number[]
}

export function applyEdits(
  messages: readonly JsonObject[],
  edits: readonly Edit[],
  rules: FormatRules,
): Edited {
  const emptied: number[] = []
  const byMessage = groupByMessage(edits)
  const output = messages.flatMap((message, index) => {
    const mine = byMessage.get(index)
    if (mine === undefined) return [message]
    const kept = editMessage(message, mine, rules)
    if (kept === undefined && rules.parts !== undefined) emptied.push(index)
    return [
      ...newMessages(mine, 'before', messages, rules),
      ...(kept === undefined ? [] : [kept]),
      ...newMessages(mine, 'after', messages, rules),
    ]
  })
  return { messages: output, emptied }
}

function groupByMessage(edits: readonly Edit[]): ReadonlyMap<number, readonly Edit[]> {
  const groups = new Map<number, Edit[]>()
  for (const edit of edits) {
    const group = groups.get(edit.place.message)
    if (group === undefined) groups.set(edit.place.message, [edit])
    else group.push(edit)
  }
  return groups
}

function newMessages(
  edits: readonly Edit[],
  side: 'before' | 'after',
  messages: readonly JsonObject[],
  rules: FormatRules,
): readonly JsonObject[] {
  const values = inserted(edits, side, undefined)
  if (values.length === 0 || rules.parts === undefined) return values
  return [rules.envelope(values, messages)]
}

function editMessage(
  message: JsonObject,
  edits: readonly Edit[],
  rules: FormatRules,
): JsonObject | undefined {
  if (rules.parts === undefined)
    return edits.some((edit) => edit.kind === 'remove') ? undefined : message
  const parts = message[rules.parts]
  if (!isList(parts)) return message
  const edited = parts.flatMap((part, index) => editPart(part, index, edits))
  if (edited.length === parts.length && edited.every((part, index) => part === parts[index]))
    return message
  return edited.length === 0 ? undefined : { ...message, [rules.parts]: edited }
}

function editPart(part: JsonValue, index: number, edits: readonly Edit[]): readonly JsonValue[] {
  const own = edits.filter((edit) => edit.place.part === index)
  const replaced = own.find((edit) => edit.kind === 'replace')
  const removed = own.some((edit) => edit.kind === 'remove')
  return [
    ...inserted(edits, 'before', index),
    ...(removed ? [] : [replaced?.value ?? part]),
    ...inserted(edits, 'after', index),
  ]
}

function inserted(
  edits: readonly Edit[],
  side: 'before' | 'after',
  part: number | undefined,
): readonly JsonObject[] {
  return edits.flatMap((edit) =>
    edit.kind === 'insert' && edit.side === side && edit.place.part === part ? [edit.value] : [],
  )
}

/** The parts of a message that are objects, with their index; none where the message keeps a plain text. */
export function objectParts(
  message: JsonObject,
  key: string,
): readonly (readonly [number, JsonObject])[] {
  const parts = message[key]
  if (!isList(parts)) return []
  return parts.flatMap((part, index) => (isObject(part) ? [[index, part] as const] : []))
}
