/**
 * The repair: every call of a transcript gets exactly one result, in the place that the format demands.
 *
 *  R1  A result that stands is kept as it stands; where it stands wrongly it is moved, unchanged.
 *  R2  A missing result is the recorded one; else, where the call never started, nothing yet (it is in `toRun`); else an
 *      error that says that the outcome is unknown. Unknown is never success.
 *  R3  A call whose arguments were cut off is never run: if it never started, an error says so.
 *  R4  Nothing goes silently: each thing taken out, moved or put in is in `repaired`, with its value.
 *  R5  What no repair names is the same object as before; the input is never written to.
 *  R6  Repairing what was repaired changes nothing, and asks nothing about calls that were answered.
 *
 * Why R6 holds: an answered call of an adjacent or harmless standing gives no edit, and each edit makes one. A half-answered
 * group without ids is settled by what is known of its calls, never by position (see `uncertain.ts`).
 */
import type { JsonObject } from '../json.ts'
import { applyEdits, type Edit } from './edit.ts'
import { comparePlaces } from './findings.ts'
import type { ToolCall, ToolOutcome, TranscriptRepair } from './model.ts'
import { publicCall, type OpenTranscript } from './open.ts'
import { pair } from './pairing.ts'
import type { Answer, CallSlot, ResultSlot, Turn } from './reading.ts'
import { settleGroup } from './uncertain.ts'

/** What is known of a call; `undefined` leaves it unanswered and unmentioned. */
export type Decide = (call: ToolCall) => ToolOutcome | undefined

export interface Mended {
  readonly messages: readonly JsonObject[]
  readonly repaired: readonly TranscriptRepair[]
  readonly toRun: readonly ToolCall[]
}

/**
 * What outcomes are known of: every call that the journal has (`journal`), also those that the transcript answers, or just
 * calls that it does not answer (`unanswered`).
 */
export type Knowledge = 'journal' | 'unanswered'

/** Repairs a transcript that was read. @throws TranscriptError */
export function mend(opened: OpenTranscript, knowledge: Knowledge, decide: Decide): Mended {
  const work = new Work(opened, knowledge, decide)
  for (const turn of opened.reading.turns) work.turn(turn)
  for (const orphan of opened.reading.orphans) work.remove(orphan, 'orphan')
  return work.finish()
}

class Work {
  readonly #opened: OpenTranscript
  readonly #knowledge: Knowledge
  readonly #decide: Decide
  readonly #edits: Edit[] = []
  readonly #repaired: TranscriptRepair[]
  readonly #toRun: ToolCall[] = []

  constructor(opened: OpenTranscript, knowledge: Knowledge, decide: Decide) {
    this.#opened = opened
    this.#knowledge = knowledge
    this.#decide = decide
    this.#repaired = opened.fragments.map(({ path, value }) => removal('fragment', path, value))
  }

  turn(turn: Turn): void {
    const outcomes = new Map<CallSlot, ToolOutcome | undefined>()
    const outcomeOf = (call: CallSlot): ToolOutcome | undefined => {
      if (!outcomes.has(call)) outcomes.set(call, this.#decide(publicCall(call)))
      return outcomes.get(call)
    }
    const { answers, duplicates, strays, uncertain } = pair(turn)
    const settled = new Map(answers)
    const misplaced = new Set([...answers.values()].filter((slot) => slot.standing === 'displaced'))
    for (const group of uncertain) {
      for (const call of group.calls) settled.delete(call)
      const pairs = settleGroup(group, this.#standing(outcomeOf), this.#opened)
      for (const [call, result] of pairs) settled.set(call, result)
      if (!inOrder(group.calls, pairs)) for (const result of pairs.values()) misplaced.add(result)
    }
    for (const call of turn.calls) this.#call(turn, call, settled, misplaced, outcomeOf)
    for (const result of duplicates) this.remove(result, 'duplicate')
    for (const result of strays) this.remove(result, 'orphan')
  }

  remove(result: ResultSlot, reason: 'duplicate' | 'orphan'): void {
    this.#edits.push({ kind: 'remove', place: result.place })
    this.#repaired.push(removal(reason, result.path, result.value))
  }

  finish(): Mended {
    const { rules, messages, pathOf } = this.#opened
    const edited = applyEdits(messages, this.#edits, rules)
    const emptied = edited.emptied.map((index) =>
      removal('emptied', pathOf(index), messages[index] ?? null),
    )
    return {
      messages: edited.messages,
      repaired: [...this.#repaired, ...emptied],
      toRun: this.#toRun,
    }
  }

  #call(
    turn: Turn,
    call: CallSlot,
    answers: ReadonlyMap<CallSlot, ResultSlot>,
    misplaced: ReadonlySet<ResultSlot>,
    outcomeOf: (call: CallSlot) => ToolOutcome | undefined,
  ): void {
    this.#completeArguments(call)
    const standing = answers.get(call)
    if (standing !== undefined && !misplaced.has(standing)) return
    const put = (value: JsonObject): void => {
      this.#edits.push({ kind: 'insert', ...placeFor(turn, call, answers, misplaced), value })
    }
    if (standing !== undefined) {
      this.#edits.push({ kind: 'remove', place: standing.place })
      put(standing.value as JsonObject)
      this.#repaired.push({ kind: 'moved', call: publicCall(call), path: standing.path })
      return
    }
    const outcome = outcomeOf(call)
    if (outcome === undefined) return
    const answer = answerOf(call, outcome)
    if (answer === undefined) {
      this.#toRun.push(publicCall(call))
      return
    }
    put(this.#opened.rules.result(call, answer, this.#opened.messages))
    this.#repaired.push({ kind: 'answered', call: publicCall(call), outcome: answer.state })
  }

  /** What a result that stands may be of. */
  #standing(
    outcomeOf: (call: CallSlot) => ToolOutcome | undefined,
  ): (call: CallSlot) => ToolOutcome {
    return (call) => {
      const outcome = outcomeOf(call)
      if (outcome === undefined) return { state: 'unknown' }
      return this.#knowledge === 'journal' ? outcome : { state: 'never-started' }
    }
  }

  #completeArguments(call: CallSlot): void {
    if (call.patch === undefined) return
    this.#edits.push({ kind: 'replace', place: call.place, value: call.patch })
    this.#repaired.push({
      kind: 'replaced',
      call: publicCall(call),
      path: call.path,
      value: call.patched,
    })
  }
}

function answerOf(call: CallSlot, outcome: ToolOutcome): Answer | undefined {
  if (outcome.state !== 'never-started') return outcome
  return call.complete ? undefined : { state: 'incomplete' }
}

/** Results stand in the order of their calls: before the first one of a later call, else behind all that stand. */
function placeFor(
  turn: Turn,
  call: CallSlot,
  answers: ReadonlyMap<CallSlot, ResultSlot>,
  misplaced: ReadonlySet<ResultSlot>,
): { readonly side: 'before' | 'after'; readonly place: ResultSlot['place'] } {
  const standing = [...answers]
    .filter(([, result]) => result.standing === 'adjacent' && !misplaced.has(result))
    .sort(([, left], [, right]) => comparePlaces(left.place, right.place))
  const later = standing.find(([other]) => other.position > call.position)
  if (later !== undefined) return { side: 'before', place: later[1].place }
  const last = standing.at(-1)
  return { side: 'after', place: last === undefined ? { message: turn.anchor } : last[1].place }
}

function inOrder(calls: readonly CallSlot[], answers: ReadonlyMap<CallSlot, ResultSlot>): boolean {
  const results = calls.flatMap((call) => answers.get(call) ?? [])
  return results.every((result, index) => {
    const next = results[index + 1]
    return next === undefined || comparePlaces(result.place, next.place) < 0
  })
}

function removal(
  reason: 'duplicate' | 'orphan' | 'fragment' | 'emptied',
  path: string,
  value: ResultSlot['value'],
): TranscriptRepair {
  return { kind: 'removed', reason, path, value }
}
