/**
 * A run in this process: the journal that it owns, what its records say, and the one place where records are written.
 *
 *   R1  nothing is told to a driver before the record that says so is committed
 *   R2  a failed append ends this life: everything that waits is rejected with the cause, nothing more begins
 *   R3  after the `end` record nothing is written; of two that would end the run the first stands
 *   R4  nothing begins before the inbox was looked at: an acknowledged cancel is seen by every later beginning
 *   R5  a run that was asked to stop begins nothing more, lets what is under way end, and then ends this life
 */
import { Activity } from './activity.ts'
import { Budget } from './budget.ts'
import type { Clock } from './clock.ts'
import { deferred } from './deferred.ts'
import {
  ClosedError,
  DeadlineError,
  JournalCorruptError,
  NotJsonError,
  RecordTooLargeError,
  StoppedError,
} from './errors.ts'
import type { Inbox } from './inbox.ts'
import type { Journal } from './journal.ts'
import type { JsonValue } from './json.ts'
import { Mailbox } from './mailbox.ts'
import { cancelledError, recordError, rebuildError } from './recorded-error.ts'
import {
  decodeRecords,
  type BeginRecord,
  type EndRecord,
  type PlacedRecord,
  type RunRecord,
} from './records.ts'
import { viewRun, type RunView } from './run-view.ts'

/** The root scope, as far as the run ends it. */
export interface RootScope {
  /** Lets nothing more be recorded. */
  readonly close: (reason: Error) => void
  /** Rejects everything that waits and aborts every body. */
  readonly end: (reason: Error) => void
  readonly hasEnded: (path: string) => boolean
}

/** What is known of what is about to begin. */
interface Beginning {
  /** It is durably under way, and a stop lets it end. */
  readonly hasBegun?: boolean
  /** It has looked into the inbox before, and there was news when it had. */
  readonly hasLooked?: boolean
}

export class Run {
  readonly runId: string
  /** The directory of its store on this machine, absolute: a copy of the store is another place. */
  readonly place: string
  readonly journal: Journal
  readonly clock: Clock
  readonly mailbox: Mailbox | undefined
  readonly view: RunView
  readonly budget: Budget = new Budget()
  readonly activity: Activity = new Activity()
  private root: RootScope | undefined
  private stopReason: StoppedError | undefined
  private failure: Error | undefined
  private ending: Promise<EndRecord> | undefined
  private end: EndRecord | undefined
  private readonly overOnce = deferred<void>()

  /** @throws JournalCorruptError, FormatVersionError where the journal holds something else than a run */
  constructor(journal: Journal, clock: Clock, inbox: Inbox | undefined, place: string) {
    this.runId = journal.runId
    this.place = place
    this.journal = journal
    this.clock = clock
    const records = decodeRecords(journal.recovered)
    assertBegun(journal.runId, records)
    this.view = viewRun(records)
    this.end = this.view.end
    for (const { record } of records) this.budget.apply(record)
    this.mailbox = inbox === undefined ? undefined : this.openMailbox(inbox)
  }

  /** Commits the record that begins the run. */
  async begin(record: BeginRecord): Promise<void> {
    await this.commit(record)
    this.view.begin = record
  }

  /** Gives the run its root scope, which it ends when it is over. */
  attach(root: RootScope): void {
    this.root = root
  }

  /** The terminal record, as soon as it is committed. */
  get ended(): EndRecord | undefined {
    return this.end
  }

  /** What ended this life, if something did. */
  get failed(): Error | undefined {
    return this.failure
  }

  /** True from the moment at which the terminal record was appended. */
  get isEnding(): boolean {
    return this.end !== undefined || this.ending !== undefined
  }

  /** The absolute deadline, milliseconds since the epoch. */
  get deadline(): number | undefined {
    return this.view.begin?.deadline
  }

  /** Resolves when the run has ended or this life has. */
  get over(): Promise<void> {
    return this.overOnce.promise
  }

  /** Commits records as one batch and gives the seq of the last. Records of one scope are committed in call order. */
  async commit(...records: readonly RunRecord[]): Promise<number> {
    if (this.ending !== undefined) await this.ending.catch(() => {})
    this.assertAlive()
    // A reservation counts from the moment at which it is asked for; everything else from its commit.
    for (const record of records) if (reserves(record)) this.budget.apply(record)
    const seq = await this.append(records)
    for (const record of records) if (!reserves(record)) this.budget.apply(record)
    return seq
  }

  /** Ends the run: commits this record, unless another that ends it came first, and gives the one that stands. */
  async endWith(record: EndRecord): Promise<EndRecord> {
    if (this.end !== undefined) return this.end
    if (this.ending === undefined) {
      this.assertAlive()
      this.ending = this.commitEnd(record)
    }
    return this.ending
  }

  /** At once: true where {@link mayBegin} would find nothing in the way of what begins in this very turn. */
  mayBeginNow(): boolean {
    if (this.failure !== undefined || this.isEnding || this.stopReason !== undefined || this.isLate)
      return false
    return this.mailbox?.isQuiet() !== false
  }

  /**
   * Throws what stands in the way of beginning anything; looks into the inbox first (R4).
   */
  async mayBegin(what: string, { hasBegun = false, hasLooked = false }: Beginning): Promise<void> {
    this.assertAlive()
    await this.look(hasLooked)
    if (this.ending !== undefined) await this.ending
    if (this.stopReason !== undefined && !hasBegun) await this.over
    this.assertAlive()
    if (!this.isLate) return
    await this.endAtDeadline(what)
    this.assertAlive()
  }

  private get isLate(): boolean {
    return this.deadline !== undefined && this.clock.now() >= this.deadline
  }

  /** Sees what the inbox holds: a cancel of the run ends it before this resolves. */
  async look(hasLooked = false): Promise<void> {
    const { mailbox } = this
    if (mailbox === undefined) return
    await this.activity.during(() => (hasLooked ? mailbox.lookAgain() : mailbox.look()))
  }

  /** Ends the run because its deadline has passed. */
  async endAtDeadline(what: string): Promise<EndRecord> {
    const error = new DeadlineError(`the deadline of run ${this.runId} passed before ${what}`, {
      hint: 'a deadline is absolute and does not move over restarts; begin a new run',
      details: { deadline: this.deadline },
    })
    return this.endWith({ type: 'end', status: 'failed', error: recordError(error) })
  }

  /** Throws unless records can be written. */
  assertAlive(): void {
    if (this.failure !== undefined) throw this.failure
    if (this.end !== undefined) throw endedError(this.runId, this.end)
  }

  /** Ends this life: every request is rejected with this error, every body aborted. The journal stays as it is. */
  fail(error: Error): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.overOnce.resolve()
    this.root?.end(error)
  }

  /** Lets nothing new begin; what is under way may end, and then this life does (R5). */
  stop(why: string): void {
    if (this.stopReason !== undefined) return
    this.stopReason = new StoppedError(`run ${this.runId} was asked to stop: ${why}`, {
      hint: 'start it again under the same run id to go on',
    })
    const reason = this.stopReason
    this.activity.whenIdle(() => {
      if (this.end === undefined) this.fail(reason)
    })
  }

  /** Gives the run up. */
  async close(): Promise<void> {
    this.fail(
      new ClosedError(`the context of run ${this.runId} was closed`, {
        hint: 'open the run again to go on',
      }),
    )
    await this.journal.close()
  }

  private openMailbox(inbox: Inbox): Mailbox {
    return new Mailbox(inbox, {
      consumed: this.view.consumed,
      cancelRun: async ({ id, reason }) => {
        const error = { name: 'CancelledError', message: reason, code: 'CANCELLED' }
        await this.endWith({ type: 'end', status: 'cancelled', error, message: id })
        await this.mailbox?.consume(id)
      },
      hasEnded: (path) => this.end !== undefined || this.root?.hasEnded(path) === true,
      onFailure: (error) => this.fail(error),
    })
  }

  private async commitEnd(record: EndRecord): Promise<EndRecord> {
    this.root?.close(endedError(this.runId, record))
    const stands = await this.appendEnd(record).catch((error: unknown) => {
      // Refused, and nothing else will end the run in this life.
      this.fail(error as Error)
      throw error
    })
    this.end = stands
    this.overOnce.resolve()
    this.root?.end(endedError(this.runId, stands))
    return stands
  }

  /** Where the record is too large, the run has failed with that. @throws RecordTooLargeError where not even that fits */
  private async appendEnd(record: EndRecord): Promise<EndRecord> {
    try {
      await this.append([record])
      return record
    } catch (error) {
      if (!(error instanceof RecordTooLargeError)) throw error
      const { message } = record
      const failed: EndRecord = {
        type: 'end',
        status: 'failed',
        error: recordError(error),
        ...(message === undefined ? {} : { message }),
      }
      await this.append([failed])
      return failed
    }
  }

  private async append(records: readonly RunRecord[]): Promise<number> {
    this.activity.begin()
    try {
      return await this.journal.append(records as unknown as readonly JsonValue[])
    } catch (error) {
      // Refused before anything was written: the caller's to handle. Everything else is R2.
      if (!(error instanceof NotJsonError || error instanceof RecordTooLargeError))
        this.fail(error as Error)
      throw error
    } finally {
      this.activity.end()
    }
  }
}

function reserves(record: RunRecord): boolean {
  return record.type === 'intent' || record.type === 'spawn' || record.type === 'begin'
}

function assertBegun(runId: string, records: readonly PlacedRecord[]): void {
  const stray = records.find(({ record }, index) => (record.type === 'begin') !== (index === 0))
  if (stray === undefined) return
  throw new JournalCorruptError(
    `expected run ${runId} to hold one begin record, at its start, got ${stray.record.type} at seq ${stray.seq}`,
    {
      hint: 'this run was written by something else; start a run under a new id',
      details: { seq: stray.seq },
    },
  )
}

/** The error that a call after the end gets. */
export function endedError(runId: string, end: EndRecord): Error {
  if (end.error !== undefined) {
    const rebuild = end.status === 'cancelled' ? cancelledError : rebuildError
    return rebuild(end.error, `run ${runId}`)
  }
  return new ClosedError(`run ${runId} is finished; nothing more is done in it`, {
    hint: 'read its result, or begin a run under a new id',
    details: { status: end.status },
  })
}
