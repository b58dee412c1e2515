/**
 * `npm run example`: begins a run, or goes on with it wherever an earlier life left it.
 *
 * Exit codes: 0 finished · 1 failed · 3 bad input · 129, 130, 143 stopped in order by SIGHUP, SIGINT, SIGTERM; resumable.
 */
import { constants } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  InvalidArgumentError,
  KillpointError,
  RunMismatchError,
  StoppedError,
  systemCode,
} from '../../src/errors.ts'
import { fileJournal } from '../../src/file-journal.ts'
import { createRunContext, type RunContext } from '../../src/run-context.ts'
import { runDirectoryName } from '../../src/run-id.ts'
import type { StepCall } from '../../src/steps.ts'
import { librarian, type Outcome } from './agent.ts'
import { killPointOf, type KillPoint } from './kill.ts'
import { modelName } from './model.ts'
import {
  assignmentOf,
  readOptions,
  usage,
  UsageError,
  type Assignment,
  type Options,
} from './options.ts'
import { Progress, resumeLine, standingOf } from './progress.ts'
import { keyIn } from './report.ts'
import { counted } from './words.ts'

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) {
    print(usage)
    return 0
  }
  const kill = killPointOf(process.env['EXAMPLE_KILL_AT'])
  const dir = join(options.dir, 'runs')
  const backend = kill.around(fileJournal({ dir }))
  const assignment = await assignmentOf(options, backend)
  const reportPath = join(options.dir, `${runDirectoryName(options.runId)}.md`)
  if (!assignment.begun) await assertNoReport(reportPath)
  const context = await createRunContext({
    dir,
    runId: options.runId,
    backend,
    driver: 'librarian',
    task: assignment.task,
    profile: { model: modelName },
    budget: { tokens: assignment.tokens },
  })
  try {
    if (context.outcome !== undefined) return await tellOutcome(context, reportPath)
    return await work(context, { options, assignment, reportPath, kill })
  } finally {
    await context.close()
  }
}

interface Work {
  readonly options: Options
  readonly assignment: Assignment
  readonly reportPath: string
  readonly kill: KillPoint
}

/** Drives the run to its end, or to where a signal stops it. */
async function work(
  context: RunContext,
  { options, assignment, reportPath, kill }: Work,
): Promise<number> {
  const { task, tokens } = assignment
  const standing = standingOf(context.run.journal.recovered, context.epoch, tokens)
  const progress = new Progress(standing, options.verbose, print)
  const stop = stopOnSignals(context)
  tellBeginning(context, assignment)
  if (context.run.journal.recovered.length > 0) print(resumeLine(standing))
  let trouble: Error | undefined
  const driver = librarian({
    reportPath,
    tokens,
    onPlanned: progress.onPlanned,
    onTurn: progress.onTurn,
    note: progress.note,
    giveUp: async (error) => {
      trouble = error
      await context.close()
      throw error
    },
    onCall: (name, input, call) => {
      progress.onCall(name, input, call)
      return () => kill.afterCall(name)
    },
    pause: (call) => pause(options.slowMs, call, stop.signal),
  })
  let outcome: Outcome
  try {
    outcome = (await context.drive(driver, task)) as Outcome
  } catch (error) {
    if (trouble !== undefined) return tellTrouble(trouble)
    if (!(error instanceof StoppedError)) throw error
    print(`stopped in order ${progress.where}; run it again to go on`)
    return 128 + stop.number()
  } finally {
    stop.forget()
  }
  print(progress.summary(context))
  const { files, leftOut } = outcome
  const missing = leftOut === 0 ? '' : `, ${leftOut} left out`
  print(`report on ${counted(files, 'file')}${missing}: ${shown(reportPath)}`)
  return 0
}

function tellBeginning(context: RunContext, { task }: Assignment): void {
  const folders = task.inputs.map(shown).join(', ')
  print(`run ${context.runId}: a report on ${folders}  (pid ${process.pid})`)
  const { cutBytes } = context.resumed
  if (cutBytes > 0)
    print(
      `the last life died while it wrote: ${cutBytes} bytes of a record that it never used are cut off`,
    )
}

function tellTrouble({ message }: Error): number {
  process.stderr.write(
    `error: the report could not be written: ${message}\n  hint: mend that and run it again; what is done stays done\n`,
  )
  return 1
}

async function tellOutcome({ runId, outcome }: RunContext, reportPath: string): Promise<number> {
  const again = 'for a new run give another name: --run NAME'
  if (outcome?.status !== 'done') {
    const how = outcome?.status === 'cancelled' ? 'was cancelled' : 'failed'
    process.stderr.write(`run ${runId} is over: it ${how}: ${outcome?.error?.message}\n${again}\n`)
    return 1
  }
  print(`run ${runId} is finished: nothing to do`)
  const gone = (await keyIn(reportPath)) === undefined ? ', which is not there any more' : ''
  print(`its report is ${shown(reportPath)}${gone}; ${again}`)
  return 0
}

/** A report of another run of this name, whose journal is gone, or a file that is none: neither is overwritten. */
async function assertNoReport(path: string): Promise<void> {
  if ((await keyIn(path)) === undefined) return
  throw new UsageError(
    `${shown(path)} is there already, and no run that wrote it; move it away, or give the run another name: --run NAME`,
  )
}

interface Stop {
  /** Aborted when a signal came: whatever only waits need not wait any more. */
  readonly signal: AbortSignal
  /** Number of the signal that came. */
  readonly number: () => number
  readonly forget: () => void
}

function stopOnSignals(context: RunContext): Stop {
  const stopping = new AbortController()
  let number = 0
  const stop = (signal: NodeJS.Signals): void => {
    if (number !== 0) return
    number = constants.signals[signal]
    print(`${signal}: nothing new begins; waiting for what is under way`)
    context.stop(signal)
    stopping.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  return {
    signal: stopping.signal,
    number: () => number,
    forget: () => {
      for (const signal of signals) process.off(signal, stop)
    },
  }
}

/** Waits between half of `ms` and one and a half: calls of one batch end one after the other, as real ones do. */
async function pause(ms: number, { key, signal }: StepCall, hurry: AbortSignal): Promise<void> {
  if (ms === 0) return
  const share = 0.5 + (Buffer.from(key).reduce((sum, byte) => sum + byte * byte, 0) % 100) / 100
  try {
    await delay(ms * share, undefined, { signal: AbortSignal.any([signal, hurry]) })
  } catch {
    // Only an abort rejects.
    signal.throwIfAborted()
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near === '' || near.startsWith('..') ? path : near
}

function tell(error: unknown): number {
  const isExpected = error instanceof KillpointError || error instanceof UsageError
  if (!(error instanceof Error && (isExpected || systemCode(error) !== undefined))) throw error
  process.stderr.write(`error: ${error.message}\n`)
  const isInput =
    error instanceof UsageError ||
    error instanceof InvalidArgumentError ||
    error instanceof RunMismatchError
  return isInput ? 3 : 1
}

// Whoever reads the output may go away (`| head`); the run goes on.
process.stdout.on('error', () => {})
process.exitCode = await main().catch(tell)
