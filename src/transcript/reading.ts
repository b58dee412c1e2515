/**
 * What every format is read into: turns of calls, the results in the window of each turn, and notes on broken rules.
 *
 * A *turn* is the calls that the model made at once. Its *window* ends where the model speaks again; a result is matched
 * within the window only, never over the whole transcript, since ids may repeat from turn to turn.
 */
import type { JsonObject, JsonValue } from '../json.ts'
import type { RecordedOutcome, TranscriptProblem, TranscriptProblemCode } from './model.ts'
import type { Says } from './says.ts'
import type { Shape } from './shape.ts'

/** A place in the messages that are worked on; `part` where the format keeps calls and results inside a message. */
export interface Place {
  readonly message: number
  readonly part?: number
}

export interface CallSlot {
  readonly position: number
  readonly id: string | undefined
  readonly name: string
  /** The format's own word for the kind of call. */
  readonly kind: string
  readonly arguments: JsonValue
  readonly complete: boolean
  readonly place: Place
  readonly path: string
  /** The part that must stand in its place, because the format refuses the cut one. */
  readonly patch: JsonObject | undefined
  /** The value of what `patch` replaces. */
  readonly patched: JsonValue
}

export interface ResultSlot {
  readonly place: Place
  readonly path: string
  readonly id: string | undefined
  readonly name: string | undefined
  readonly value: JsonValue
  /**
   * `adjacent`: where the format wants it. `apart`: elsewhere, and the format does not mind. `displaced`: in the window,
   * but where the format refuses it.
   */
  readonly standing: 'adjacent' | 'apart' | 'displaced'
}

export interface Turn {
  /** Results belong right behind this message. */
  readonly anchor: number
  readonly calls: readonly CallSlot[]
  /** All results of the window, in transcript order. */
  readonly results: readonly ResultSlot[]
}

/** A problem with what is needed to sort it and to tell which call it is about. */
export interface Finding extends TranscriptProblem {
  readonly place: Place
  /** Position of the call, for `call-unanswered`. */
  readonly call?: number
}

export interface Reading {
  readonly turns: readonly Turn[]
  /** Results outside every window. */
  readonly orphans: readonly ResultSlot[]
  /** Broken rules that are not about pairing. */
  readonly notes: readonly Finding[]
}

/** A piece that a cut stream left behind and that no request may hold. */
export interface Fragment extends Finding {
  readonly value: JsonValue
}

export interface Trimmed {
  readonly fragments: readonly Fragment[]
  /** The messages without their fragments; `undefined` where nothing of one is left. */
  readonly kept: readonly (JsonObject | undefined)[]
}

/** JSON path of the n-th message. */
export type PathOf = (message: number) => string

/** How a missing result is answered. */
export type Answer =
  | RecordedOutcome
  | { readonly state: 'unknown'; readonly reason?: string }
  | { readonly state: 'incomplete' }

export interface ReadOptions {
  readonly reasoningRequired: boolean
}

/** The rules of one format, as data and pure functions. */
export interface FormatRules {
  /** The member of the request that holds the messages; paths begin with it. */
  readonly root: string
  /** The member of a message that holds its parts; `undefined` where calls' results are messages of their own. */
  readonly parts: string | undefined
  /** Whether a request must end on the user's side. */
  readonly endsWithUser: boolean
  readonly trim: (messages: readonly JsonObject[], pathOf: PathOf) => Trimmed
  readonly read: (
    messages: readonly JsonObject[],
    pathOf: PathOf,
    shape: Shape,
    options: ReadOptions,
  ) => Reading
  /** The result message, item, block or part. */
  readonly result: (call: CallSlot, answer: Answer, messages: readonly JsonObject[]) => JsonObject
  /** The message around result parts that stand alone. */
  readonly envelope: (parts: readonly JsonValue[], messages: readonly JsonObject[]) => JsonObject
  /** Whether a message is the model's. */
  readonly fromModel: (message: JsonObject) => boolean
  /** Whether a result that stands says what was recorded. */
  readonly says: (result: JsonValue, built: JsonValue, recorded: JsonValue) => Says
}

/** Collects a reading; numbers the calls. */
export class ReadingBuilder {
  readonly #turns: { anchor: number; calls: CallSlot[]; results: ResultSlot[] }[] = []
  readonly #orphans: ResultSlot[] = []
  readonly #notes: Finding[] = []
  #calls = 0

  /** Begins a turn and gives its number. */
  turn(anchor: number): number {
    this.#turns.push({ anchor, calls: [], results: [] })
    return this.#turns.length - 1
  }

  /** Moves the place of a turn's results behind a later message. */
  anchor(turn: number, anchor: number): void {
    const current = this.#turns[turn]
    if (current !== undefined) current.anchor = anchor
  }

  /** Adds a call to a turn whose results now belong behind `anchor`. */
  call(turn: number, anchor: number, slot: CallDraft): void {
    const current = this.#turns[turn]
    if (current === undefined) return
    current.anchor = anchor
    const { patch, patched = null, complete = true, ...rest } = slot
    current.calls.push({ ...rest, complete, patch, patched, position: this.#calls++ })
  }

  /** Adds a result to the window of a turn; one without a turn is an orphan. */
  result(turn: number | undefined, slot: ResultSlot): void {
    const current = turn === undefined ? undefined : this.#turns[turn]
    if (current === undefined) this.#orphans.push(slot)
    else current.results.push(slot)
  }

  note(
    code: TranscriptProblemCode,
    place: Place,
    path: string,
    expected: string,
    came: string,
  ): void {
    this.#notes.push({ code, place, path, expected, came })
  }

  build(): Reading {
    return { turns: this.#turns, orphans: this.#orphans, notes: this.#notes }
  }
}

/** A call as a format finds it; complete unless said otherwise. */
export interface CallDraft {
  readonly id: string | undefined
  readonly name: string
  readonly kind: string
  readonly arguments: JsonValue
  readonly complete?: boolean
  readonly place: Place
  readonly path: string
  readonly patch?: JsonObject | undefined
  readonly patched?: JsonValue
}
