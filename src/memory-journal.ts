/**
 * A journal in memory, with the whole contract but durability: for tests, and as the negative control that a crash test
 * must fail. What it holds dies with the process, and says so (`durability: 'memory'`).
 *
 * A run is a list of texts. An append is committed in the same turn in which its epoch is checked, so nothing can come
 * between the two (J5); bodies go in and come out as text, so that nobody shares them (J2).
 */
import { encodeBodies, bytesMaxDefault } from './encode-body.ts'
import { ClosedError, FencedError, RunOwnedError } from './errors.ts'
import type {
  Journal,
  JournalBackend,
  JournalRecord,
  LifeSummary,
  RecordBody,
  RunImage,
  Seq,
} from './journal.ts'
import type { JsonValue } from './json.ts'
import { type CheckedOpenOptions, checkOpenOptions } from './open-options.ts'
import { assertRunId } from './run-id.ts'

export interface MemoryJournalOptions {
  /** Largest record in bytes of JSON. Default 64 MiB. */
  readonly bytesMax?: number
}

interface Run {
  readonly records: { readonly epoch: number; readonly json: string }[]
  readonly lives: Life[]
}

interface Life {
  readonly epoch: number
  readonly owner: string
  batches: number
  closed: boolean
}

/** A journal of its own: two calls share nothing. */
export function memoryJournal(options: MemoryJournalOptions = {}): JournalBackend {
  const runs = new Map<string, Run>()
  const bytesMax = options.bytesMax ?? bytesMaxDefault
  return {
    name: 'memory',
    durability: 'memory',
    open: async (runId, given) => {
      assertRunId(runId)
      const openOptions = checkOpenOptions(given)
      const run = runs.get(runId) ?? { records: [], lives: [] }
      assertFree(runId, run, openOptions)
      runs.set(runId, run)
      return own(runId, run, openOptions, bytesMax)
    },
    read: async (runId) => {
      assertRunId(runId)
      const run = runs.get(runId)
      return run === undefined ? undefined : imageOf(runId, run)
    },
    list: async function* list() {
      for (const [runId, run] of runs) yield { runId, epoch: run.lives.length }
    },
  }
}

function assertFree(runId: string, run: Run, options: CheckedOpenOptions): void {
  const newest = run.lives.at(-1)
  // One process: a life that has not closed is alive.
  if (newest === undefined || newest.closed || options.takeover === 'always') return
  const { owner, epoch } = newest
  throw new RunOwnedError(`run ${runId} is owned by ${owner}, epoch ${epoch}, which is alive`, {
    hint: "wait for it, stop it, or open with takeover 'always' to fence it",
    details: { runId, epoch, owner, pid: process.pid, liveness: 'alive' },
  })
}

function own(runId: string, run: Run, options: CheckedOpenOptions, bytesMax: number): Journal {
  const recovered = recordsOf(run)
  const lives = livesOf(run)
  const epoch = run.lives.length + 1
  const life: Life = {
    epoch,
    owner: options.owner ?? `pid ${process.pid}`,
    batches: 0,
    closed: false,
  }
  run.lives.push(life)

  const commit = (texts: readonly string[]): Seq => {
    if (run.lives.length !== epoch) throw fenced(runId, epoch, run.lives.length)
    for (const json of texts) run.records.push({ epoch, json })
    if (texts.length > 0) life.batches++
    return run.records.length
  }

  return {
    runId,
    epoch,
    recovered,
    lives,
    append: async (bodies: readonly RecordBody[]) => {
      if (life.closed) throw new ClosedError(`run ${runId} was closed`, { hint: 'open it again' })
      return commit(encodeBodies(bodies, bytesMax).map(({ json }) => json))
    },
    close: async () => {
      life.closed = true
    },
  }
}

function fenced(runId: string, epoch: number, newer: number): FencedError {
  return new FencedError(
    `run ${runId}: epoch ${epoch} was replaced by epoch ${newer}; the append was not acknowledged`,
    {
      hint: 'stop working on this run: somebody else goes on with it',
      details: { runId, epoch, newer },
    },
  )
}

function imageOf(runId: string, run: Run): RunImage {
  return {
    runId,
    epoch: run.lives.length,
    records: recordsOf(run),
    lives: livesOf(run),
    undecided: 0,
  }
}

function recordsOf(run: Run): readonly JournalRecord[] {
  return run.records.map(({ epoch, json }, index) => ({
    seq: index + 1,
    epoch,
    body: JSON.parse(json) as JsonValue,
  }))
}

function livesOf(run: Run): readonly LifeSummary[] {
  return run.lives.map(({ epoch, batches, closed, owner }) => ({
    epoch,
    batches,
    ended: closed ? 'closed' : 'died',
    owner,
  }))
}
