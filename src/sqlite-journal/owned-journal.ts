/**
 * Becoming the owner of a run, and the `Journal` that this gives.
 */
import { CommitQueue } from '../commit-queue.ts'
import { fencedError } from '../fenced-error.ts'
import { isoTime } from '../clock.ts'
import { hold, release } from '../held.ts'
import { describeOwner } from '../identity.ts'
import type { Journal, JournalRecord } from '../journal.ts'
import type { CheckedOpenOptions } from '../open-options.ts'
import { livenessOf, ownedError } from '../ownership.ts'
import { corruptRow } from '../table-journal/corrupt-row.ts'
import {
  type ChainEnd,
  emptyChain,
  endBehind,
  type LifeRow,
  nextBatch,
} from '../table-journal/rows.ts'
import { type Displaced, judgeNewest, ownedLife } from '../table-journal/displaced.ts'
import { type PendingTexts, pendingTexts, textsOf } from '../table-journal/pending-texts.ts'
import type { RunReader } from '../table-journal/run-reader.ts'
import type { Connection } from './connection.ts'
import { readRows } from './read.ts'
import type { SqliteSettings } from './settings.ts'
import { writeError } from './sqlite-errors.ts'
import { appendBatch, endLife, headOf, insertLife, lifeOf, makeTables } from './tables.ts'

/** @throws as `JournalBackend.open` */
export async function openRun(
  connection: Connection,
  settings: SqliteSettings,
  runId: string,
  options: CheckedOpenOptions,
): Promise<Journal> {
  const { file } = connection
  connection.makeDurable()
  const self = await settings.identity.self()
  const newest = attempt('open', file, () => {
    makeTables(connection)
    return newestLife(connection, runId)
  })
  const displaced = await judgeNewest(runId, newest, options, (life) =>
    livenessOf(settings.identity, life),
  )
  const nonce = settings.random.nonce()
  const life = attempt('open', file, () =>
    takeOver(connection, runId, displaced, {
      nonce,
      name: options.owner ?? describeOwner(self),
      owner: JSON.stringify(self),
      at: isoTime(settings.clock.now()),
    }),
  )
  hold(nonce)
  try {
    return ownedJournal(connection, settings, runId, life)
  } catch (error) {
    release(nonce)
    throw error
  }
}

function newestLife(connection: Connection, runId: string): LifeRow | undefined {
  const head = headOf(connection, runId)
  if (head === undefined) return undefined
  const life = lifeOf(connection, runId, head.epoch)
  if (life !== undefined) return life
  const at = { file: connection.file, table: 'killpoint_lives', runId }
  throw corruptRow({ ...at, row: head.epoch, seq: head.records + 1 }, 'the row is missing')
}

/** The decision: from here on the run has the records that it has now, whoever was appending. @throws RunOwnedError */
function takeOver(
  connection: Connection,
  runId: string,
  displaced: Displaced,
  self: Pick<LifeRow, 'nonce' | 'name' | 'owner'> & { readonly at: string },
): LifeRow {
  return connection.write(() => {
    const { epoch, ...end } = headOf(connection, runId) ?? { epoch: 0, ...emptyChain(runId) }
    if (epoch !== displaced.epoch) {
      const winner = lifeOf(connection, runId, epoch)
      throw ownedError(runId, epoch, winner === undefined ? undefined : ownedLife(winner))
    }
    if (epoch > 0) endLife(connection, runId, epoch, displaced.ended)
    const life = { ...self, ...end, epoch: epoch + 1, ended: null }
    insertLife(connection, runId, life)
    return life
  })
}

function ownedJournal(
  connection: Connection,
  settings: SqliteSettings,
  runId: string,
  life: LifeRow,
): Journal {
  const { epoch, nonce } = life
  const { reader, recovered } = recover(connection, runId, life)
  let end: ChainEnd = life
  const queue = new CommitQueue<PendingTexts>({
    runId,
    epoch,
    seq: recovered.length,
    commit: async (group) => {
      end = commit(connection, { runId, epoch, nonce }, end, textsOf(group))
    },
    end: async () =>
      attempt('close a run in', connection.file, () =>
        connection.write(() => endLife(connection, runId, epoch, 'closed')),
      ),
    release: async () => {
      release(nonce)
      connection.close()
    },
  })
  return {
    runId,
    epoch,
    recovered,
    lives: reader.lifeSummaries().filter((each) => each.epoch < epoch),
    append: async (bodies) => await queue.append(pendingTexts(bodies, settings.bytesMax)),
    close: () => queue.close(),
  }
}

/** What the lives before committed. A life that cannot read it gives the run up, for others to look at it at once. */
function recover(
  connection: Connection,
  runId: string,
  life: LifeRow,
): { readonly reader: RunReader; readonly recovered: readonly JournalRecord[] } {
  try {
    const reader = readRows(connection, runId, life)
    return { reader, recovered: reader.finish() }
  } catch (error) {
    best(() => connection.write(() => endLife(connection, runId, life.epoch, 'closed')))
    throw error
  }
}

/** One batch behind `end`, durable, and the end of the chain behind it. @throws FencedError, StorageError */
function commit(
  connection: Connection,
  life: { readonly runId: string; readonly epoch: number; readonly nonce: string },
  end: ChainEnd,
  texts: readonly string[],
): ChainEnd {
  const row = nextBatch(life, end, texts)
  const behind = endBehind(row)
  const { runId, epoch } = life
  return attempt('append to', connection.file, () =>
    connection.write(() => {
      if (appendBatch(connection, runId, row, behind)) return behind
      throw fencedError(runId, epoch, headOf(connection, runId)?.epoch)
    }),
  )
}

function attempt<Result>(action: string, file: string, call: () => Result): Result {
  try {
    return call()
  } catch (cause) {
    throw writeError(action, file, cause)
  }
}

/** Nothing rests on the success of `action`: without it a life counts as one that died. */
function best(action: () => void): void {
  try {
    action()
  } catch {
    // The error that matters is already on its way to the caller.
  }
}
