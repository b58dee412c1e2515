/**
 * The supervisor: runs a driver tree under a run id, and goes on with it wherever an earlier life left it.
 *
 * A tree that exists is loaded: the root driver's code runs again from its start, settled children give their recorded
 * outputs and never run, unsettled ones run again and find what they settled themselves. Another process reaches a run
 * through `signal` and `cancel`.
 */
import { resolve } from 'node:path'
import { inspect } from 'node:util'
import type { Amounts } from './amounts.ts'
import { assertDriver, type Driver } from './children.ts'
import { InvalidArgumentError, RunNotFoundError } from './errors.ts'
import { fileInbox } from './file-inbox.ts'
import { fileJournal } from './file-journal.ts'
import { assertMessage, type Inbox } from './inbox.ts'
import type { JournalBackend } from './journal.ts'
import type { JsonValue } from './json.ts'
import { isWithin } from './keys.ts'
import { recordError } from './recorded-error.ts'
import { decodeRecords, type IterateRecord, type SettleStatus } from './records.ts'
import { createRunContext, type Resumed, type RunContextOptions } from './run-context.ts'
import { materializeTree, type TreeNode } from './tree.ts'

/** What a supervisor's runs share; see `RunContextOptions`. */
export type SupervisorOptions = Omit<
  RunContextOptions,
  'runId' | 'driver' | 'task' | 'budget' | 'deadlineMs' | 'inbox'
> & {
  /** The inbox of a run; default: files in `dir`. */
  readonly inboxOf?: (runId: string) => Inbox
}

export interface SuperviseOptions {
  readonly runId: string
  readonly budget?: Amounts
  readonly deadlineMs?: number
  /** On abort nothing new begins, what is under way ends, and the run can be resumed (`StoppedError`). */
  readonly signal?: AbortSignal
  /** Told once the run is open: what earlier lives left. */
  readonly onResumed?: (resumed: Resumed) => void
}

export interface Supervisor {
  /** Begins or resumes a run and gives its output; errors as `RunContext.drive` and `createRunContext`. */
  readonly run: <T>(root: Driver<T>, task: JsonValue, options: SuperviseOptions) => Promise<T>
  /**
   * Sends a signal to a run; durable when it resolves with `accepted`.
   *
   * @throws RunNotFoundError, StorageError, NotJsonError, RecordTooLargeError, InvalidArgumentError (name)
   */
  readonly signal: (runId: string, name: string, payload: JsonValue) => Promise<Reply>
  /**
   * Cancels a run, or the child of it that has this key; durable when it resolves with `accepted`. From then on no step of
   * it begins. It ends `cancelled`, unless its last step was over already and its end on the way.
   *
   * @throws RunNotFoundError, StorageError
   */
  readonly cancel: (runId: string, reason: string, key?: string) => Promise<CancelReply>
  /** The tree of a run, read without owning it. @throws RunNotFoundError, JournalCorruptError */
  readonly tree: (runId: string) => Promise<TreeNode>
}

/** `too-late`: what it was for had ended, with this status, and stays as it is. */
export type Reply =
  { readonly state: 'accepted' } | { readonly state: 'too-late'; readonly status: SettleStatus }

/** `ending`: the run is about to end, and may end either way: nothing is promised. Ask again. */
export type CancelReply = Reply | { readonly state: 'ending' }

/** Makes a supervisor over the runs of one directory. Nothing is read or written until it is asked. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const given = assertOptions(options, 'createSupervisor', 'dir')
  // Absolute: the process may change its directory between two runs.
  const dir = resolve(given.dir)
  const { backend = fileJournal({ dir }), inboxOf, ...shared } = given
  const openInbox = inboxOf ?? ((runId: string): Inbox => fileInbox({ dir, runId }))
  return {
    run: async (root, task, options) => {
      assertDriver(root)
      const { signal, onResumed, ...contract } = supervised(options)
      const context = await createRunContext({
        ...shared,
        ...contract,
        dir,
        backend,
        inbox: openInbox(contract.runId),
        driver: root.name,
        task,
      })
      const stop = (): void => context.stop(textOf(signal?.reason))
      try {
        signal?.addEventListener('abort', stop, { once: true })
        if (signal?.aborted === true) stop()
        onResumed?.(context.resumed)
        return await context.drive(root, task)
      } finally {
        signal?.removeEventListener('abort', stop)
        // What became of the run is told already, and is durable; a life that cannot be closed has died, no more.
        await context.close().catch(() => {})
      }
    },
    signal: async (runId, name, payload) => {
      assertMessage({ kind: 'signal', name, payload })
      const status = await endOf(backend, runId, '')
      if (status !== undefined) return { state: 'too-late', status }
      await openInbox(runId).publish({ kind: 'signal', name, payload })
      return { state: 'accepted' }
    },
    cancel: async (runId, reason, key = '') => {
      assertMessage({ kind: 'cancel', path: key, reason })
      const before = await endOf(backend, runId, key)
      if (before !== undefined) return { state: 'too-late', status: before }
      const inbox = openInbox(runId)
      await inbox.publish({ kind: 'cancel', path: key, reason })
      // Both are asked after the message is durable: an end or a seal that is not there now comes later than the cancel.
      const isSealed = (await inbox.isSealed?.()) ?? false
      const status = await endOf(backend, runId, key)
      if (status !== undefined && status !== 'cancelled') return { state: 'too-late', status }
      return status === undefined && isSealed ? { state: 'ending' } : { state: 'accepted' }
    },
    tree: async (runId) => {
      const image = await backend.read(runId)
      if (image === undefined) throw notFound(runId)
      return materializeTree(image.records, image.epoch)
    },
  }
}

/** Options as they came from a caller without types. @throws InvalidArgumentError */
function assertOptions<Options extends object>(
  options: Options,
  what: string,
  needs: keyof Options & string,
): Options {
  const came: unknown = (options as Options | undefined | null)?.[needs]
  if (typeof came === 'string' && came !== '') return options
  throw new InvalidArgumentError(
    `expected ${what} to be told ${needs}, a text, got ${inspect(came, { depth: 0 })}`,
    { hint: `pass { ${needs}: '…' }` },
  )
}

/** Whatever it is; never throws. */
function textOf(reason: unknown): string {
  return typeof reason === 'string' ? reason : recordError(reason).message
}

function supervised(options: SuperviseOptions): SuperviseOptions {
  const { signal, onResumed } = assertOptions(options, 'run', 'runId')
  const refuse = (name: string, expected: string, came: unknown): InvalidArgumentError =>
    new InvalidArgumentError(`expected ${expected}, got ${inspect(came, { depth: 0 })}`, {
      hint: `leave ${name} out, or correct it`,
    })
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw refuse('signal', 'signal to be an AbortSignal', signal)
  if (onResumed !== undefined && typeof onResumed !== 'function')
    throw refuse('onResumed', 'onResumed to be a function', onResumed)
  return options
}

/** How the run, or the unit at `key` or one that holds it, ended; `undefined` where it has not. */
async function endOf(
  backend: JournalBackend,
  runId: string,
  key: string,
): Promise<SettleStatus | undefined> {
  const image = await backend.read(runId)
  if (image === undefined) throw notFound(runId)
  for (const { record } of decodeRecords(image.records)) {
    if (record.type === 'end') return record.status
    if (record.type === 'settle' && isWithin(key, record.key)) return record.status
    if (record.type === 'iterate' && isOverWith(record, key)) return 'done'
  }
  return undefined
}

/** True where an iteration that was committed, or the end of its loop, leaves nothing of `key` to cancel. */
function isOverWith(record: IterateRecord, key: string): boolean {
  return isWithin(key, record.done ? record.key : `${record.key}/${record.index}`)
}

function notFound(runId: string): RunNotFoundError {
  return new RunNotFoundError(`no run ${runId} in this store`, {
    hint: 'begin it first, or look into another directory',
    details: { runId },
  })
}
