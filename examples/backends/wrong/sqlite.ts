/**
 * A journal in SQLite that is right, and each way of being wrong about it that people write. Each module beside this one exports it
 * with one flaw; what a flaw changes is found by its name.
 */
import Database from 'libsql'
import { join } from 'node:path'
import type { BackendContext } from 'killpoint'
import {
  assertRunId,
  bytesMaxDefault,
  checkOpenOptions,
  encodeBodies,
  type Journal,
  type JournalBackend,
  type JournalRecord,
  type LifeSummary,
  type SqliteHandle,
} from 'killpoint/journal'
import {
  ClosedError,
  FencedError,
  InvalidArgumentError,
  JournalPoisonedError,
  RunOwnedError,
  StorageError,
} from 'killpoint/runtime'

type Identity = BackendContext['identity']
type Owner = Awaited<ReturnType<Identity['self']>>

export type Flaw =
  | 'none'
  /** Appends without a look at the epoch. */
  | 'no-fencing'
  /** Acknowledges what it is about to write. */
  | 'ack-before-commit'
  /** One commit per record. */
  | 'autocommit-per-record'
  /** Says `power`, and lets the operating system write when it likes. */
  | 'synchronous-off'
  /** Goes on after a commit that failed. */
  | 'no-poison'

const schema = `
CREATE TABLE IF NOT EXISTS lives (run TEXT, epoch INTEGER, owner TEXT, name TEXT, ended TEXT, PRIMARY KEY (run, epoch));
CREATE TABLE IF NOT EXISTS records (run TEXT, seq INTEGER, epoch INTEGER, body TEXT, PRIMARY KEY (run, seq));`

interface Life {
  readonly epoch: number
  readonly owner: string
  readonly name: string
  readonly ended: string | null
}

/** A database file of the store, opened once more. */
type OpenDatabase = () => SqliteHandle

/** What `createBackend` of the modules beside this one gives. */
export function createFlawed(flaw: Flaw, { dir, identity }: BackendContext): JournalBackend {
  const open: OpenDatabase = () => new Database(join(dir, 'runs.db')) as SqliteHandle
  return flawedSqlite(flaw, { open, identity })
}

/** The same over handles that somebody else opens. */
export function flawedSqlite(
  flaw: Flaw,
  { open, identity }: { readonly open: OpenDatabase; readonly identity: Identity },
): JournalBackend {
  const connect = (): SqliteHandle => {
    const handle = open()
    handle.exec('PRAGMA journal_mode = WAL')
    handle.exec(`PRAGMA synchronous = ${flaw === 'synchronous-off' ? 'OFF' : 'FULL'}`)
    handle.exec(schema)
    return handle
  }
  /** Runs that this process has open, by epoch. */
  const held = new Set<string>()
  const isAlive = async (runId: string, { owner, epoch }: Life): Promise<boolean> => {
    const { pid } = JSON.parse(owner) as Owner
    if (pid === (await identity.self()).pid) return held.has(`${runId}/${epoch}`)
    return (await identity.liveness(JSON.parse(owner) as Owner)) !== 'dead'
  }
  return {
    name: flaw,
    durability: 'power',
    open: async (runId, options) => {
      assertRunId(runId)
      const { takeover, owner: name } = checkOpenOptions(options)
      const handle = connect()
      const self = await identity.self()
      const [newest] = livesOf(handle, runId).slice(-1)
      if (newest !== undefined && newest.ended === null && takeover !== 'always') {
        const lives = await isAlive(runId, newest)
        if (takeover === 'never' || lives) throw owned(runId, newest)
      }
      handle.exec('BEGIN IMMEDIATE')
      const epoch = (livesOf(handle, runId).at(-1)?.epoch ?? 0) + 1
      if (epoch !== (newest?.epoch ?? 0) + 1) {
        handle.exec('ROLLBACK')
        throw owned(runId, newest)
      }
      handle.prepare("UPDATE lives SET ended = 'died' WHERE run = ? AND ended IS NULL").run(runId)
      handle
        .prepare('INSERT INTO lives (run, epoch, owner, name) VALUES (?, ?, ?, ?)')
        .run(runId, epoch, JSON.stringify(self), name ?? '')
      const recovered = recordsOf(handle, runId)
      const lives = livesOf(handle, runId).slice(0, -1)
      handle.exec('COMMIT')
      held.add(`${runId}/${epoch}`)
      const letGo = (): unknown => held.delete(`${runId}/${epoch}`)
      return journalOf(
        flaw,
        handle,
        { runId, epoch, letGo },
        recovered,
        summaries(lives, recovered),
      )
    },
    read: async (runId) => {
      assertRunId(runId)
      const handle = connect()
      const lives = livesOf(handle, runId)
      const last = lives.at(-1)
      if (last === undefined) return undefined
      const records = recordsOf(handle, runId)
      const undecided = last.ended === 'closed' ? 0 : Math.min(1, records.length)
      return { runId, epoch: last.epoch, records, lives: summaries(lives, records), undecided }
    },
  }
}

function journalOf(
  flaw: Flaw,
  handle: SqliteHandle,
  { runId, epoch, letGo }: { runId: string; epoch: number; letGo: () => unknown },
  recovered: readonly JournalRecord[],
  lives: readonly LifeSummary[],
): Journal {
  let seq = recovered.length
  let cause: unknown
  let closed = false
  const write = (texts: readonly string[]): void => {
    if (flaw === 'autocommit-per-record') {
      if (isNewest(handle, runId, epoch))
        for (const body of texts) insert(handle, runId, ++seq, epoch, body)
      else throw fenced(runId, epoch)
      return
    }
    handle.exec('BEGIN IMMEDIATE')
    try {
      if (flaw !== 'no-fencing' && !isNewest(handle, runId, epoch)) throw fenced(runId, epoch)
      const from = seqOf(handle, runId)
      for (const [index, body] of texts.entries())
        insert(handle, runId, from + index + 1, epoch, body)
      handle.exec('COMMIT')
      seq = from + texts.length
    } catch (error) {
      handle.exec('ROLLBACK')
      throw error
    }
  }
  return {
    runId,
    epoch,
    recovered,
    lives,
    append: async (bodies) => {
      if (closed) throw new ClosedError(`run ${runId} was closed`, { hint: 'open it again' })
      const texts = encodeBodies(bodies, bytesMaxDefault).map(({ json }) => json)
      if (texts.length === 0) return seq
      if (cause instanceof FencedError) throw cause
      if (cause !== undefined && flaw !== 'no-poison')
        throw new JournalPoisonedError('an earlier append failed', { hint: 'open again', cause })
      if (flaw === 'ack-before-commit') {
        setImmediate(() => {
          try {
            write(texts)
          } catch {
            // What it promised it cannot take back.
          }
        })
        return (seq += texts.length)
      }
      try {
        write(texts)
      } catch (error) {
        cause =
          error instanceof FencedError
            ? error
            : new StorageError('failed', { hint: 'open again', cause: error })
        throw cause as Error
      }
      return seq
    },
    close: async () => {
      closed = true
      letGo()
      if (cause === undefined)
        handle
          .prepare(
            "UPDATE lives SET ended = 'closed' WHERE run = ? AND epoch = ? AND ended IS NULL",
          )
          .run(runId, epoch)
    },
  }
}

function insert(
  handle: SqliteHandle,
  runId: string,
  seq: number,
  epoch: number,
  body: string,
): void {
  handle
    .prepare('INSERT INTO records (run, seq, epoch, body) VALUES (?, ?, ?, ?)')
    .run(runId, seq, epoch, body)
}

function isNewest(handle: SqliteHandle, runId: string, epoch: number): boolean {
  return livesOf(handle, runId).at(-1)?.epoch === epoch
}

function seqOf(handle: SqliteHandle, runId: string): number {
  const row = handle.prepare('SELECT count(*) AS seq FROM records WHERE run = ?').get(runId)
  return (row as { readonly seq: number }).seq
}

function livesOf(handle: SqliteHandle, runId: string): readonly Life[] {
  return handle.prepare('SELECT * FROM lives WHERE run = ? ORDER BY epoch').all(runId) as Life[]
}

function recordsOf(handle: SqliteHandle, runId: string): readonly JournalRecord[] {
  const rows = handle.prepare('SELECT * FROM records WHERE run = ? ORDER BY seq').all(runId)
  return (rows as { seq: number; epoch: number; body: string }[]).map(({ seq, epoch, body }) => ({
    seq,
    epoch,
    body: JSON.parse(body) as JournalRecord['body'],
  }))
}

function summaries(lives: readonly Life[], records: readonly JournalRecord[]): LifeSummary[] {
  return lives.map(({ epoch, ended, name }) => ({
    epoch,
    batches: records.filter((record) => record.epoch === epoch).length,
    ended: ended === 'closed' ? 'closed' : 'died',
    owner: name,
  }))
}

function owned(runId: string, newest: Life | undefined): RunOwnedError {
  if (newest === undefined) throw new InvalidArgumentError('impossible')
  return new RunOwnedError(`run ${runId} is owned by ${newest.name}, epoch ${newest.epoch}`, {
    hint: 'wait for it',
  })
}

function fenced(runId: string, epoch: number): FencedError {
  return new FencedError(`run ${runId}: epoch ${epoch} was replaced`, { hint: 'stop' })
}
