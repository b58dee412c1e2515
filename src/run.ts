/**
 * A run in this process: the journal that it owns, what its records say, and the one place where records are written.
 *
 *   R1  nothing is told to a driver before the record that says so is committed
 *   R2  a failed append ends this life: everything that waits is rejected with the cause, nothing more begins
 *   R3  after the `end` record nothing is written
 *   R4  nothing begins before the inbox was looked at: an acknowledged cancel is seen by every later beginning
 */
import { Activity } from './activity.ts'
import { Budget } from './budget.ts'
import type { Clock } from './clock.ts'
import type { Delivery } from './delivery.ts'
import {
  CancelledError,
  ClosedError,
  DeadlineError,
  NotJsonError,
  RecordTooLargeError,
  StoppedError,
} from './errors.ts'
import type { CancelMessage, Inbox } from './inbox.ts'
import type { Journal } from './journal.ts'
import type { JsonValue } from './json.ts'
import { isWithin } from './keys.ts'
import { decodeRecords, type BeginRecord, type EndRecord, type RunRecord } from './records.ts'
import { rebuildError } from './recorded-error.ts'
import { viewRun, type RunView } from './run-view.ts'

/** What a scope gives the run, so that the run can end it. */
export interface OpenScope {
  readonly path: string
  readonly delivery: Delivery
  /** Aborts the bodies under way below this scope. */
  readonly abort: (reason: Error) => void
}

export class Run {
  readonly runId: string
  readonly journal: Journal
  readonly clock: Clock
  readonly inbox: Inbox | undefined
  readonly view: RunView
  readonly budget = new Budget()
  readonly activity = new Activity()
  private readonly scopes = new Map<string, OpenScope>()
  private readonly cancels = new Map<string, CancelMessage>()
  private readonly cancelChild = new Map<string, (message: CancelMessage) => void>()
  private readonly claimed = new Set<string>()
  private readonly stopping = new AbortController()
  private stopRefused = false
  private failure: Error | undefined
  private end: EndRecord | undefined

  constructor(journal: Journal, clock: Clock, inbox: Inbox | undefined) {
    this.runId = journal.runId
    this.journal = journal
    this.clock = clock
    this.inbox = inbox
    const records = decodeRecords(journal.recovered)
    this.view = viewRun(records)
    for (const { record } of records) this.budget.apply(record)
    this.end = this.view.end
  }

  /** Commits the record that begins the run. */
  async begin(record: BeginRecord): Promise<void> {
    await this.commit(record)
    this.view.begin = record
  }

  /** The terminal record, as soon as it is committed. */
  get ended(): EndRecord | undefined {
    return this.end
  }

  /** The absolute deadline, milliseconds since the epoch. */
  get deadline(): number | undefined {
    return this.view.begin?.deadline
  }

  /** Commits records as one batch and gives the seq of the last. */
  async commit(...records: readonly RunRecord[]): Promise<number> {
    this.assertAlive()
    // A reservation counts from the moment it is asked for; everything else from its commit.
    for (const record of records) if (reserves(record)) this.budget.apply(record)
    const last = records.at(-1)
    if (last?.type === 'end') this.end = last
    try {
      const seq = await this.journal.append(records as unknown as readonly JsonValue[])
      for (const record of records) if (!reserves(record)) this.budget.apply(record)
      return seq
    } catch (error) {
      if (error instanceof NotJsonError || error instanceof RecordTooLargeError) {
        if (last?.type === 'end') this.end = undefined
        throw error
      }
      this.fail(error as Error)
      throw error
    }
  }

  /** Throws what stands in the way of beginning anything at this key; looks into the inbox first (R4). */
  async assertMayBegin(key: string): Promise<void> {
    this.assertAlive()
    await this.readInbox()
    this.assertAlive()
    if (this.stopping.signal.aborted) throw this.refuseStopped()
    if (this.deadline !== undefined && this.clock.now() >= this.deadline)
      throw this.deadlineError(key)
  }

  /** Throws unless records can be written. */
  assertAlive(): void {
    if (this.failure !== undefined) throw this.failure
    if (this.end !== undefined) throw endedError(this.runId, this.end)
  }

  deadlineError(what: string): DeadlineError {
    return new DeadlineError(
      `the deadline of run ${this.runId} passed before ${what} could begin`,
      {
        hint: 'a deadline is absolute and does not move over restarts; begin a new run',
        details: { deadline: this.deadline },
      },
    )
  }

  /** Ends this life: every request is rejected with this error, every body aborted. The journal stays as it is. */
  fail(error: Error): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.endScopes('', error)
  }

  /** What ended this life, if something did. */
  get failed(): Error | undefined {
    return this.failure
  }

  /** Lets nothing new begin; what is under way may finish. */
  stop(why: string): void {
    if (this.stopping.signal.aborted) return
    this.stopping.abort(
      new StoppedError(`run ${this.runId} was asked to stop: ${why}`, {
        hint: 'start it again under the same run id to go on',
      }),
    )
  }

  /** Aborted when the run is asked to stop: waits end then, bodies do not. */
  get stopSignal(): AbortSignal {
    return this.stopping.signal
  }

  /** The reason, and a note that something was refused for it: what a driver makes of that is never recorded. */
  refuseStopped(): StoppedError {
    this.stopRefused = true
    return this.stopping.signal.reason as StoppedError
  }

  /** Throws where a driver's return may not be recorded: this life ended, or refused to do what it asked for. */
  assertMayEnd(): void {
    this.assertAlive()
    if (this.stopRefused) throw this.stopping.signal.reason
  }

  /** Consumes what the inbox holds: cancels at once, signals when something waits for them. */
  async readInbox(): Promise<void> {
    if (this.inbox === undefined) return
    for (const message of await this.inbox.pending()) {
      if (this.view.consumed.has(message.id)) await this.inbox.remove(message.id)
      else if (message.kind === 'cancel') await this.takeCancel(message)
    }
  }

  private async takeCancel(message: CancelMessage): Promise<void> {
    if (this.end !== undefined || this.failure !== undefined) return
    if (message.path === '') await this.cancelRun(message)
    else if (!this.cancels.has(message.path)) {
      this.cancels.set(message.path, message)
      this.cancelChild.get(message.path)?.(message)
    }
  }

  private async cancelRun(message: CancelMessage): Promise<void> {
    const error = { name: 'CancelledError', message: message.reason, code: 'CANCELLED' }
    await this.commit({ type: 'end', status: 'cancelled', error, message: message.id })
    this.endScopes('', new CancelledError(`run ${this.runId} was cancelled: ${message.reason}`))
    await this.consume(message.id)
  }

  /** Takes a message for one wait of this process; false where another has it, or a record names it. */
  claim(id: string): boolean {
    if (this.claimed.has(id) || this.view.consumed.has(id)) return false
    this.claimed.add(id)
    return true
  }

  /** Gives a claimed message back: the wait that took it is over and recorded nothing. */
  unclaim(id: string): void {
    this.claimed.delete(id)
  }

  /** Notes that a committed record names this message and takes it out of the inbox. */
  async consume(id: string): Promise<void> {
    this.view.consumed.add(id)
    await this.inbox?.remove(id)
  }

  /** Lets a cancel from outside reach a child; calls back at once if one is waiting for it. */
  onCancel(path: string, callback: (message: CancelMessage) => void): void {
    this.cancelChild.set(path, callback)
    const waiting = this.cancels.get(path)
    if (waiting !== undefined) callback(waiting)
  }

  register(scope: OpenScope): void {
    this.scopes.set(scope.path, scope)
    if (this.failure !== undefined) scope.delivery.fail(this.failure)
  }

  /** A scope's code is over. A cancel that came for it too late is taken out of the inbox. */
  async unregister(path: string): Promise<void> {
    this.scopes.delete(path)
    this.cancelChild.delete(path)
    const late = this.cancels.get(path)
    if (late !== undefined) await this.consume(late.id)
  }

  /** Rejects everything that waits at or below a path and aborts its bodies. */
  endScopes(path: string, error: Error): void {
    for (const scope of this.scopes.values()) {
      if (!isWithin(scope.path, path)) continue
      scope.delivery.fail(error)
      scope.abort(error)
    }
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
}

function reserves(record: RunRecord): boolean {
  return record.type === 'intent' || record.type === 'spawn' || record.type === 'begin'
}

/** The error that a call after the end gets. */
export function endedError(runId: string, end: EndRecord): Error {
  if (end.error !== undefined) return rebuildError(end.error, `run ${runId}`)
  return new ClosedError(`run ${runId} is finished; nothing more is done in it`, {
    hint: 'read its result, or begin a run under a new id',
    details: { status: end.status },
  })
}
