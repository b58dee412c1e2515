import { describe, expect, test } from 'vitest'
import type { Journal } from '../../../src/journal.ts'
import { bodiesOf } from '../../../harness/conformance/law-asserts.ts'
import type { Fate, Op } from '../../support/sim-disk.ts'
import { emptySimDisk, type SimLife, SimMachine, simRuns } from '../../support/sim-journal.ts'

const segment = `${simRuns}/run/000001.log`

async function openRun(
  fate?: (op: Op) => Fate,
  options = {},
): Promise<{ readonly machine: SimMachine; readonly life: SimLife; readonly journal: Journal }> {
  const machine = new SimMachine(await emptySimDisk())
  const life = machine.start(fate, options)
  return { machine, life, journal: await life.backend.open('run') }
}

describe('an append', () => {
  test('is one write, one sync, one look for a newer segment, one at its own name', async () => {
    const { life, journal } = await openRun()
    await journal.append(['first'])
    const before = life.process.ops.length
    await journal.append(['second', 'of', 'one batch'])
    const ops = life.process.ops.slice(before).map(({ kind, path }) => `${kind} ${path}`)
    const file = expect.stringMatching(/^write .*000001.*tmp$/) as string
    expect(ops).toEqual([
      file,
      expect.stringMatching(/^sync /) as string,
      `exists ${simRuns}/run/000002.log`,
      `is-visible ${segment}`,
    ])
  })

  test('joins those of the same turn in one batch, and those under way form the next', async () => {
    const { machine, journal } = await openRun()
    const first = Array.from({ length: 10 }, (_, index) => journal.append([index]))
    await new Promise(setImmediate)
    const second = Array.from({ length: 5 }, (_, index) => journal.append([10 + index]))
    expect(await Promise.all([...first, ...second])).toEqual(
      Array.from({ length: 15 }, (_, index) => index + 1),
    )
    const lines = machine.disk.bytesOf(segment).toString('utf8').split('\n').slice(2)
    const batches = lines.filter((line) => line.includes('"batch"'))
    expect(batches.map((line) => /"records":(\d+)/.exec(line)?.[1])).toEqual(['10', '5'])
  })

  test('is not acknowledged before its sync has ended, while the event loop runs', async () => {
    let syncing: (() => void) | undefined
    let gate = false
    const { journal } = await openRun(({ kind }) =>
      gate && kind === 'sync'
        ? { kind: 'pause', until: new Promise((resolve) => (syncing = resolve)) }
        : { kind: 'go' },
    )
    gate = true
    let acknowledged = false
    const appended = journal.append(['a']).then(() => (acknowledged = true))
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    expect(acknowledged).toBe(false)
    syncing?.()
    await appended
  })

  test('groups are cut at a size, and no append is cut in two', async () => {
    const { machine, journal } = await openRun(undefined, { inlineBytesMax: 1 << 20 })
    const body = 'x'.repeat(300_000)
    await Promise.all(Array.from({ length: 6 }, () => journal.append([body, 'end'])))
    const batches = machine.disk.bytesOf(segment).toString('latin1').split('\n')
    const records = batches.map((line) => /"records":(\d+),"seq"/.exec(line)?.[1])
    expect(records.filter((count) => count !== undefined)).toEqual(['6', '6'])
  })
})

describe('closing', () => {
  test('leaves an end marker and no filler', async () => {
    const { machine, journal } = await openRun()
    await journal.append(['a'])
    expect(machine.disk.bytesOf(segment).length).toBe(4096)
    await journal.close()
    const text = machine.disk.bytesOf(segment).toString('utf8')
    expect(text.split('\n').at(-2)).toContain('"end":"closed"')
    expect(text.endsWith('}\n')).toBe(true)
  })

  test('of a life whose append failed writes nothing more', async () => {
    let fail = false
    const { machine, life, journal } = await openRun(({ kind }) =>
      fail && kind === 'sync' ? { kind: 'fail', code: 'EIO' } : { kind: 'go' },
    )
    await journal.append(['a'])
    fail = true
    const before = life.process.ops.length
    await expect(journal.append(['b'])).rejects.toMatchObject({ code: 'STORAGE' })
    await journal.close()
    expect(life.process.ops.slice(before).map(({ kind }) => kind)).toEqual([
      'write',
      'sync',
      'close',
    ])
    expect(machine.disk.bytesOf(segment).toString('latin1')).not.toContain('"end"')
  })

  test('of a life that cannot write its end marker says so, and loses nothing', async () => {
    let fail = false
    const { life, journal } = await openRun(({ kind }) =>
      fail && kind === 'write' ? { kind: 'fail', code: 'ENOSPC' } : { kind: 'go' },
    )
    await journal.append(['a'])
    fail = true
    await expect(journal.close()).rejects.toMatchObject({ code: 'STORAGE' })
    const next = await life.backend.open('run').catch((error: unknown) => error)
    expect(next).toMatchObject({ code: 'STORAGE' })
    fail = false
    const last = await life.backend.open('run')
    expect(bodiesOf(last.recovered)).toEqual(['a'])
    expect(last.lives.map(({ ended }) => ended)).toEqual(['died'])
  })
})
