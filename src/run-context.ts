/**
 * The run context: opens a run, durably by default, and runs a driver in it to its end.
 *
 *   K1  `createRunContext({ dir, runId })` is a file journal on disk; anything less is asked for by name
 *   K2  a run keeps the contract that it began with: driver, task, profile, budget, deadline; another one is
 *       `RunMismatchError` before anything runs
 *   K3  a finished run gives its recorded result and does nothing
 *   K4  a run that kills its process again and again ends (`lives.ts`)
 *   K5  what ends the run, or this life, ends `drive`, whatever the driver's code does then
 */
import path from 'node:path'
import { AssertionError } from './assert.ts'
import { assertDriver, type Driver } from './children.ts'
import { systemClock, type Clock } from './clock.ts'
import { assertSameContract, contractOf, mismatch, type RunContract } from './contract.ts'
import { runInScope, type Outcome } from './driving.ts'
import { ClosedError } from './errors.ts'
import { fileInbox } from './file-inbox.ts'
import { fileJournal } from './file-journal.ts'
import type { Inbox } from './inbox.ts'
import type { JournalBackend, Takeover } from './journal.ts'
import { assertValue, copyJson, type JsonValue } from './json.ts'
import { argumentHash } from './keys.ts'
import { assertMaxLives, endAfterTooManyLives, maxLivesDefault } from './lives.ts'
import { systemRandom, type Random } from './random.ts'
import { recordError } from './recorded-error.ts'
import { recordVersion, type EndRecord } from './records.ts'
import { endedError, Run } from './run.ts'
import type { ScopeView } from './run-view.ts'
import { Scope } from './scope.ts'

export interface RunContextOptions extends RunContract {
  /** The directory that holds the runs. */
  readonly dir: string
  readonly runId: string
  /** Default: the file journal in `dir`. */
  readonly backend?: JournalBackend
  /** Default: files in `dir`; `false` for none. */
  readonly inbox?: Inbox | false
  /** Default `if-dead`. */
  readonly takeover?: Takeover
  readonly owner?: string
  /** Default 10; see `lives.ts`. */
  readonly maxLives?: number
  readonly clock?: Clock
  readonly random?: Random
}

/** What earlier lives left. */
export interface Resumed {
  /** This life. 1 for a new run. */
  readonly epoch: number
  /** Units and iterations that are not done again. */
  readonly kept: number
  /** Keys of units that began and have no result. */
  readonly inDoubt: readonly string[]
  /** Bytes of a torn append that were cut. */
  readonly cutBytes: number
}

/**
 * Opens or begins a run. See the head of the file.
 *
 * @throws as `JournalBackend.open`; RunMismatchError, MaxLivesError, InvalidArgumentError, NotJsonError
 */
export async function createRunContext(options: RunContextOptions): Promise<RunContext> {
  const { dir, runId, clock = systemClock, random = systemRandom, owner } = options
  const { backend = fileJournal({ dir }), takeover = 'if-dead' } = options
  const { maxLives = maxLivesDefault } = options
  const contract = contractOf(options)
  assertMaxLives(maxLives)
  const inbox = options.inbox ?? fileInbox({ dir, runId })
  const journal = await backend.open(runId, { takeover, ...(owner === undefined ? {} : { owner }) })
  try {
    const run = new Run(journal, clock, inbox === false ? undefined : inbox, path.resolve(dir))
    await beginOrCompare(run, contract, random)
    await endAfterTooManyLives(run, maxLives)
    if (run.ended === undefined) await run.mailbox?.unseal()
    return new RunContext(run)
  } catch (error) {
    // Why the run was not opened is told, not why it could not be given up: that only makes this a life that died.
    await journal.close().catch(() => {})
    throw error
  }
}

async function beginOrCompare(run: Run, contract: RunContract, random: Random): Promise<void> {
  const { begin } = run.view
  if (begin !== undefined) {
    assertSameContract(run.runId, begin, contract)
    return
  }
  const { deadlineMs, ...kept } = contract
  const at = run.clock.now()
  await run.begin({
    type: 'begin',
    version: recordVersion,
    at,
    nonce: random.nonce(),
    ...kept,
    ...(deadlineMs === undefined ? {} : { deadline: at + deadlineMs }),
  })
}

export class RunContext {
  readonly run: Run
  /** Where the root driver's durable calls go. */
  readonly scope: Scope
  readonly resumed: Resumed
  private driving = false

  constructor(run: Run) {
    this.run = run
    this.resumed = resumedOf(run)
    this.scope = new Scope(run, '')
    run.attach(this.scope)
  }

  get runId(): string {
    return this.run.runId
  }

  get epoch(): number {
    return this.run.journal.epoch
  }

  /** The terminal record of a run that is over. */
  get outcome(): EndRecord | undefined {
    return this.run.ended
  }

  /**
   * Runs the root driver to the end and gives its output; of a finished run, the recorded one. To be called once.
   *
   * @throws what the run ended with, rebuilt from its record (`StepFailedError`, `CancelledError`, `DeadlineError` …), or
   *   what ended this life only: `FencedError`, `JournalPoisonedError`, `StorageError`, `DriverDivergedError`,
   *   `StoppedError`, `JournalUnreadableError` (inbox), `ClosedError`; `RunMismatchError` for another driver or task
   */
  async drive<T>(driver: Driver<T>, task: JsonValue): Promise<T> {
    const { run } = this
    if (run.ended !== undefined) return resultOf(run, run.ended) as T
    if (this.driving)
      throw new ClosedError(`run ${run.runId} was driven before in this context`, {
        hint: 'open the run again to go on with it',
      })
    assertDriver(driver)
    this.driving = true
    this.noteDriver(driver.name, task)
    const over = new AbortController()
    run.mailbox?.watch(over.signal)
    try {
      await Promise.race([this.driveToEnd(driver, task), this.endAtDeadline(over.signal)])
    } finally {
      over.abort()
    }
    if (run.ended !== undefined) return resultOf(run, run.ended) as T
    throw run.failed ?? new ClosedError(`run ${run.runId} is neither over nor lost`)
  }

  /** Lets nothing new begin; `drive` rejects with `StoppedError` when what is under way has ended. */
  stop(why: string): void {
    this.run.stop(why)
  }

  /** Gives the run up; safe to call twice. */
  close(): Promise<void> {
    return this.run.close()
  }

  /** K2, where the contract does not name them. */
  private noteDriver(driver: string, task: JsonValue): void {
    const { begin, driver: noted } = this.run.view
    assertValue(task, 'task')
    const args = argumentHash({ driver, task })
    if (noted !== undefined && noted.args !== args)
      throw mismatch(this.runId, 'the driver and task', {
        began: `${noted.driver} (hash ${noted.args})`,
        came: `${driver} (hash ${args})`,
      })
    const isInContract = begin?.driver === driver && begin.task !== undefined
    if (noted !== undefined || (isInContract && argumentHash(begin.task) === argumentHash(task)))
      return
    // Not awaited: it is appended before anything of the driver's. A failure ends this life.
    this.run.commit({ type: 'spawn', key: '', args, driver }).catch(() => {})
  }

  private async driveToEnd(driver: Driver, task: JsonValue): Promise<void> {
    const { run, scope } = this
    try {
      const outcome = await runInScope(scope, () => driver.run(scope, task))
      if (outcome.status === 'failed' && outcome.error instanceof AssertionError)
        throw outcome.error
      await run.mailbox?.seal()
      await run.look()
      await run.endWith(endOf(outcome))
    } catch (error) {
      // What ended the scope has ended this life or the run, and is told from there.
      if (!run.isEnding) run.fail(error as Error)
    }
    return run.over
  }

  private async endAtDeadline(over: AbortSignal): Promise<void> {
    const { run } = this
    if (run.deadline === undefined) return run.over
    try {
      await run.clock.until(run.deadline, over)
      await run.mailbox?.seal()
      await run.look()
      await run.endAtDeadline('its end')
    } catch (error) {
      // Where the driver came first, or this life is over, it is told from there.
      if (!over.aborted && !run.isEnding) run.fail(error as Error)
    }
    return run.over
  }
}

function endOf(outcome: Outcome<unknown>): EndRecord {
  try {
    if (outcome.status === 'failed') throw outcome.error
    const { value } = outcome
    if (value === undefined) return { type: 'end', status: 'done' }
    assertValue(value, 'result of the run')
    return { type: 'end', status: 'done', value: copyJson(value) }
  } catch (error) {
    return { type: 'end', status: 'failed', error: recordError(error) }
  }
}

function resultOf(run: Run, end: EndRecord): JsonValue | undefined {
  if (end.status === 'done') return end.value
  throw endedError(run.runId, end)
}

function resumedOf(run: Run): Resumed {
  return {
    epoch: run.journal.epoch,
    kept: run.view.kept,
    inDoubt: inDoubtIn(run.view.root),
    cutBytes: run.journal.repaired?.bytes ?? 0,
  }
}

function inDoubtIn(scope: ScopeView): readonly string[] {
  const own = [...scope.intents].filter(([, intents]) =>
    intents.some(({ kind }) => kind !== 'timer'),
  )
  return [...own.map(([key]) => key), ...[...scope.below.values()].flatMap(inDoubtIn)]
}
