/**
 * One batch at a time to the server, and certainty about each before the next.
 *
 * A statement whose reply never came is *unknown*: it may have been committed, it may have been lost on its way, and it may
 * still be on its way. Reading alone cannot decide the last two. So first the token `writer` at the run's head is changed,
 * which waits for whoever holds that row, and after which the old statement can change nothing. Then the head says whether
 * the batch is there. If it is, it is acknowledged; if it is not, it is sent again, under the new token.
 */
import { StorageError } from '../errors.ts'
import { fencedError } from '../fenced-error.ts'
import {
  type BatchLife,
  type BatchRow,
  type ChainEnd,
  endBehind,
  nextBatch,
} from '../table-journal/rows.ts'
import { ConnectionLostError, sqlState, writeError } from './postgres-errors.ts'
import { headOf, type Store } from './read.ts'
import type { PostgresSettings } from './settings.ts'

/** What became of a statement. */
type Sent =
  | { readonly kind: 'committed' }
  /** It did nothing, and never will. */
  | { readonly kind: 'refused'; readonly pid: number }
  | { readonly kind: 'unknown'; readonly cause: ConnectionLostError }

export class Appender {
  readonly #store: Store
  readonly #settings: PostgresSettings
  readonly #life: BatchLife
  #end: ChainEnd
  #writer: string

  constructor(store: Store, settings: PostgresSettings, life: BatchLife, end: ChainEnd) {
    this.#store = store
    this.#settings = settings
    this.#life = life
    this.#end = end
    this.#writer = life.nonce
  }

  /** Resolves when the batch is committed. @throws FencedError, StorageError */
  async append(texts: readonly string[]): Promise<void> {
    const row = nextBatch(this.#life, this.#end, texts)
    try {
      await this.#commit(row)
    } catch (error) {
      throw writeError('append to', `run ${this.#life.runId}`, error)
    }
    this.#end = endBehind(row)
  }

  async #commit(row: BatchRow): Promise<void> {
    const endMs = performance.now() + this.#settings.reconnectMs
    for (;;) {
      const sent = await this.#send(row)
      switch (sent.kind) {
        case 'committed':
          return
        case 'refused':
          if (await this.#isOn(sent.pid)) throw await this.#why()
          if (performance.now() > endMs) throw otherConnections()
          break
        case 'unknown':
          if (await this.#isThere(row)) return
          if (performance.now() > endMs) throw sent.cause
      }
    }
  }

  /** One round trip: the epoch is asked for in the statement that writes. */
  async #send(row: BatchRow): Promise<Sent> {
    const { session, statements } = this.#store
    const { runId } = this.#life
    const { number, epoch, seq, records, bodies, prev, sum } = row
    const pid = await session.pid()
    try {
      const rows = await session.query(
        statements.append,
        this.#settings.durability,
        runId,
        epoch,
        this.#writer,
        number,
        pid,
        seq,
        records,
        bodies,
        prev,
        sum,
      )
      return rows.length === 1 ? { kind: 'committed' } : { kind: 'refused', pid }
    } catch (error) {
      if (error instanceof ConnectionLostError) return { kind: 'unknown', cause: error }
      // Under a stricter isolation level a take-over shows as a conflict.
      if (sqlState(error) === '40001') return { kind: 'refused', pid }
      throw error
    }
  }

  /** Decides an unknown append, before anything else is done. @throws FencedError */
  async #isThere(row: BatchRow): Promise<boolean> {
    const { session, statements } = this.#store
    const { runId, epoch } = this.#life
    const next = this.#settings.random.nonce()
    const [head] = await session.repeatable(statements.rewriter, runId, epoch, this.#writer, next)
    this.#writer = next
    if (head !== undefined) {
      if (head['batches'] === row.number && head['sum'] === row.sum) return true
      if (head['batches'] === row.number - 1 && head['sum'] === row.prev) return false
      throw await this.#why()
    }
    // Somebody took over. What was committed before that is in what they recovered.
    const { number } = row
    const [found] = await session.repeatable(statements.batches, runId, number, number)
    if (found?.['sum'] === row.sum) return true
    throw await this.#why()
  }

  /**
   * Was it refused on the connection that it was meant for? If not, a client has connected again by itself: nothing was
   * written, and the new connection has not been set up.
   */
  async #isOn(pid: number): Promise<boolean> {
    const { session } = this.#store
    const [now] = await session.repeatable('SELECT pg_backend_pid() AS pid')
    if (now?.['pid'] === pid) return true
    if (now?.['pid'] !== (await session.pid())) await session.drop()
    return false
  }

  /** Why an append was refused for good. */
  async #why(): Promise<Error> {
    const { session } = this.#store
    const { runId, epoch } = this.#life
    const head = await headOf(this.#store, runId)
    if (head?.epoch !== epoch) return fencedError(runId, epoch, head?.epoch)
    const [now] = await session.repeatable(
      "SELECT current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync",
    )
    const { commit, fsync } = now ?? {}
    if (commit !== 'off' && (fsync === 'on' || this.#settings.durability === 'process'))
      return fencedError(runId, epoch, epoch)
    return new StorageError(
      `run ${runId}: the server now runs with synchronous_commit = ${String(commit)}, fsync = ${String(fsync)}; the append was not written`,
      {
        hint: 'turn both on, then open the run again',
        details: { runId, epoch, commit: String(commit), fsync: String(fsync) },
      },
    )
  }
}

function otherConnections(): StorageError {
  return new StorageError('each statement came over another connection of the server', {
    hint: 'connect to the server itself, or through a pooler that keeps a session on one connection',
  })
}
