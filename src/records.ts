/**
 * The records that the run loop writes. One decision is one record: no transition is spread over two, so that a crash
 * never leaves half of one.
 *
 *   begin    the run and its contract: task, profile, budget, deadline
 *   intent   before an effect that must not be repeated blindly, a metered call, or a timer's due time
 *   spawn    a driver begins: a child's, with the pool that it gets; or, under the empty key, the run's own
 *   settle   a unit of work ended: its value, error, unknown outcome or cancellation, and what it spent
 *   iterate  one committed iteration of a loop, with the whole state after it
 *   end      the run ended; absorbs everything after it
 */
import type { Amounts } from './amounts.ts'
import { FormatVersionError, JournalCorruptError } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { JournalRecord, Seq } from './journal.ts'

/** Version of the record format; a run of another version is refused. */
export const recordVersion = 1

/** What a unit is, for readers of the tree. */
export type UnitKind = 'step' | 'tool' | 'child' | 'command' | 'timer' | 'signal' | 'loop'

/** How often the outside world may see the effect of a unit; see `StepOptions.effect`. */
export type Effect = 'none' | 'keyed' | 'once'

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

type MemberType = 'string' | 'number' | 'boolean' | 'any'
type Members = Readonly<Record<string, MemberType>>

const keyed: Members = { key: 'string', args: 'string' }
const required: Readonly<Record<RunRecord['type'], Members>> = {
  begin: { version: 'number', at: 'number', nonce: 'string' },
  intent: { ...keyed, kind: 'string' },
  spawn: { ...keyed, driver: 'string' },
  settle: { ...keyed, kind: 'string', status: 'string' },
  iterate: { ...keyed, index: 'number', state: 'any', done: 'boolean' },
  end: { status: 'string' },
}

/**
 * Reads a journal's bodies as run records.
 *
 * @throws JournalCorruptError for one that the run loop never wrote, FormatVersionError for one of another version of it
 */
export function decodeRecords(records: readonly JournalRecord[]): readonly PlacedRecord[] {
  return records.map(decodeRecord)
}

/** As {@link decodeRecords}, of one record. */
export function decodeRecord({ seq, epoch, body }: JournalRecord): PlacedRecord {
  const type = isObject(body) ? body['type'] : undefined
  const members = typeof type === 'string' && isType(type) ? required[type] : undefined
  if (!isObject(body) || members === undefined)
    throw corrupt(seq, `a record of unknown type ${JSON.stringify(type) ?? 'undefined'}`)
  if (type === 'begin') assertVersion(seq, body['version'])
  for (const [member, wanted] of Object.entries(members))
    if (!isOfType(body[member], wanted))
      throw corrupt(seq, `a ${body['type'] as string} record whose ${member} is no ${wanted}`)
  return { seq, epoch, record: body as unknown as RunRecord }
}

function isType(type: string): type is RunRecord['type'] {
  return Object.hasOwn(required, type)
}

function isOfType(value: JsonValue | undefined, wanted: MemberType): boolean {
  return wanted === 'any' ? value !== undefined : typeof value === wanted
}

function assertVersion(seq: Seq, version: JsonValue | undefined): void {
  if (typeof version !== 'number' || version === recordVersion) return
  throw new FormatVersionError(
    `expected run records of version ${recordVersion}, got version ${version} at seq ${seq}`,
    {
      hint: 'open this run with the killpoint that began it, or a newer one',
      details: { seq, version },
    },
  )
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
