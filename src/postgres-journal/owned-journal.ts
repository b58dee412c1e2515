/**
 * Becoming the owner of a run, and the `Journal` that this gives.
 */
import { CommitQueue } from '../commit-queue.ts'
import { isoTime } from '../clock.ts'
import { hold, release } from '../held.ts'
import { describeOwner, type Liveness } from '../identity.ts'
import type { Journal, JournalRecord } from '../journal.ts'
import type { CheckedOpenOptions } from '../open-options.ts'
import { livenessOf, ownedError } from '../ownership.ts'
import { type ChainEnd, emptyChain } from '../table-journal/rows.ts'
import { type Displaced, judgeNewest, ownedLife } from '../table-journal/displaced.ts'
import { type PendingTexts, pendingTexts, textsOf } from '../table-journal/pending-texts.ts'
import type { RunReader } from '../table-journal/run-reader.ts'
import { Appender } from './appender.ts'
import { writeError } from './postgres-errors.ts'
import { headOf, lifeOf, type PostgresLifeRow, readRows, type Store } from './read.ts'
import type { PostgresSettings } from './settings.ts'
import { makeTables } from './statements.ts'

/** What a life writes of itself. */
interface Self {
  readonly nonce: string
  readonly name: string
  readonly owner: string
  readonly at: string
}

/** @throws as `JournalBackend.open` */
export async function openRun(
  store: Store,
  settings: PostgresSettings,
  runId: string,
  options: CheckedOpenOptions,
): Promise<Journal> {
  const { session } = store
  const owner = await settings.identity.self()
  await makeTables(session, store.schema)
  const head = await headOf(store, runId)
  const newest = head === undefined ? undefined : await lifeOf(store, runId, head)
  const displaced = await judgeNewest(runId, newest, options, async (life, row) =>
    livenessAnywhere(store, row, await livenessOf(settings.identity, life)),
  )
  const self = {
    nonce: settings.random.nonce(),
    name: options.owner ?? describeOwner(owner),
    owner: JSON.stringify(owner),
    at: isoTime(settings.clock.now()),
  }
  const life = await takeOver(store, settings, runId, displaced, self)
  hold(self.nonce)
  session.enter()
  try {
    return await ownedJournal(store, settings, runId, { ...life, nonce: self.nonce })
  } catch (error) {
    release(self.nonce)
    await session.leave()
    throw error
  }
}

/** An owner that cannot be examined from here lives as long as the server sees its session. */
async function livenessAnywhere(
  { session }: Store,
  life: PostgresLifeRow,
  seen: Liveness,
): Promise<Liveness> {
  if (seen !== 'unknown') return seen
  return (await session.isPresent(life.session)) ? 'alive' : 'dead'
}

/**
 * The decision: from here on the run has the records that it has now, whoever was appending. It may be sent twice: the
 * second time finds the epoch raised, and the row with our nonce says by whom. @throws RunOwnedError
 */
async function takeOver(
  store: Store,
  settings: PostgresSettings,
  runId: string,
  displaced: Displaced,
  self: Self,
): Promise<ChainEnd & { readonly epoch: number }> {
  const { session, statements } = store
  const { nonce, name, owner, at } = self
  const parameters = [settings.durability, runId, nonce, name, owner, session.key, at] as const
  const { epoch, ended } = displaced
  const [taken] =
    epoch === 0
      ? await session.repeatable(statements.begin, ...parameters, emptyChain(runId).sum)
      : await session.repeatable(statements.takeOver, ...parameters, epoch, ended)
  if (taken !== undefined) return taken as unknown as ChainEnd & { readonly epoch: number }
  const head = await headOf(store, runId)
  const winner = head === undefined ? undefined : await lifeOf(store, runId, head)
  if (winner?.nonce === nonce) return winner
  if (winner === undefined || winner.epoch === epoch) {
    await session.drop()
    throw writeError('take over', `run ${runId}`, new Error('the server is no longer durable'))
  }
  throw ownedError(runId, winner.epoch, ownedLife(winner))
}

async function ownedJournal(
  store: Store,
  settings: PostgresSettings,
  runId: string,
  life: ChainEnd & { readonly epoch: number; readonly nonce: string },
): Promise<Journal> {
  const { session, statements } = store
  const { epoch, nonce } = life
  const endLife = async (): Promise<unknown> =>
    await session.repeatable(statements.end, runId, epoch, nonce)
  const { reader, recovered } = await recover(store, runId, life, endLife)
  const appender = new Appender(store, settings, { runId, epoch, nonce }, life)
  const queue = new CommitQueue<PendingTexts>({
    runId,
    epoch,
    seq: recovered.length,
    commit: (group) => appender.append(textsOf(group)),
    end: async () => {
      try {
        await endLife()
      } catch (error) {
        throw writeError('close', `run ${runId}`, error)
      }
    },
    release: async () => {
      release(nonce)
      await session.leave()
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
async function recover(
  store: Store,
  runId: string,
  life: ChainEnd & { readonly epoch: number },
  endLife: () => Promise<unknown>,
): Promise<{ readonly reader: RunReader; readonly recovered: readonly JournalRecord[] }> {
  try {
    const reader = await readRows(store, runId, life)
    return { reader, recovered: reader.finish() }
  } catch (error) {
    // Without its mark it counts as a life that died; the error that matters is on its way to the caller.
    await endLife().catch(() => undefined)
    throw error
  }
}
