/**
 * The records that the run loop writes. One decision is one record: no transition is spread over two, so that a crash
 * never leaves half of one.
 *
 *   begin    the run and its contract: task, profile, budget, deadline
 *   intent   before an effect that must not be repeated blindly, a metered call, or a timer's due time
 *   spawn    a child was asked for (a note for readers: nothing depends on it)
 *   settle   a unit of work ended: its value, error, unknown outcome or cancellation, and what it spent
 *   iterate  one committed iteration of a loop, with the whole state after it
 *   end      the run ended; absorbs everything after it
 */
import { JournalCorruptError } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { JournalRecord, Seq } from './journal.ts'

/** Version of the record format; a run of another version is refused. */
export const recordVersion = 1

/** What a unit is, for readers of the tree. */
export type UnitKind = 'step' | 'tool' | 'child' | 'command' | 'timer' | 'signal' | 'loop'

/** How often the outside world may see the effect of a unit; see `StepOptions.effect`. */
export type Effect = 'none' | 'keyed' | 'once'

/** Amounts by resource; an absent resource is zero in a reservation and unlimited in a limit. */
export interface Amounts {
  /** Committed loop iterations. */
  readonly iterations?: number
  readonly tokens?: number
  /** In the caller's unit, whole numbers: cents, micro-dollars. */
  readonly money?: number
}

export interface RecordedError {
  readonly name: string
  readonly message: string
  /** The error's string code, where it had one. */
  readonly code?: string
}

export interface BeginRecord {
  readonly type: 'begin'
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Tells this run from one of the same id in another store. */
  readonly nonce: string
  readonly driver?: string
  readonly task?: JsonValue
  readonly profile?: JsonValue
  readonly budget?: Amounts
  /** Absolute, milliseconds since the epoch. */
  readonly deadline?: number
}

export interface IntentRecord {
  readonly type: 'intent'
  readonly key: string
  readonly kind: UnitKind
  readonly args: string
  readonly effect?: Effect
  readonly reserve?: Amounts
  /** Of a timer: absolute, milliseconds since the epoch. */
  readonly due?: number
}

export interface SpawnRecord {
  readonly type: 'spawn'
  readonly key: string
  readonly args: string
  readonly driver: string
  readonly budget?: Amounts
}

export type SettleStatus = 'done' | 'failed' | 'unknown' | 'cancelled'

export interface SettleRecord {
  readonly type: 'settle'
  readonly key: string
  readonly kind: UnitKind
  readonly args: string
  readonly status: SettleStatus
  /** Absent where the work returned `undefined`. */
  readonly value?: JsonValue
  readonly error?: RecordedError
  readonly spend?: Amounts
  /** The inbox message that this record consumes. */
  readonly message?: string
}

export interface IterateRecord {
  readonly type: 'iterate'
  readonly key: string
  readonly args: string
  /** Of the iteration that this commits: 0, 1, 2 … */
  readonly index: number
  readonly state: JsonValue
  readonly done: boolean
}

export interface EndRecord {
  readonly type: 'end'
  readonly status: 'done' | 'failed' | 'cancelled'
  readonly value?: JsonValue
  readonly error?: RecordedError
  /** The inbox message that this record consumes. */
  readonly message?: string
}

export type RunRecord =
  BeginRecord | IntentRecord | SpawnRecord | SettleRecord | IterateRecord | EndRecord

/** A record with its place in the journal. */
export interface PlacedRecord<R extends RunRecord = RunRecord> {
  readonly seq: Seq
  readonly epoch: number
  readonly record: R
}

const keyed: readonly string[] = ['key', 'args']
const required: Readonly<Record<RunRecord['type'], readonly string[]>> = {
  begin: ['version', 'at', 'nonce'],
  intent: [...keyed, 'kind'],
  spawn: [...keyed, 'driver'],
  settle: [...keyed, 'kind', 'status'],
  iterate: [...keyed, 'index', 'state', 'done'],
  end: ['status'],
}

/** Reads a journal's bodies as run records. Throws `JournalCorruptError` for one that the run loop never wrote. */
export function decodeRecords(records: readonly JournalRecord[]): readonly PlacedRecord[] {
  return records.map((placed) => ({
    seq: placed.seq,
    epoch: placed.epoch,
    record: decode(placed),
  }))
}

function decode({ seq, body }: JournalRecord): RunRecord {
  const type = isObject(body) ? body['type'] : undefined
  const members = typeof type === 'string' ? required[type as RunRecord['type']] : undefined
  if (!isObject(body) || members === undefined)
    throw corrupt(seq, `a record of unknown type ${JSON.stringify(type) ?? 'undefined'}`)
  const missing = members.filter((member) => !(member in body))
  if (missing.length > 0)
    throw corrupt(seq, `a ${body['type'] as string} record without ${missing.join(', ')}`)
  return body as unknown as RunRecord
}

function corrupt(seq: Seq, came: string): JournalCorruptError {
  return new JournalCorruptError(`expected a record of the run loop at seq ${seq}, got ${came}`, {
    hint: 'this run was written by something else or by a newer version; open it with that, or start a run under a new id',
    details: { seq },
  })
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What is kept of an error that ended a unit of work. */
export function recordError(error: unknown): RecordedError {
  if (!(error instanceof Error)) return { name: 'Error', message: wellFormed(String(error)) }
  const code = (error as { code?: unknown }).code
  return {
    name: wellFormed(error.name),
    message: wellFormed(error.message),
    ...(typeof code === 'string' ? { code: wellFormed(code) } : {}),
  }
}

// A message with a lone surrogate must not make the record that reports it impossible to write.
function wellFormed(text: string): string {
  return text.toWellFormed()
}
