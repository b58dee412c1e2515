/**
 * The run context: opens a run, durably by default, and runs a driver in it to its end.
 *
 *   K1  `createRunContext({ dir, runId })` is a file journal on disk; anything less is asked for by name
 *   K2  a run keeps the contract that it began with: driver, task, profile, budget, deadline; another one is
 *       `RunMismatchError` before anything runs
 *   K3  a finished run gives its recorded result and does nothing
 *   K4  a run that kills its process again and again ends: after `maxLives` consecutive lives that died and committed
 *       nothing new, counted from the journal, it is finished with `MAX_LIVES`
 */
import type { Driver } from './children.ts'
import { systemClock, type Clock } from './clock.ts'
import { InvalidArgumentError, MaxLivesError, RunMismatchError } from './errors.ts'
import { fileInbox } from './file-inbox.ts'
import { fileJournal } from './file-journal.ts'
import type { Inbox } from './inbox.ts'
import type { Journal, JournalBackend, Takeover } from './journal.ts'
import { assertJson, jsonEqual, type JsonValue } from './json.ts'
import { systemRandom, type Random } from './random.ts'
import {
  recordError,
  recordVersion,
  type Amounts,
  type BeginRecord,
  type EndRecord,
} from './records.ts'
import { endedError, Run } from './run.ts'
import { Scope } from './scope.ts'

/** What a run is about: compared with what it began with wherever a resume gives it again (K2). */
export interface RunContract {
  readonly driver?: string
  readonly task?: JsonValue
  /** Whatever else the run's behaviour depends on: model names, versions, prompts. */
  readonly profile?: JsonValue
  readonly budget?: Amounts
  /** Milliseconds from the first begin to the deadline, which is absolute from then on. */
  readonly deadlineMs?: number
}

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
  /** Default 10. */
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

export const maxLivesDefault = 10

/** Opens or begins a run. See the head of the file; errors are those of `JournalBackend.open`, and `RunMismatchError`. */
export async function createRunContext(options: RunContextOptions): Promise<RunContext> {
  const { dir, runId, clock = systemClock, random = systemRandom } = options
  const { backend = fileJournal({ dir }), takeover = 'if-dead', owner } = options
  const contract = contractOf(options)
  const maxLives = options.maxLives ?? maxLivesDefault
  if (!(Number.isSafeInteger(maxLives) && maxLives >= 1))
    throw new InvalidArgumentError(
      `expected maxLives to be a whole number from 1, got ${maxLives}`,
      {
        hint: `leave it out for ${maxLivesDefault}`,
      },
    )
  const journal = await backend.open(runId, { takeover, ...(owner === undefined ? {} : { owner }) })
  try {
    const inbox = options.inbox ?? fileInbox({ dir, runId })
    const run = new Run(journal, clock, inbox === false ? undefined : inbox)
    await beginOrCompare(run, contract, random)
    await endAfterTooManyLives(run, journal, maxLives)
    return new RunContext(run)
  } catch (error) {
    await journal.close()
    throw error
  }
}

export class RunContext {
  readonly run: Run
  /** Where the root driver's durable calls go. */
  readonly scope: Scope
  readonly resumed: Resumed

  constructor(run: Run) {
    this.run = run
    this.resumed = resumedOf(run)
    this.scope = new Scope(run, '')
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
   * Runs the root driver to the end and gives its output; of a finished run, the recorded one.
   *
   * @throws what the run ended with, rebuilt from its record (`StepFailedError`, `CancelledError`, `DeadlineError` …), or
   *   what ended this life only: `FencedError`, `JournalPoisonedError`, `StorageError`, `DriverDivergedError`, `StoppedError`
   */
  async drive(driver: Driver, task: JsonValue): Promise<JsonValue | undefined> {
    const { run } = this
    if (run.ended !== undefined) return resultOf(run, run.ended)
    const over = new AbortController()
    const watch = [this.watchInbox(over.signal), this.watchDeadline(over.signal)]
    try {
      return await this.driveToEnd(driver, task)
    } finally {
      over.abort()
      await Promise.all(watch)
    }
  }

  /** Lets nothing new begin; `drive` rejects with `StoppedError` when what is under way has ended. */
  stop(why: string): void {
    this.run.stop(why)
  }

  /** Gives the run up; safe to call twice. */
  close(): Promise<void> {
    return this.run.close()
  }

  private async driveToEnd(driver: Driver, task: JsonValue): Promise<JsonValue | undefined> {
    const { run, scope } = this
    try {
      const value = await driver.run(scope, task)
      scope.finish()
      if (value !== undefined) assertJson(value, 'result of the run')
      await run.readInbox()
      run.assertMayEnd()
      scope.leave(endedError(run.runId, { type: 'end', status: 'done' }))
      const end: EndRecord = {
        type: 'end',
        status: 'done',
        ...(value === undefined ? {} : { value }),
      }
      await run.commit(end)
      return value ?? undefined
    } catch (error) {
      return this.endWith(error as Error)
    }
  }

  private async endWith(error: Error): Promise<never> {
    const { run } = this
    // Ended from outside, fenced, out of storage, diverged, or stopped: not the driver's own failure.
    run.assertMayEnd()
    const end: EndRecord = { type: 'end', status: 'failed', error: recordError(error) }
    await run.commit(end)
    const ended = endedError(run.runId, end)
    run.endScopes('', ended)
    throw ended
  }

  private async watchInbox(over: AbortSignal): Promise<void> {
    const { run } = this
    while (run.inbox !== undefined && !over.aborted && run.failed === undefined) {
      await run.inbox.changed(over)
      if (over.aborted) return
      try {
        await run.readInbox()
      } catch (error) {
        run.fail(error as Error)
      }
    }
  }

  private async watchDeadline(over: AbortSignal): Promise<void> {
    const { run } = this
    if (run.deadline === undefined) return
    try {
      await run.clock.until(run.deadline, over)
    } catch {
      // Only an abort rejects: the driver ended first.
      return
    }
    if (over.aborted || run.ended !== undefined || run.failed !== undefined) return
    const error = run.deadlineError('its end')
    try {
      await run.commit({ type: 'end', status: 'failed', error: recordError(error) })
      run.endScopes('', error)
    } catch (failure) {
      run.fail(failure as Error)
    }
  }
}

function resultOf(run: Run, end: EndRecord): JsonValue | undefined {
  if (end.status === 'done') return end.value
  throw endedError(run.runId, end)
}

function contractOf(options: RunContract): RunContract {
  const { driver, task, profile, budget, deadlineMs } = options
  if (task !== undefined) assertJson(task, 'task')
  if (profile !== undefined) assertJson(profile, 'profile')
  if (deadlineMs !== undefined && !(Number.isSafeInteger(deadlineMs) && deadlineMs >= 0))
    throw new InvalidArgumentError(`expected deadlineMs in whole milliseconds, got ${deadlineMs}`, {
      hint: 'it counts from the first begin of the run',
    })
  return {
    ...(driver === undefined ? {} : { driver }),
    ...(task === undefined ? {} : { task }),
    ...(profile === undefined ? {} : { profile }),
    ...(budget === undefined ? {} : { budget }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  }
}

async function beginOrCompare(run: Run, contract: RunContract, random: Random): Promise<void> {
  const { begin } = run.view
  if (begin === undefined) {
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
    return
  }
  compare(run.runId, begin, contract)
}

function compare(runId: string, begin: BeginRecord, contract: RunContract): void {
  const began: Readonly<Record<string, unknown>> = {
    driver: begin.driver,
    task: begin.task,
    profile: begin.profile,
    budget: begin.budget,
    deadlineMs: begin.deadline === undefined ? undefined : begin.deadline - begin.at,
  }
  for (const [member, came] of Object.entries(contract)) {
    const recorded = began[member]
    if (recorded !== undefined && jsonEqual(recorded as JsonValue, came as JsonValue)) continue
    throw new RunMismatchError(
      `run ${runId} began with ${member} ${shown(recorded)}, it is resumed with ${shown(came)}`,
      {
        hint: 'resume it with what it began with, or begin another run under a new id',
        details: { member },
      },
    )
  }
}

function shown(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value)
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`
}

async function endAfterTooManyLives(run: Run, journal: Journal, maxLives: number): Promise<void> {
  if (run.ended !== undefined) return
  const idle = journal.lives.filter(
    (life) => life.epoch > run.view.progressEpoch && life.ended === 'died',
  )
  if (idle.length < maxLives) return
  const error = new MaxLivesError(
    `run ${run.runId} ended: its last ${idle.length} lives died and committed nothing new (at most ${maxLives} may)`,
    {
      hint: 'look at what was under way with an inspector, mend it, and begin a new run',
      details: { lives: idle.length, maxLives },
    },
  )
  await run.commit({ type: 'end', status: 'failed', error: recordError(error) })
  throw error
}

function resumedOf(run: Run): Resumed {
  const inDoubt: string[] = []
  for (const scope of run.view.scopes.values())
    for (const [key, intents] of scope.intents)
      if (intents.some(({ kind }) => kind !== 'timer')) inDoubt.push(key)
  return {
    epoch: run.journal.epoch,
    kept: run.view.kept,
    inDoubt,
    cutBytes: run.journal.repaired?.bytes ?? 0,
  }
}
