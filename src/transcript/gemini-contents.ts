/** The rules of Gemini on contents and their order, besides the pairing of calls and responses; what a cut stream leaves. */
import type { JsonObject } from '../json.ts'
import { objectParts } from './edit.ts'
import { callOf, isModel, isSigned, responseOf } from './gemini-parts.ts'
import type { Fragment, PathOf, ReadingBuilder, ReadOptions, Trimmed } from './reading.ts'
import { describe, isList, textMember } from './shape.ts'

export function noteGemini(
  contents: readonly JsonObject[],
  pathOf: PathOf,
  builder: ReadingBuilder,
  options: ReadOptions,
): void {
  contents.forEach((content, index) => {
    const path = pathOf(index)
    noteRole(content, index, path, builder)
    noteParts(content, index, path, builder)
    const before = contents[index - 1]
    if (!isModel(content) || callParts(content).length === 0) return
    // Behind another call turn the missing responses are the problem.
    if (before !== undefined && (!isModel(before) || callParts(before).length > 0)) return
    const expected = "a content of the user's or with responses before it"
    const came = before === undefined ? 'the first content' : "another one of the model's"
    builder.note('turn-order', { message: index }, path, expected, came)
  })
  noteSignatures(contents, pathOf, builder, options)
}

function noteRole(content: JsonObject, index: number, path: string, builder: ReadingBuilder): void {
  const role = content['role']
  if (role === undefined || role === 'user' || role === 'model' || role === 'function') return
  builder.note('role-invalid', { message: index }, `${path}.role`, 'user or model', describe(role))
}

function noteParts(
  content: JsonObject,
  index: number,
  path: string,
  builder: ReadingBuilder,
): void {
  const model = isModel(content)
  const parts = objectParts(content, 'parts')
  if (parts.length === 0) {
    const came = describe(content['parts'])
    builder.note('empty-message', { message: index }, `${path}.parts`, 'at least one part', came)
  }
  for (const [part, value] of parts) {
    const wrong = model ? responseOf(value) : callOf(value)
    if (wrong === undefined) continue
    const at = `${path}.parts[${part}].${wrong.key}`
    const expected = model ? 'responses on the side of the user only' : 'calls of the model only'
    const came = `one of the role ${describe(content['role'])}`
    builder.note('role-mismatch', { message: index, part }, at, expected, came)
  }
}

/**
 * "The first functionCall part in each step of the current turn must include its thought_signature." A signature on a
 * later part only was moved, which no model takes; a missing one matters to Gemini 3, and only in the current turn.
 */
function noteSignatures(
  contents: readonly JsonObject[],
  pathOf: PathOf,
  builder: ReadingBuilder,
  options: ReadOptions,
): void {
  const current = contents.findLastIndex((content) => !isModel(content) && hasOwnWords(content))
  contents.forEach((content, index) => {
    if (index < current || !isModel(content)) return
    const calls = callParts(content)
    const [first] = calls
    if (first === undefined || isSigned(first[1])) return
    if (!options.reasoningRequired && !calls.some(([, part]) => isSigned(part))) return
    const place = { message: index, part: first[0] }
    const path = `${pathOf(index)}.parts[${first[0]}].thoughtSignature`
    builder.note('reasoning-missing', place, path, "the signature on the step's first call", 'none')
  })
}

/** Something besides responses, which begins the current turn. */
function hasOwnWords(content: JsonObject): boolean {
  return objectParts(content, 'parts').some(([, part]) => responseOf(part) === undefined)
}

function callParts(content: JsonObject): readonly (readonly [number, JsonObject])[] {
  return objectParts(content, 'parts').filter(([, part]) => callOf(part) !== undefined)
}

/** A content of the model's without parts, or whose last call has no name. */
export function trimGemini(contents: readonly JsonObject[], pathOf: PathOf): Trimmed {
  const fragments: Fragment[] = []
  const kept = contents.map((content, index) => {
    if (!isModel(content)) return content
    const parts = content['parts']
    const list = isList(parts) ? parts : []
    const lastIndex = list.length - 1
    const last = objectParts(content, 'parts').find(([part]) => part === lastIndex)
    const call = last === undefined ? undefined : callOf(last[1])
    if (last !== undefined && call !== undefined && textMember(call.value, 'name') === undefined) {
      fragments.push({
        code: 'call-fragment',
        place: { message: index, part: lastIndex },
        path: `${pathOf(index)}.parts[${lastIndex}].${call.key}`,
        expected: 'a call with a name',
        came: 'one without',
        value: last[1],
      })
      return lastIndex === 0 ? undefined : { ...content, parts: list.slice(0, lastIndex) }
    }
    if (list.length > 0 || (parts !== undefined && !isList(parts))) return content
    fragments.push({
      code: 'empty-message',
      place: { message: index },
      path: pathOf(index),
      expected: 'at least one part',
      came: describe(parts),
      value: content,
    })
    return undefined
  })
  return { fragments, kept }
}
