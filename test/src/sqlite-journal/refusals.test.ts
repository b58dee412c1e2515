import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sqliteJournal, type SqliteHandle } from '../../../src/sqlite-journal.ts'
import { bodiesOf, outcomeOf } from '../../../harness/conformance/law-asserts.ts'
import { openLibsql } from '../../support/sqlite-place.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-sqlite-'))
afterAll(() => fs.rmSync(dir, { recursive: true }))

let files = 0
const newFile = (): string => path.join(dir, `runs-${++files}.db`)
const overFile = (file: string, prepare?: (handle: SqliteHandle) => void) =>
  sqliteJournal({
    database: () => {
      const handle = openLibsql(file)
      prepare?.(handle)
      return handle
    },
    busyTimeoutMs: 20,
  })

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await outcomeOf(promise)
  return outcome.kind === 'value' ? 'resolved' : (outcome.error as { code?: unknown }).code
}

describe('sqlite journal: what it was given', () => {
  it('is no handle: refused when it is made, with what is missing', () => {
    expect(() => sqliteJournal({ database: {} as SqliteHandle })).toThrow(/prepare, exec, close/)
  })
  it('is a database in memory: refused, it survives nothing', async () => {
    const opening = overFile(':memory:').open('run')
    await expect(opening).rejects.toThrow(/refuses journal_mode wal: it stays memory/)
  })
  it('ignores pragmas: refused, by what is read back', async () => {
    const deaf = (handle: SqliteHandle): SqliteHandle => ({
      prepare: (sql) => handle.prepare(sql),
      close: () => handle.close(),
      exec: (sql) => handle.exec(sql.startsWith('PRAGMA sync') ? 'PRAGMA synchronous = 0' : sql),
    })
    const backend = sqliteJournal({ database: () => deaf(openLibsql(newFile())) })
    await expect(backend.open('run')).rejects.toThrow(/refuses synchronous = FULL: it is 0/)
  })
  it('is told synchronous = OFF by somebody else, later: the append is refused and not acknowledged', async () => {
    const shared = openLibsql(newFile())
    const backend = sqliteJournal({ database: shared })
    const journal = await backend.open('run')
    await journal.append(['kept'])
    shared.exec('PRAGMA synchronous = OFF')
    await expect(journal.append(['lost'])).rejects.toThrow(/refuses synchronous = FULL: it is 0/)
    expect(await codeOf(journal.append(['later']))).toBe('JOURNAL_POISONED')
    expect(bodiesOf((await backend.read('run'))?.records)).toEqual(['kept'])
    shared.close()
  })
  it('is inside a transaction of somebody else: nothing is acknowledged that they could roll back', async () => {
    const shared = openLibsql(newFile())
    const journal = await sqliteJournal({ database: shared }).open('run')
    shared.exec('BEGIN')
    await expect(journal.append(['lost'])).rejects.toThrow(/a handle of its own/)
    shared.exec('ROLLBACK')
    shared.close()
  })
  it('holds a file that is no database: damage, not an empty journal', async () => {
    const file = newFile()
    fs.writeFileSync(
      file,
      'no database at all, but long enough to be taken for a header '.repeat(9),
    )
    expect(await codeOf(overFile(file).open('run'))).toBe('JOURNAL_CORRUPT')
    expect(await codeOf(overFile(file).read('run'))).toBe('JOURNAL_CORRUPT')
  })
  it("holds tables of another making under the journal's names", async () => {
    const file = newFile()
    openLibsql(file).exec('CREATE TABLE killpoint_runs (a)')
    expect(await codeOf(overFile(file).open('run'))).toBe('NOT_A_JOURNAL')
    expect(await codeOf(overFile(file).read('run'))).toBe('NOT_A_JOURNAL')
  })
  it('holds a journal of a later format', async () => {
    const file = newFile()
    await (await overFile(file).open('run')).close()
    openLibsql(file).exec('UPDATE killpoint_format SET version = 2')
    expect(await codeOf(overFile(file).open('run'))).toBe('FORMAT_VERSION')
  })
})

describe('sqlite journal: trouble', () => {
  it('a writer that holds the lock for longer than the bound: the append fails and poisons', async () => {
    const file = newFile()
    const journal = await overFile(file).open('run')
    const other = openLibsql(file)
    other.exec('BEGIN IMMEDIATE')
    expect(await codeOf(journal.append(['lost']))).toBe('STORAGE')
    other.exec('ROLLBACK')
    expect(await codeOf(journal.append(['later']))).toBe('JOURNAL_POISONED')
    const next = await overFile(file).open('run')
    expect(next.recovered).toEqual([])
  })
  it('a reader waits for no writer', async () => {
    const file = newFile()
    const journal = await overFile(file).open('run')
    await journal.append(['kept'])
    const other = openLibsql(file)
    other.exec('BEGIN IMMEDIATE')
    expect(bodiesOf((await overFile(file).read('run'))?.records)).toEqual(['kept'])
    other.exec('ROLLBACK')
  })
  it('a full disk: the append fails, and what was acknowledged is there', async () => {
    const file = newFile()
    const backend = overFile(file, (handle) => handle.exec('PRAGMA max_page_count = 20'))
    const journal = await backend.open('run')
    await journal.append(['kept'])
    const outcome = await outcomeOf(journal.append(['x'.repeat(100_000)]))
    expect(String(outcome.kind === 'error' && outcome.error)).toMatch(/free some space/)
    expect(await codeOf(journal.append(['later']))).toBe('JOURNAL_POISONED')
    expect(bodiesOf((await overFile(file).open('run')).recovered)).toEqual(['kept'])
  })
  it('an append beyond bytesMax is refused and leaves nothing', async () => {
    const database = () => openLibsql(newFile())
    const journal = await sqliteJournal({ database, bytesMax: 1000 }).open('run')
    expect(await codeOf(journal.append(['x'.repeat(600), 'y'.repeat(600)]))).toBe(
      'RECORD_TOO_LARGE',
    )
    expect(await journal.append(['fits'])).toBe(1)
  })
})

describe('sqlite journal: damage of the file', () => {
  it('any byte of it, changed: the same records, or an error; never fewer, never none', async () => {
    const file = newFile()
    const expected: string[] = []
    for (let life = 0; life < 3; life++) {
      const journal = await overFile(file).open('run')
      for (let index = 0; index < 4; index++) {
        expected.push(`record ${life}/${index} ${'x'.repeat(90)}`)
        await journal.append(expected.slice(-1))
      }
      await journal.close()
    }
    openLibsql(file).exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const whole = fs.readFileSync(file)
    const outcomes = new Map<string, number>()
    // One byte in 31: the file has some 30 000.
    for (let at = 0; at < whole.length; at += 31) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
      const copy = path.join(dir, 'damaged.db')
      fs.rmSync(`${copy}-wal`, { force: true })
      fs.rmSync(`${copy}-shm`, { force: true })
      fs.writeFileSync(copy, damaged)
      const outcome = await outcomeOf(overFile(copy).read('run'))
      if (outcome.kind === 'value')
        expect(bodiesOf(outcome.value?.records), `byte ${at}`).toEqual(expected)
      const kind = outcome.kind === 'value' ? 'whole' : (outcome.error as { code: string }).code
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
    }
    expect([...outcomes.keys()].sort()).toEqual(
      expect.arrayContaining(['JOURNAL_CORRUPT', 'whole']),
    )
    expect(outcomes.get('JOURNAL_CORRUPT')).toBeGreaterThan(50)
  })
})
