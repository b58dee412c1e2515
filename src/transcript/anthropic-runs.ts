/**
 * Messages of one role in a row, which Anthropic combines into one turn, and what a cut stream leaves at the end of the
 * model's: an unfinished call, thinking that led to nothing, an empty text.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import type { Fragment, PathOf, Trimmed } from './reading.ts'
import { describe, isList, isObject, member, textMember } from './shape.ts'

/** Messages in a row, each with its index: all the model's, or none of them. */
export interface MessageRun {
  readonly role: 'model' | 'user'
  readonly messages: readonly (readonly [number, JsonObject])[]
}

/** Splits into runs; a system message stays with the user's side, since it may stand only there. */
export function runsOf(messages: readonly JsonObject[]): readonly MessageRun[] {
  const runs: { role: 'model' | 'user'; messages: (readonly [number, JsonObject])[] }[] = []
  messages.forEach((message, index) => {
    const role = message['role'] === 'assistant' ? 'model' : 'user'
    const last = runs.at(-1)
    if (last?.role === role) last.messages.push([index, message])
    else runs.push({ role, messages: [[index, message]] })
  })
  return runs
}

export function isModelRun(run: MessageRun): boolean {
  return run.role === 'model'
}

/**
 * A run of the model's by its turns: where a message goes on after calls of the messages before it, or makes a call with
 * an id that they have, it is another turn, and results belong before it.
 */
export function turnsOf(run: MessageRun): readonly MessageRun['messages'][] {
  const turns: (readonly [number, JsonObject])[][] = []
  let ids = new Set<unknown>()
  for (const entry of run.messages) {
    const content = entry[1]['content']
    const blocks = isList(content) ? content : [content]
    const calls = blocks.flatMap((block) =>
      typeOf(block) === 'tool_use' ? [member(block, 'id')] : [],
    )
    const another =
      ids.size > 0 && (calls.length < blocks.length || calls.some((id) => ids.has(id)))
    if (another) ids = new Set()
    for (const id of calls) ids.add(id)
    const last = turns.at(-1)
    if (last === undefined || another) turns.push([entry])
    else last.push(entry)
  }
  return turns
}

/** True where a run of the user's holds nothing but results of calls. */
export function holdsOnlyResults(run: MessageRun): boolean {
  return run.messages.every(([, message]) => {
    const content = message['content']
    return isList(content) && content.every((block) => typeOf(block) === 'tool_result')
  })
}

/** The type of a content block. */
export function typeOf(block: JsonValue | undefined): string | undefined {
  return textMember(block, 'type')
}

/** A call that the provider's own servers run. */
export function isServerCall(block: JsonValue | undefined): boolean {
  const type = typeOf(block)
  return type === 'server_tool_use' || type === 'mcp_tool_use'
}

export function isThinking(block: JsonValue | undefined): boolean {
  const type = typeOf(block)
  return type === 'thinking' || type === 'redacted_thinking'
}

/** A text that the API refuses: "text content blocks must be non-empty", "… must contain non-whitespace text". */
export function isEmptyText(block: JsonValue | undefined): boolean {
  return typeOf(block) === 'text' && (textMember(block, 'text') ?? '').trim() === ''
}

/**
 * Takes the fragments off the end of every run of the model's. "All messages must have non-empty content except for the
 * optional final assistant message", so an empty last message stays.
 */
export function trimRuns(messages: readonly JsonObject[], pathOf: PathOf): Trimmed {
  const fragments: Fragment[] = []
  const kept: (JsonObject | undefined)[] = [...messages]
  const runs = runsOf(messages)
  runs.forEach((run, position) => {
    if (!isModelRun(run)) return
    const next = runs[position + 1]
    let goesOn = next === undefined || holdsOnlyResults(next)
    for (const turn of [...turnsOf(run)].reverse()) {
      const trimmer = new Trimmer(fragments, pathOf, goesOn)
      for (const [index, message] of [...turn].reverse())
        kept[index] = trimmer.message(index, message, index === messages.length - 1)
      // Between two turns the results will stand, and nothing else.
      goesOn ||= turn.some(([index]) => kept[index] !== undefined)
    }
  })
  return { fragments, kept }
}

/** Walks a run from its end; stops taking off at the first block that may be a last one. */
class Trimmer {
  readonly #fragments: Fragment[]
  readonly #pathOf: PathOf
  /** Whether the provider may go on with its own call behind this turn. */
  readonly #goesOn: boolean
  #atEnd = true

  constructor(fragments: Fragment[], pathOf: PathOf, goesOn: boolean) {
    this.#fragments = fragments
    this.#pathOf = pathOf
    this.#goesOn = goesOn
  }

  message(index: number, message: JsonObject, last: boolean): JsonObject | undefined {
    const content = message['content']
    if (content === '' || (isList(content) && content.length === 0)) {
      if (last) return message
      this.#take('empty-message', index, undefined, message)
      return undefined
    }
    if (!isList(content)) {
      this.#atEnd = false
      return message
    }
    let length = content.length
    while (this.#atEnd && length > 0) {
      const code = this.#fragmentCode(content[length - 1])
      if (code === undefined) this.#atEnd = false
      else this.#take(code, index, --length, content[length] ?? null)
    }
    if (length === content.length) return message
    return length === 0 ? undefined : { ...message, content: content.slice(0, length) }
  }

  #fragmentCode(block: JsonValue | undefined): Fragment['code'] | undefined {
    if (isThinking(block)) return 'reasoning-alone'
    if (isEmptyText(block)) return 'empty-text'
    if (typeOf(block) === 'tool_use' && isObject(block)) {
      const whole = textMember(block, 'id') !== undefined && textMember(block, 'name') !== undefined
      return whole ? undefined : 'call-fragment'
    }
    if (isServerCall(block) && !this.#goesOn) return 'server-call-unanswered'
    return undefined
  }

  #take(code: Fragment['code'], index: number, part: number | undefined, value: JsonValue): void {
    const path = this.#pathOf(index)
    this.#fragments.push({
      code,
      place: part === undefined ? { message: index } : { message: index, part },
      path: part === undefined ? path : `${path}.content[${part}]`,
      expected: expectedInstead[code] ?? 'a whole block',
      came: part === undefined ? 'no content' : describe(value),
      value,
    })
  }
}

const expectedInstead: Partial<Record<Fragment['code'], string>> = {
  'empty-message': 'content, in all but the last message of the model',
  'empty-text': 'a text that is not blank, or no text block',
  'reasoning-alone': 'the text or the call that the thinking led to, behind it',
  'call-fragment': 'a call with an id and a name',
  'server-call-unanswered': "the provider's result of its own call, behind it",
}
