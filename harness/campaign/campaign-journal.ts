/**
 * The journal of a campaign: what it has finished, so that a process that was killed is followed by one that goes on.
 *
 * It works like the runs that are tested here. The campaign's code runs again from its start; each unit of it (a control, a case,
 * the crash states of one scenario, a saved case, the telling of the failures) has a name, and a unit whose record is there
 * gives back what was recorded and never runs. So nothing is stored of what a campaign adds up: coverage, verdict and
 * reports are made again from the same units, in the same way, and come to the same.
 *
 *   C1  One campaign. The first record says which; another one is refused before anything of it runs.
 *   C2  Commit before count. A unit's value is given out when its record is committed, and not before: whoever counts, counts
 *       what the next process will count.
 *   C3  Never twice. A unit with a record never runs again. What was under way at a kill left no record and was counted by nobody.
 *   C4  One name, one unit. What was asked is kept with the name, as a hash: another one under the same name is refused, because
 *       the sources have changed and two halves would make no whole.
 *   C5  Time is conserved. Every record says how much time all processes have taken so far; a restart mints none.
 *   C6  One record for each unit, of what that unit gave and nothing else: its size does not depend on how far the campaign is.
 *
 * Why it is right: the journal below commits whole records in order (J1 to J3) and has one owner (J5, J11); this file adds one
 * `await` in front of every value. How it fails: an append that fails, or a newer owner, ends the campaign with that
 * error; the units behind it are not given out, and the next process runs them.
 */
import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { UsageError } from '../errors.ts'
import { differences, type CampaignIdentity } from './campaign-identity.ts'

/** As much of an open journal as is needed here. */
export interface Records {
  /** What earlier processes committed, oldest first. */
  readonly recovered: readonly { readonly body: unknown }[]
  /** Resolves when all of it is committed. */
  readonly append: (bodies: readonly KeptRecord[]) => Promise<unknown>
  readonly close: () => Promise<void>
}

/** What stands in the journal. */
export type KeptRecord =
  | { readonly kind: 'campaign'; readonly version: number; readonly identity: CampaignIdentity }
  | {
      readonly kind: 'unit'
      readonly name: string
      /** Hash of what was asked (C4). */
      readonly asked: string
      /** Milliseconds that the campaign took so far, in all its processes (C5). */
      readonly spentMs: number
      /** JSON, deflated, in base 64. */
      readonly value: string
    }

type KeptUnit = Extract<KeptRecord, { kind: 'unit' }>

/** A unit of a campaign. */
export interface Unit<Value> {
  /** Unique in its campaign. */
  readonly name: string
  /** All that decides what it is; any plain value. */
  readonly asked: unknown
  readonly run: () => Promise<Value>
  /** What is kept of it: plain data. */
  readonly encode: (value: Value) => unknown
  readonly decode: (kept: unknown) => Value
  /** False for a value that says nothing, of a unit that was stopped: the next process runs it. Default: kept. */
  readonly isKept?: (value: Value) => boolean
  /** False for what was kept and is of no use any more: the unit runs again. */
  readonly isUsable?: (value: Value) => boolean
}

const version = 1

/** An open journal of a campaign; {@link CampaignJournal.close} gives it up. */
export class CampaignJournal {
  readonly #records: Records
  readonly #now: () => number
  readonly #openedMs: number
  readonly #identity: CampaignIdentity | undefined
  /** Recorded, and not asked for yet. */
  readonly #left = new Map<string, KeptUnit>()
  readonly #asked = new Set<string>()
  /** Units that earlier processes finished. */
  readonly recovered: number
  #spentBeforeMs = 0
  #isBegun = false
  #lost: { readonly error: unknown } | undefined

  /**
   * Takes what is in an open journal. `now`: milliseconds of a clock that only goes forward.
   *
   * @throws UsageError `CAMPAIGN_MISMATCH` where it is the journal of something else
   */
  constructor(records: Records, now: () => number = () => performance.now()) {
    this.#records = records
    this.#now = now
    this.#openedMs = now()
    const [head, ...units] = records.recovered.map(({ body }) => body as KeptRecord)
    if (head !== undefined && (head.kind !== 'campaign' || head.version !== version))
      throw notOurs()
    this.#identity = head?.identity
    for (const unit of units) {
      if (unit.kind !== 'unit') throw notOurs()
      this.#left.set(unit.name, unit)
      this.#spentBeforeMs = Math.max(this.#spentBeforeMs, unit.spentMs)
    }
    this.recovered = this.#left.size
  }

  /** The seeds of the campaign, where an earlier process began it. */
  get seeds(): readonly string[] | undefined {
    return this.#identity?.seeds
  }

  /** Milliseconds that the campaign has taken, in all its processes: C5. */
  get spentMs(): number {
    return this.#spentBeforeMs + this.#now() - this.#openedMs
  }

  /** Milliseconds that earlier processes took, up to their last record. */
  get spentBeforeMs(): number {
    return this.#spentBeforeMs
  }

  /** True while units are recorded that nobody has asked for yet. */
  get hasMore(): boolean {
    return this.#left.size > 0 && this.#lost === undefined
  }

  /** True for a unit that would not run. */
  has(name: string): boolean {
    return this.#left.has(name) && this.#lost === undefined
  }

  /**
   * Says which campaign it is: writes it down, or compares it with what stands there (C1).
   *
   * @throws UsageError `CAMPAIGN_MISMATCH`, naming every difference
   */
  async begin(identity: CampaignIdentity): Promise<void> {
    const was = this.#identity
    if (was === undefined) await this.#append({ kind: 'campaign', version, identity })
    const wrong = was === undefined ? [] : differences(was, identity)
    this.#isBegun = wrong.length === 0
    if (this.#isBegun) return
    throw new UsageError(
      'CAMPAIGN_MISMATCH',
      `this journal is of another campaign:\n${wrong.map((each) => `  ${each}`).join('\n')}`,
      { hint: anewHint },
    )
  }

  /**
   * What a unit gave: as it was recorded, or run now and committed (C2, C3).
   *
   * @throws UsageError `CAMPAIGN_MISMATCH` (C4); HarnessError `CAMPAIGN_JOURNAL` where it cannot be committed; what `run` throws
   */
  async once<Value>(unit: Unit<Value>): Promise<Value> {
    const { name } = unit
    if (!this.#isBegun) throw new Error('a campaign says which it is before anything of it runs')
    if (this.#lost !== undefined) throw this.#lost.error
    if (this.#asked.has(name)) throw new Error(`unit ${name} was asked for twice`)
    this.#asked.add(name)
    const asked = digestOf(unit.asked)
    const kept = this.#left.get(name)
    if (kept !== undefined) {
      this.#left.delete(name)
      if (kept.asked !== asked) throw changed(name)
      const value = unit.decode(unpacked(kept.value))
      if (unit.isUsable?.(value) !== false) return value
    }
    const value = await unit.run()
    if (unit.isKept?.(value) === false) return value
    const spentMs = Math.round(this.spentMs)
    await this.#append({ kind: 'unit', name, asked, spentMs, value: packed(unit.encode(value)) })
    return value
  }

  /** Compares what must be the same in all processes, and notes it down in the first. @throws UsageError `CAMPAIGN_MISMATCH` */
  async same(name: string, value: string): Promise<void> {
    const was = await this.once<string>({
      name,
      asked: null,
      run: () => Promise.resolve(value),
      encode: (each) => each,
      decode: String,
    })
    if (was !== value) throw changed(name)
  }

  /** Notes that something came to its end; once it has, it is never noted again. */
  async note(name: string): Promise<void> {
    await this.once({
      name,
      asked: null,
      run: () => Promise.resolve(true),
      encode: (value) => value,
      decode: Boolean,
    })
  }

  /** Waits for what is being committed, and gives it up. Safe to call twice. */
  async close(): Promise<void> {
    await this.#records.close()
  }

  async #append(record: KeptRecord): Promise<void> {
    try {
      await this.#records.append([record])
    } catch (error) {
      this.#lost ??= { error }
      throw error
    }
  }
}

/** A hash of any plain value, 16 hexadecimal digits. */
export function digestOf(asked: unknown): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 16)
}

function packed(value: unknown): string {
  return deflateRawSync(JSON.stringify(value)).toString('base64')
}

function unpacked(text: string): unknown {
  return JSON.parse(inflateRawSync(Buffer.from(text, 'base64')).toString('utf8'))
}

const anewHint =
  'give it a --journal of its own, or remove this directory to begin the campaign anew'

function changed(name: string): UsageError {
  return new UsageError(
    'CAMPAIGN_MISMATCH',
    `${name} is not what it was when this journal was begun: sources or configuration have changed`,
    { hint: anewHint, details: { unit: name } },
  )
}

function notOurs(): UsageError {
  return new UsageError(
    'CAMPAIGN_MISMATCH',
    'this is no journal of a campaign that this version of killpoint can go on with',
    { hint: anewHint },
  )
}
