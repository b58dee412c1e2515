/**
 * Bad input and bad luck: each has its typed error, which names the file and says what to do.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { KillpointError, systemCode } from '../../../src/errors.ts'
import { fileJournal } from '../../../src/file-journal.ts'
import type { JournalBackend } from '../../../src/journal.ts'
import { bodiesOf, outcomeOf } from '../../../harness/conformance/law-asserts.ts'
import { temporaryDirectory } from '../../support/bundle.ts'
import type { Fate, Op, OpKind } from '../../support/sim-disk.ts'
import { emptySimDisk, SimMachine, simRuns } from '../../support/sim-journal.ts'

const root = temporaryDirectory('bad-input')
let places = 0

afterAll(() => fs.rmSync(root, { recursive: true }))

/** A new directory and a backend over it. */
function newPlace(): { readonly dir: string; readonly backend: JournalBackend } {
  const dir = path.join(root, String(++places), 'runs')
  return { dir, backend: fileJournal({ dir }) }
}

describe('a directory that is not ours', () => {
  test('a run directory with other files in it is refused and left alone', async () => {
    const { dir, backend } = newPlace()
    fs.mkdirSync(path.join(dir, 'run'), { recursive: true })
    fs.writeFileSync(path.join(dir, 'run', 'letter.txt'), 'dear')
    await expectRefusal(backend.open('run'), 'NOT_A_JOURNAL', 'letter.txt')
    expect(await backend.read('run')).toBeUndefined()
    expect(fs.readdirSync(path.join(dir, 'run'))).toEqual(['letter.txt'])
  })

  test('a log of another program under a name of ours is refused', async () => {
    const { dir, backend } = newPlace()
    fs.mkdirSync(path.join(dir, 'run'), { recursive: true })
    fs.writeFileSync(path.join(dir, 'run', '000001.log'), '2024-01-01 started\n2024-01-02 up\n')
    await expectRefusal(backend.open('run'), 'NOT_A_JOURNAL', '000001.log')
    await expectRefusal(backend.read('run'), 'NOT_A_JOURNAL', '000001.log')
  })

  test.each([
    ['in place of the run directory', 'runs/run'],
    ['in place of the directory of all runs', 'runs'],
  ])('a file %s is refused', async (_, file) => {
    const { dir, backend } = newPlace()
    const full = path.join(path.dirname(dir), file)
    fs.mkdirSync(path.dirname(full), { recursive: true })
    fs.writeFileSync(full, '')
    await expectRefusal(backend.open('run'), 'NOT_A_JOURNAL', path.basename(full))
    await expectRefusal(backend.read('run'), 'NOT_A_JOURNAL', path.basename(full))
  })

  test('a segment that belongs to another run, or another number, is refused', async () => {
    const { dir, backend } = newPlace()
    const journal = await backend.open('one')
    await journal.append(['mine'])
    await journal.close()
    fs.cpSync(path.join(dir, 'one'), path.join(dir, 'two'), { recursive: true })
    await expectRefusal(backend.open('two'), 'JOURNAL_CORRUPT', 'run one')
    const segment = path.join(dir, 'one', '000001.log')
    fs.copyFileSync(segment, path.join(dir, 'one', '000002.log'))
    await expectRefusal(backend.open('one'), 'JOURNAL_CORRUPT', 'epoch 1')
  })
})

test('a run of a newer format is refused, and salvage says so', async () => {
  const { dir, backend } = newPlace()
  fs.mkdirSync(path.join(dir, 'run'), { recursive: true })
  fs.writeFileSync(path.join(dir, 'run', '000001.log'), '{"crc":"00000000","killpoint":2,"x":1}\n')
  for (const call of [backend.open, backend.read]) {
    await expectRefusal(call('run'), 'FORMAT_VERSION', 'format 2')
  }
  const salvaged = await backend.salvage?.('run')
  expect(salvaged?.leftOut[0]?.reason).toContain('format 2')
})

describe('what a dead maker left behind', () => {
  test('an empty run directory is no run, and becomes one', async () => {
    const { dir, backend } = newPlace()
    fs.mkdirSync(path.join(dir, 'run'), { recursive: true })
    expect(await backend.read('run')).toBeUndefined()
    const journal = await backend.open('run')
    expect(journal.epoch).toBe(1)
    await journal.close()
  })

  test('temporary files are removed by the next owner, and other files are not', async () => {
    const { dir, backend } = newPlace()
    const run = path.join(dir, 'run')
    fs.mkdirSync(path.join(run, 'inbox'), { recursive: true })
    for (const name of ['000001.dead.tmp', '000009.later.tmp'])
      fs.writeFileSync(path.join(run, name), '')
    const journal = await backend.open('run')
    await journal.close()
    expect(fs.readdirSync(run).sort()).toEqual(['000001.log', '000009.later.tmp', 'inbox'])
  })

  test('a gap in the numbers, which a power loss can leave, is never filled', async () => {
    const { dir, backend } = newPlace()
    const journal = await backend.open('run')
    await journal.append(['a'])
    await journal.close()
    fs.writeFileSync(path.join(dir, 'run', '000003.log'), '')
    const next = await backend.open('run')
    expect(next.epoch).toBe(4)
    expect(bodiesOf(next.recovered)).toEqual(['a'])
    expect(await next.append(['b'])).toBe(2)
    await next.close()
  })

  test.each([
    ['nothing at all', ''],
    ['zeros', '\0'.repeat(300)],
    ['the beginning of a header', '{"crc":"0123'],
    ['garbage', '\x01\x02\xff\n\xfe'],
  ])('a first segment that holds %s, after a power loss, is an empty run', async (_, content) => {
    const { dir, backend } = newPlace()
    fs.mkdirSync(path.join(dir, 'run'), { recursive: true })
    fs.writeFileSync(path.join(dir, 'run', '000001.log'), content, 'latin1')
    expect(await backend.read('run')).toMatchObject({ epoch: 1, records: [] })
    const journal = await backend.open('run')
    expect(journal.epoch).toBe(2)
    expect(journal.lives).toMatchObject([{ epoch: 1, batches: 0, ended: 'died' }])
    await journal.close()
  })
})

describe('the storage says no', () => {
  const refusals: readonly (readonly [string, OpKind, string, string])[] = [
    ['EACCES', 'make-directory', 'STORAGE', 'right to read and write'],
    ['EROFS', 'make-directory', 'STORAGE', 'read-only'],
    ['EACCES', 'list', 'JOURNAL_UNREADABLE', 'right to read and write'],
    ['EMFILE', 'list', 'JOURNAL_UNREADABLE', 'too many files'],
    ['ENOSPC', 'create', 'STORAGE', 'free some space'],
    ['EPERM', 'link', 'STORAGE', 'hard links'],
    ['EIO', 'sync-directory', 'STORAGE', 'check it'],
    ['EIO', 'sync', 'STORAGE', 'check it'],
    ['ENOSPC', 'write', 'STORAGE', 'free some space'],
    ['EIO', 'exists', 'STORAGE', 'check it'],
  ]

  test.each(refusals)('%s at the first %s of an open', async (code, kind, expected, hint) => {
    const machine = new SimMachine(await emptySimDisk())
    const failing = machine.start(once(kind, code))
    const outcome = await outcomeOf(failing.backend.open('run'))
    const { error } = outcome as { readonly error: KillpointError }
    expect(error.code).toBe(expected)
    expect(error.hint).toContain(hint)
    expect(systemCode(error.cause)).toBe(code)
    expect(error.details['path']).toMatch(/^\//)
    const journal = await failing.backend.open('run')
    expect(await journal.append(['on'])).toBe(1)
  })

  test.each(['open', 'read', 'list'] as const)(
    'EACCES at a %s of a reader is not "not found"',
    async (kind) => {
      const machine = new SimMachine(await emptySimDisk())
      const writer = await machine.start().backend.open('run')
      await writer.append(['a'])
      const { backend } = machine.start(once(kind, 'EACCES'))
      await expectRefusal(backend.read('run'), 'JOURNAL_UNREADABLE', 'EACCES')
      expect(bodiesOf((await backend.read('run'))?.records)).toEqual(['a'])
    },
  )

  test('writes that are cut short are gone on with', async () => {
    const machine = new SimMachine(await emptySimDisk())
    const short = (op: Op): Fate =>
      op.kind === 'write' && op.bytes > 3 ? { kind: 'short', written: 3 } : { kind: 'go' }
    const writer = machine.start(short, { inlineBytesMax: 50 })
    const journal = await writer.backend.open('run')
    await journal.append(['a', 'large '.repeat(20)])
    await journal.close()
    const next = await machine.start().backend.open('run')
    expect(bodiesOf(next.recovered)).toEqual(['a', 'large '.repeat(20)])
  })

  test('a disk that is full and then is not: what was acknowledged is there, what was not is not half there', async () => {
    const machine = new SimMachine(await emptySimDisk())
    let full = false
    const { backend } = machine.start(({ kind, bytes }) =>
      full && kind === 'write'
        ? { kind: 'fail', code: 'ENOSPC', writtenFirst: Math.floor(bytes / 2) }
        : { kind: 'go' },
    )
    const journal = await backend.open('run')
    await journal.append(['kept'])
    full = true
    const appends = [journal.append(['a', 'b']), journal.append(['c'])].map(outcomeOf)
    expect(await Promise.all(appends)).toMatchObject([
      { kind: 'error', error: { code: 'STORAGE' } },
      { kind: 'error', error: { code: 'STORAGE' } },
    ])
    await journal.close()
    full = false
    const next = await backend.open('run')
    expect(bodiesOf(next.recovered)).toEqual(['kept'])
    expect(next.repaired).toMatchObject({ file: `${simRuns}/run/000001.log` })
    expect(await next.append(['on'])).toBe(2)
  })

  test('a segment that is removed under its owner: the next append is not acknowledged', async () => {
    const { dir, backend } = newPlace()
    const journal = await backend.open('run')
    await journal.append(['a'])
    fs.rmSync(path.join(dir, 'run'), { recursive: true })
    await expectRefusal(journal.append(['b']), 'STORAGE', 'removed')
    await expectRefusal(journal.append(['c']), 'JOURNAL_POISONED', 'removed')
    await journal.close()
  })

  test('a run without read permission cannot be read, and hides no other', async () => {
    const { dir, backend } = newPlace()
    for (const id of ['closed', 'open']) await (await backend.open(id)).close()
    const closed = path.join(dir, 'closed')
    fs.chmodSync(closed, 0)
    await asNobody(dir, async () => {
      await expectRefusal(backend.read('closed'), 'JOURNAL_UNREADABLE', 'EACCES')
      await expectRefusal(backend.open('closed'), 'JOURNAL_UNREADABLE', 'EACCES')
      expect(await backend.read('open')).toMatchObject({ runId: 'open' })
    })
    fs.chmodSync(closed, 0o755)
  })
})

/** Root may read everything: where the tests are run by root, the work is done as somebody who may not. */
async function asNobody(dir: string, work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work()
  for (let at = dir; at !== os.tmpdir(); at = path.dirname(at)) fs.chmodSync(at, 0o755)
  process.seteuid?.(65534)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('what is too large', () => {
  test('a record over the limit is refused before anything is written', async () => {
    const { dir, backend: _ } = newPlace()
    const backend = fileJournal({ dir, bytesMax: 100 })
    const journal = await backend.open('run')
    await expectRefusal(journal.append(['ok', 'x'.repeat(100)]), 'RECORD_TOO_LARGE', 'bodies[1]')
    await expectRefusal(journal.append(['é'.repeat(50)]), 'RECORD_TOO_LARGE', '102 bytes')
    const many = Array.from({ length: 20 }, () => 'xxxxxx')
    await expectRefusal(journal.append(many), 'RECORD_TOO_LARGE', 'one append')
    expect(await journal.append(['x'.repeat(98)])).toBe(1)
    await journal.close()
  })

  test('a body of a gigabyte is refused', async () => {
    const { backend } = newPlace()
    const journal = await backend.open('run')
    const part = 'x'.repeat(1 << 28)
    await expectRefusal(journal.append([[part, part, part, part]]), 'RECORD_TOO_LARGE', 'bodies[0]')
    await journal.close()
  })
})

test.each([Number.NaN, -1, 8.64e15 + 1, 0])('a clock that says %d stops nobody', async (now) => {
  const { dir } = newPlace()
  const clock = { now: () => now, until: async () => undefined }
  const journal = await fileJournal({ dir, clock }).open('run')
  expect(await journal.append(['a'])).toBe(1)
  await journal.close()
})

test.each([
  [{ dir: '' }, 'dir'],
  [{ dir: 'a\0b' }, 'dir'],
  [{ dir: '/a', vouchedDir: '/b' }, 'vouchedDir'],
  [{ dir: '/a', vouchedDir: '/a/b' }, 'vouchedDir'],
  [{ dir: '/a', bytesMax: 0 }, 'bytesMax'],
  [{ dir: '/a', bytesMax: 2 ** 40 }, 'bytesMax'],
  [{ dir: '/a', inlineBytesMax: -1 }, 'inlineBytesMax'],
  [{ dir: '/a', presizeBytesMax: 0.5 }, 'presizeBytesMax'],
])('options %j are refused', (options, named) => {
  expect(() => fileJournal(options)).toThrow(named)
})

describe('listing', () => {
  test('names what is a run, and nothing else', async () => {
    const { dir, backend } = newPlace()
    expect(await listed(backend)).toEqual([])
    await (await backend.open('Run')).close()
    const life = await backend.open('b')
    fs.mkdirSync(path.join(dir, 'empty'))
    fs.mkdirSync(path.join(dir, 'NOT OURS'))
    fs.writeFileSync(path.join(dir, 'file'), '')
    expect(await listed(backend)).toEqual(['Run 1', 'b 1'])
    await life.close()
  })

  test('tells of a run that it cannot look into, after all the others', async () => {
    const machine = new SimMachine(await emptySimDisk())
    for (const id of ['a', 'b', 'c']) await (await machine.start().backend.open(id)).close()
    const { backend } = machine.start((op) =>
      op.kind === 'list' && op.path.endsWith('/b')
        ? { kind: 'fail', code: 'EACCES' }
        : { kind: 'go' },
    )
    const seen: string[] = []
    const listing = async (): Promise<void> => {
      for await (const { runId } of backend.list?.() ?? []) seen.push(runId)
    }
    await expectRefusal(listing(), 'JOURNAL_UNREADABLE', 'b')
    expect(seen).toEqual(['a', 'c'])
  })
})

async function listed(backend: JournalBackend): Promise<readonly string[]> {
  const seen: string[] = []
  for await (const { runId, epoch } of backend.list?.() ?? []) seen.push(`${runId} ${epoch}`)
  return seen.sort()
}

async function expectRefusal(call: Promise<unknown>, code: string, text: string): Promise<void> {
  const outcome = await outcomeOf(call)
  expect(outcome).toMatchObject({ kind: 'error' })
  const { error } = outcome as { readonly error: KillpointError }
  expect(error).toBeInstanceOf(KillpointError)
  expect(error.code, String(error)).toBe(code)
  expect(error.message).toContain(text)
  expect(error.hint).toBeTypeOf('string')
}

/** Fails the first op of a kind. */
function once(kind: OpKind, code: string): (op: Op) => Fate {
  let failed = false
  return (op) => {
    if (failed || op.kind !== kind) return { kind: 'go' }
    failed = true
    return { kind: 'fail', code }
  }
}
