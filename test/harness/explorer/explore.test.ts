import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workloadOfSeed } from '../../../harness/campaign/group.ts'
import { compareImages, rebuildDirectory } from '../../../harness/directory-image.ts'
import { CrashBench } from '../../../harness/explorer/crash-bench.ts'
import type { ScenarioExplored } from '../../../harness/explorer/explore.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'
import { largePayloads } from '../../../scenarios/large-payloads.ts'

import { explored } from './explored.ts'

describe('explorer: the reference runtime', () => {
  test('shows nothing, whatever the number of jobs, and says the same of it', async () => {
    const part = { harms: ['kill', 'power-loss', 'error', 'rot'], perKind: true } as const
    const [one, two] = await Promise.all([
      explored({ ...part, jobs: 1 }),
      explored({ ...part, jobs: 2 }),
    ])
    expect(one).toMatchObject({ verdict: 'HOLDS', findings: [] })
    expect(one.counts.checked).toBeGreaterThan(100)
    const same = ({ counts, ...rest }: ScenarioExplored): unknown => {
      const { exists, built, images, checked, nested } = counts
      return { ...rest, exists, built, images, checked, nested }
    }
    expect(same(two)).toEqual(same(one))
    const { recoveries = [] } = one
    expect(recoveries.length).toBeGreaterThan(10)
    // A header that was never published is not read.
    expect(recoveries.filter(({ cost }) => (cost?.readBytes ?? 0) > 0).length).toBeGreaterThan(10)
    for (const { engine, bytes, cost, ms } of recoveries) {
      expect(cost?.readBytes).toBeLessThan(4 * bytes)
      expect([engine, ms]).toEqual(['explorer', undefined])
    }
  })
})

describe('explorer: planted bugs that no kill shows', () => {
  test('no sync before the ack: LOST_COMMIT, confirmed by processes, with the write that is lost', async () => {
    const planted = { file: 'src/file-journal/segment-writer.ts', find: 'await this.#sync()' }
    const { findings, verdict } = await explored({
      harms: ['power-loss'],
      planted,
      until: 'LOST_COMMIT',
    })
    expect(verdict).toBe('LOST_COMMIT')
    const [first] = findings
    expect(first).toMatchObject({ verdict: 'LOST_COMMIT', invariant: 'S1', isConfirmed: true })
    expect(first?.guilty).toContain('write run/000001')
    expect(first?.guilty).toContain('src/file-journal/segment-writer.ts')
  })

  test('no sync of the directory of the segment: LOST_COMMIT', async () => {
    const planted = {
      file: 'src/file-journal/open.ts',
      find: "await attempt('sync the directory', run.directory, () => fileSystem.syncDirectory(run.directory))",
    }
    const { findings } = await explored({
      harms: ['power-loss'],
      planted,
      until: 'LOST_COMMIT',
    })
    expect(findings.map((each) => each.verdict)).toContain('LOST_COMMIT')
    expect(findings.every(({ isConfirmed }) => isConfirmed)).toBe(true)
  })

  test('no copy of the last batch in a seal: a power loss behind a kill takes what was recovered', async () => {
    const planted = {
      file: 'src/file-journal/open.ts',
      find: 'copyOf === undefined ? { records, lives }',
      replace: 'lives !== undefined ? { records, lives }',
    }
    const { verdict, findings } = await explored({ harms: ['power-loss'], planted })
    expect(verdict).not.toBe('HOLDS')
    expect(findings[0]?.schedule).toMatch(/^K\d+\+,P/)
  })

  test('a failed write that counts as written: FALSE_ACK', async () => {
    const planted = {
      file: 'src/file-journal/segment-writer.ts',
      find: "throw storageError('write to', this.#at.path, cause)",
      replace: 'void cause',
    }
    const { findings } = await explored({ harms: ['error'], planted, until: 'FALSE_ACK' })
    expect(findings.map((each) => each.verdict)).toContain('FALSE_ACK')
  })

  test('checksums that are not looked at: CORRUPT_ACCEPTED', async () => {
    const planted = {
      file: 'src/file-journal/frame.ts',
      find: 'return crc32(bytes.subarray(at + crcBytes, end), key) === crc',
      replace: 'return end > at',
    }
    const { findings } = await explored({ harms: ['rot'], planted, until: 'CORRUPT_ACCEPTED' })
    expect(findings.map((each) => each.verdict)).toContain('CORRUPT_ACCEPTED')
  })
})

describe('explorer: a bug that needs no fault', () => {
  test('a body that runs twice: the control is the case, and it is told as any other', async () => {
    const planted = {
      file: 'src/body.ts',
      find: 'const value = await unit.body(call)',
      replace: 'await unit.body(call); const value = await unit.body(call)',
    }
    const { verdict, findings, counts } = await explored({ planted })
    expect([verdict, counts.checked]).toEqual(['REDONE', 1])
    expect(findings).toMatchObject([
      { verdict: 'REDONE', invariant: 'S3', schedule: '-', isConfirmed: true },
    ])
    expect(findings[0]?.token).toMatch(/^kp1:loop:file:\w+:posix:-$/)
  })
})

describe('explorer: lives in memory', () => {
  test('a runtime that changes a built-in of its process is not explored, and it is said why', async () => {
    const planted = {
      file: 'src/checksum.ts',
      find: 'export function',
      replace: 'Reflect.set(Array.prototype, "leak", 1)\nexport function',
    }
    const { skipped, verdict } = await explored({ jobs: 1, planted })
    expect([verdict, skipped]).toEqual([
      'SKIPPED',
      'it changes Array.prototype.leak, which outlives it',
    ])
  })

  test('marks may be written to a ledger that was opened by its path', async () => {
    const planted = {
      file: 'harness/worker.ts',
      find: 'const written = writeSync(ledgerFd, line)',
      replace: `
        const fs = process.getBuiltinModule('node:fs')
        const own = fs.openSync(process.env.KILLPOINT_LEDGER ?? '', 'a')
        const written = fs.writeSync(own, line)
        fs.closeSync(own)`,
    }
    const { verdict, skipped, counts } = await explored({ harms: ['kill'], planted })
    expect([verdict, skipped]).toEqual(['HOLDS', undefined])
    expect(counts.checked).toBeGreaterThan(10)
  })

  test('a whole file may be read with a callback, which Node does by functions that it keeps', async () => {
    const planted = {
      file: 'src/file-system.ts',
      find: 'open: async (path) => readableFile(await',
      replace: `open: async (path) =>
        readableFile((await call((done) => fs.readFile(path, done)), 0) || await`,
    }
    expect(await explored({ harms: ['kill'], planted })).toMatchObject({
      verdict: 'HOLDS',
      findings: [],
    })
  })

  test('state of a module begins anew with every life', async () => {
    const planted = {
      file: 'src/checksum.ts',
      find: 'export function',
      replace:
        'let lives = 0\nlives += 1\nif (lives > 1) throw new Error("a module of another life")\nexport function',
    }
    expect(await explored({ jobs: 1, harms: ['kill'], planted })).toMatchObject({
      verdict: 'HOLDS',
    })
  })
})

describe('explorer: the file journal with blobs', () => {
  let bench: CrashBench
  beforeAll(async () => {
    bench = await CrashBench.open(fileSystemUnderTest())
  })
  afterAll(() => bench.close())

  test('its directory rebuilt from the trace is the real one byte for byte', async () => {
    const workload = workloadOfSeed(largePayloads, bench.system, 'abc')
    const order = bench.orderOf({ scenario: largePayloads, seed: 'abc', workload })
    const replayed = await bench.replay(order, parseSchedule('-'), true)
    if ('why' in replayed) throw new Error(replayed.why)
    const [life] = replayed.lives
    if (life?.trace === undefined) throw new Error('no trace')
    expect([...life.image.keys()].some((path) => path.includes('blobs'))).toBe(true)
    expect(compareImages(life.image, rebuildDirectory(life.trace))).toEqual([])
  })
})
