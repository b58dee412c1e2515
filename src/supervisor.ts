/**
 * The supervisor: runs a driver tree under a run id, and goes on with it wherever an earlier life left it.
 *
 * A tree that exists is loaded: the root driver's code runs again from its start, settled children give their recorded
 * outputs and never run, unsettled ones run again and find what they settled themselves. Another process reaches a run
 * through `signal` and `cancel`.
 */
import type { Driver } from './children.ts'
import { InvalidArgumentError, RunNotFoundError } from './errors.ts'
import { fileInbox } from './file-inbox.ts'
import { fileJournal } from './file-journal.ts'
import type { Inbox } from './inbox.ts'
import type { JournalBackend } from './journal.ts'
import type { JsonValue } from './json.ts'
import { decodeRecords, type Amounts, type EndRecord } from './records.ts'
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
  readonly run: (
    root: Driver,
    task: JsonValue,
    options: SuperviseOptions,
  ) => Promise<JsonValue | undefined>
  /** Sends a signal to a run; durable when it resolves. @throws RunNotFoundError, StorageError */
  readonly signal: (runId: string, name: string, payload: JsonValue) => Promise<void>
  /** Cancels a run or a child of it. @throws RunNotFoundError, StorageError */
  readonly cancel: (runId: string, reason: string, path?: string) => Promise<CancelReply>
  /** The tree of a run, read without owning it. @throws RunNotFoundError, JournalCorruptError */
  readonly tree: (runId: string) => Promise<TreeNode>
}

/** `accepted`: from here on no step begins. `too-late`: the run's terminal record came first and stands. */
export type CancelReply =
  { readonly state: 'accepted' } | { readonly state: 'too-late'; readonly end: EndRecord }

/** Makes a supervisor over the runs of one directory. Nothing is read or written until it is asked. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { dir, backend = fileJournal({ dir }), inboxOf, ...shared } = options
  const openInbox = inboxOf ?? ((runId: string): Inbox => fileInbox({ dir, runId }))
  return {
    run: async (root, task, { signal, onResumed, ...contract }) => {
      const context = await createRunContext({
        ...shared,
        ...contract,
        dir,
        backend,
        inbox: openInbox(contract.runId),
        driver: root.name,
        task,
      })
      const stop = (): void => context.stop(String(signal?.reason))
      signal?.addEventListener('abort', stop, { once: true })
      if (signal?.aborted === true) stop()
      try {
        onResumed?.(context.resumed)
        return await context.drive(root, task)
      } finally {
        signal?.removeEventListener('abort', stop)
        await context.close()
      }
    },
    signal: async (runId, name, payload) => {
      if (name === '')
        throw new InvalidArgumentError('expected the name of a signal, got an empty string')
      await endOf(backend, runId)
      await openInbox(runId).publish({ kind: 'signal', name, payload })
    },
    cancel: async (runId, reason, path = '') => {
      await endOf(backend, runId)
      await openInbox(runId).publish({ kind: 'cancel', path, reason })
      // Read after the message is durable: an end that is not there now comes later than the cancel.
      const end = await endOf(backend, runId)
      return end === undefined || end.status === 'cancelled'
        ? { state: 'accepted' }
        : { state: 'too-late', end }
    },
    tree: async (runId) => {
      const image = await backend.read(runId)
      if (image === undefined) throw notFound(runId)
      return materializeTree(image.records, image.epoch)
    },
  }
}

async function endOf(backend: JournalBackend, runId: string): Promise<EndRecord | undefined> {
  const image = await backend.read(runId)
  if (image === undefined) throw notFound(runId)
  for (const { record } of decodeRecords(image.records)) if (record.type === 'end') return record
  return undefined
}

function notFound(runId: string): RunNotFoundError {
  return new RunNotFoundError(`no run ${runId} in this store`, {
    hint: 'begin it first, or look into another directory',
    details: { runId },
  })
}
