/**
 * One life of the reference runtime over a journal backend: begins or resumes the run, runs the workload to its end,
 * reports, exits. Verbs `signal` and `cancel` reach a run from outside.
 *
 * The backend comes in under the name `killpoint:backend`; the file journal unless the system says otherwise.
 */
import { readFileSync } from 'node:fs'
import { createBackend } from 'killpoint:backend'
import {
  DriverDivergedError,
  FencedError,
  JournalPoisonedError,
  KillpointError,
  StoppedError,
} from '../../../src/errors.ts'
import { fileInbox } from '../../../src/file-inbox.ts'
import type { Inbox } from '../../../src/inbox.ts'
import type { JsonValue } from '../../../src/json.ts'
import type { Random } from '../../../src/random.ts'
import {
  createRunContext,
  type RunContext,
  type RunContextOptions,
} from '../../../src/run-context.ts'
import { createSupervisor, type Supervisor } from '../../../src/supervisor.ts'
import { systemVariables } from '../../life.ts'
import { random } from '../../seed.ts'
import { drawNonce, mark, readLife, runLife, type Life } from '../../worker.ts'
import type { Workload } from '../../workload.ts'
import { VirtualClock } from './clock.ts'
import { toldIdentity } from './identity.ts'
import { interpret, type Worker } from './interpret.ts'
import { markedBackend } from './marked-journal.ts'

/** Exit codes of sysexits.h, so that the harness's log reads well; the verdict never rests on them. */
const exits = { done: 0, failed: 1, storage: 74, refused: 75 } as const

// Not awaited: a module with top-level await cannot be bundled as CommonJS, and so would start without a code cache.
runLife(main)

async function main(): Promise<void> {
  const life = readLife()
  const { directory: dir, runId } = life
  const random: Random = { nonce: nonces(life) }
  const clock = new VirtualClock(life.clockMs)
  const identity = toldIdentity(life.life, process.env[systemVariables.identity])
  const backend = markedBackend(await createBackend({ dir, identity, random, clock }), clock)
  const workload = JSON.parse(readFileSync(life.workload, 'utf8')) as Workload
  if (life.verb !== 'run') {
    const inboxOf = (id: string): Inbox => fileInbox({ dir, runId: id, random })
    await actFromOutside(life, createSupervisor({ dir, backend, inboxOf }))
    return
  }
  mark({ mark: 'begin' })
  const worker: Worker = { life: life.life, child: 'root', now: clock.now }
  try {
    const context = await createRunContext({
      dir,
      runId,
      backend,
      clock,
      random,
      inbox: fileInbox({ dir, runId, random }),
      takeover: life.takeover,
      driver: 'workload',
      ...contractOf(workload, life.life),
    })
    clock.setDeadline(context.run.deadline)
    await runToEnd(worker, context, workload)
  } catch (error) {
    fail(error)
  }
}

function contractOf(workload: Workload, life: number): Partial<RunContextOptions> {
  const { budget, deadlineMs, livesMax, otherTaskInLife, otherPart = 'task', root } = workload
  const other = otherTaskInLife === life ? otherPart : undefined
  const money = other === 'budget' ? (budget ?? 0) + 1 : budget
  return {
    task: other === 'task' ? 'another task' : (root as unknown as JsonValue),
    profile: other === 'profile' ? 'another profile' : 'workload',
    ...(money === undefined ? {} : { budget: { money } }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(livesMax === undefined ? {} : { maxLives: livesMax }),
  }
}

/** Nonces for the journal, from the life's seed: the same seed gives the same bytes on disk. */
function nonces({ seed, life }: Life): () => string {
  const numbers = random(seed, 'system', life)
  return () =>
    Math.floor(numbers.real() * 2 ** 48)
      .toString(36)
      .padStart(10, '0')
}

async function runToEnd(worker: Worker, context: RunContext, workload: Workload): Promise<void> {
  process.on('SIGTERM', () => context.stop('SIGTERM'))
  const root = {
    name: 'workload',
    run: (scope: RunContext['scope']) => interpret(worker, scope, workload.root),
  }
  try {
    const outcome = await context.drive(root, null)
    mark({ mark: 'done', status: 'done', outcome: outcome })
  } catch (error) {
    const { outcome } = context
    if (outcome === undefined || endsThisLifeOnly(error)) {
      // As the supervisor does; a connection that stays open would keep the process alive.
      await context.close().catch(() => undefined)
      throw error
    }
    const code = oracleCode(outcome.error?.code ?? outcome.error?.name)
    const status = outcome.status === 'cancelled' ? 'cancelled' : 'failed'
    mark({ mark: 'done', status, outcome: {}, ...(code === undefined ? {} : { code }) })
  }
  await context.close()
  process.exitCode = exits.done
}

/** The oracle's word for the ends that mean something to it. */
function oracleCode(code: string | undefined): string | undefined {
  return code === 'BUDGET_EXCEEDED' ? 'BUDGET' : code
}

function endsThisLifeOnly(error: unknown): boolean {
  return (
    error instanceof FencedError ||
    error instanceof JournalPoisonedError ||
    error instanceof StoppedError ||
    error instanceof DriverDivergedError
  )
}

/** Anything that ended this life and not the run: the next life goes on. */
function fail(error: unknown): void {
  process.stderr.write(`${String((error as Error).stack ?? error)}\n`)
  const code = error instanceof KillpointError ? error.code : ''
  process.exitCode =
    code === 'STORAGE' || code === 'JOURNAL_POISONED' ? exits.storage : exits.refused
  if (!(error instanceof KillpointError)) process.exitCode = exits.failed
}

async function actFromOutside(life: Life, supervisor: Supervisor): Promise<void> {
  if (life.verb === 'cancel') {
    const reply = await supervisor.cancel(life.runId, 'cancelled from outside')
    // About to end: nothing is promised either way, so nothing is acknowledged.
    if (reply.state !== 'ending') mark({ mark: 'cancel-acked', won: reply.state === 'accepted' })
    return
  }
  const { name, payload } = life.signal ?? { name: '', payload: '' }
  const message = drawNonce()
  await supervisor.signal(life.runId, name, { message, payload })
  mark({ mark: 'signal-acked', name, message })
}
