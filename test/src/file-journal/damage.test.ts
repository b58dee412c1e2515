/**
 * Every byte of a run, flipped and cut off: what was committed is there unchanged, or the reader is told.
 */
import { describe, expect, test } from 'vitest'
import type { JournalBackend } from '../../../src/journal.ts'
import type { JsonValue } from '../../../src/json.ts'
import {
  assertEqual,
  assertTrue,
  bodiesOf,
  outcomeOf,
} from '../../../harness/conformance/law-asserts.ts'
import type { SimDisk } from '../../support/sim-disk.ts'
import { emptySimDisk, SimMachine, simRuns } from '../../support/sim-journal.ts'

const runId = 'run'
const options = { inlineBytesMax: 60, presizeBytesMax: 2000 }
const loud = ['JOURNAL_CORRUPT', 'NOT_A_JOURNAL', 'FORMAT_VERSION']

interface Damaged {
  readonly disk: SimDisk
  readonly bodies: readonly JsonValue[]
  /** Records of the batch at the very end. */
  readonly last: number
}

/** Three lives: the first closed, the second died, the third lives, or closed. */
async function threeLives(end: 'open' | 'closed'): Promise<Damaged> {
  const machine = new SimMachine(await emptySimDisk())
  const bodies: JsonValue[] = []
  const add = (...added: JsonValue[]): JsonValue[] => {
    bodies.push(...added)
    return added
  }
  const first = machine.start(undefined, options)
  const one = await first.backend.open(runId)
  await one.append(add('a1'))
  await one.append(add('a2', { b: 'ü' }))
  await one.append(add('x'.repeat(70)))
  await one.close()
  const second = machine.start(undefined, options)
  const two = await second.backend.open(runId)
  await two.append(add('c1'))
  await two.append(add('c2', 'c3'))
  second.process.kill()
  const three = await machine.start(undefined, options).backend.open(runId)
  for (let index = 1; index <= 6; index++) await three.append(add(`d${index}`))
  await three.append(add('d7', 'd8'))
  if (end === 'closed') await three.close()
  machine.killAll()
  return { disk: machine.disk, bodies, last: 2 }
}

const segments = [1, 2, 3].map((epoch) => `${simRuns}/${runId}/00000${epoch}.log`)

describe.each(['open', 'closed'] as const)('damage to a run whose last life is %s', (end) => {
  test.each(segments)('a flipped bit anywhere in %s is seen, or changes nothing', async (file) => {
    const { disk, bodies, last } = await threeLives(end)
    const length = contentLength(disk.bytesOf(file))
    const seen = { loud: 0, whole: 0, short: 0 }
    for (let at = 0; at < length; at++) {
      const flip = (bytes: Buffer): Buffer => {
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
        return bytes
      }
      seen[await judge(disk, file, flip, bodies, last)]++
    }
    // The stated limit: the very last batch of a life that did not close looks like a torn append.
    const exempt = end === 'open' && file === segments[2] ? lastLines(disk, file, last) : 0
    expect(seen.short).toBe(exempt)
    expect(seen.loud).toBeGreaterThan(0)
  })

  test.each(segments)('%s cut anywhere is seen, or changes nothing', async (file) => {
    const { disk, bodies } = await threeLives(end)
    const bytes = disk.bytesOf(file)
    const length = contentLength(bytes)
    const seen = { loud: 0, whole: 0, short: 0 }
    const silent: number[] = []
    for (let at = 0; at < length; at++) {
      const verdict = await judgeCut(disk, file, at, bodies)
      if (verdict === 'silent') silent.push(at)
      else seen[verdict]++
    }
    if (file === segments[2]) {
      // The stated limit: cut in its first lines, or in front of the second batch, the newest segment looks like one whose
      // life had only begun; and the first batch is the one that made it longer.
      const firstLines = bytes.toString('latin1').split('\n').slice(0, 4)
      expect(Math.max(...silent)).toBe(firstLines.join('\n').length)
    } else {
      expect(silent).toEqual([])
    }
    expect(seen.loud).toBeGreaterThan(0)
  })

  test('a segment that is gone is seen, unless it is the newest', async () => {
    const { disk, bodies } = await threeLives(end)
    for (const file of segments.slice(0, 2)) {
      const copy = disk.clone()
      copy.setEntry(file, undefined)
      const outcome = await outcomeOf(backendOn(copy).read(runId))
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'JOURNAL_CORRUPT' } })
      const salvaged = await backendOn(copy).salvage?.(runId)
      assertPart(salvaged?.records ?? [], bodies)
      expect(salvaged?.leftOut).not.toEqual([])
    }
  })

  test('a damaged or missing blob is seen, by file and seq', async () => {
    const { disk, bodies } = await threeLives(end)
    const blob = disk.paths().find((name) => name.includes('/blobs/')) ?? ''
    for (const spoil of [
      (copy: SimDisk) => copy.setEntry(blob, undefined),
      (copy: SimDisk) => copy.damage(blob, (bytes) => bytes.subarray(1)),
      (copy: SimDisk) => copy.damage(blob, (bytes) => bytes.fill(0x41, 3, 4)),
    ]) {
      const copy = disk.clone()
      spoil(copy)
      const outcome = await outcomeOf(backendOn(copy).open(runId, { takeover: 'always' }))
      const error = { code: 'JOURNAL_CORRUPT', details: { file: blob, offset: 0, seq: 4 } }
      expect(outcome).toMatchObject({ kind: 'error', error })
      const salvaged = await backendOn(copy).salvage?.(runId)
      assertPart(salvaged?.records ?? [], bodies)
      expect(salvaged?.records).toHaveLength(bodies.length - 1)
      expect(salvaged?.leftOut).toMatchObject([{ seq: 4 }])
    }
  })
})

test('a flipped bit in the last batch of a life that closed is seen, though its file was not made longer', async () => {
  const machine = new SimMachine(await emptySimDisk())
  const journal = await machine.start(undefined, { presizeBytesMax: 0 }).backend.open(runId)
  await journal.append(['a'])
  await journal.append(['b'])
  await journal.close()
  const file = segments[0] ?? ''
  const text = machine.disk.bytesOf(file).toString('latin1')
  const start = text.lastIndexOf('{"crc"', text.indexOf('"body":"b"'))
  for (let at = start; at < text.indexOf('\n', start); at++) {
    const flip = (bytes: Buffer): Buffer => {
      bytes[at] = (bytes[at] ?? 0) ^ 1
      return bytes
    }
    expect(await lookAt(machine.disk, file, flip, ['a', 'b'])).toBe('loud')
  }
})

test("header and seal in each other's place are seen in a run of one life", async () => {
  const machine = new SimMachine(await emptySimDisk())
  const journal = await machine.start(undefined, options).backend.open(runId)
  await journal.append(['a'])
  await journal.append(['b'])
  await journal.close()
  const swap = (bytes: Buffer): Buffer => {
    const [header, seal, ...rest] = bytes.toString('latin1').split('\n')
    return Buffer.from([seal, header, ...rest].join('\n'), 'latin1')
  }
  expect(await lookAt(machine.disk, segments[0] ?? '', swap, ['a', 'b'])).toBe('loud')
})

test('salvage of every flipped byte gives only what was committed, and says what is missing', async () => {
  const { disk, bodies, last } = await threeLives('open')
  for (const file of segments) {
    const length = contentLength(disk.bytesOf(file))
    for (let at = 0; at < length; at += 7) {
      const copy = disk.clone()
      copy.damage(file, (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ 1
        return bytes
      })
      const salvaged = await backendOn(copy).salvage?.(runId)
      const records = salvaged?.records ?? []
      assertPart(records, bodies)
      const missing = bodies.length - records.length
      const told = (salvaged?.leftOut.length ?? 0) > 0
      assertTrue(
        missing === 0 || told || missing === last,
        `${file} byte ${at}: ${missing} missing`,
      )
    }
  }
})

/** What a reader is told of a run of which `change` has happened to one file. */
async function judge(
  disk: SimDisk,
  file: string,
  change: (bytes: Buffer) => Buffer,
  bodies: readonly JsonValue[],
  last: number,
): Promise<'loud' | 'whole' | 'short'> {
  const verdict = await lookAt(disk, file, change, bodies)
  if (verdict === 'loud' || verdict === 'whole') return verdict
  assertEqual(verdict, bodies.slice(0, -last), `${file} was damaged, and this was read`)
  return 'short'
}

async function judgeCut(
  disk: SimDisk,
  file: string,
  at: number,
  bodies: readonly JsonValue[],
): Promise<'loud' | 'whole' | 'silent'> {
  const verdict = await lookAt(disk, file, (bytes) => bytes.subarray(0, at), bodies)
  if (verdict === 'loud' || verdict === 'whole') return verdict
  assertEqual(verdict, bodies.slice(0, verdict.length), 'what is left is a prefix')
  return 'silent'
}

async function lookAt(
  disk: SimDisk,
  file: string,
  change: (bytes: Buffer) => Buffer,
  bodies: readonly JsonValue[],
): Promise<'loud' | 'whole' | readonly JsonValue[]> {
  const copy = disk.clone()
  copy.damage(file, change)
  const outcome = await outcomeOf(backendOn(copy).read(runId))
  if (outcome.kind === 'error') {
    const { code } = outcome.error as { readonly code?: string }
    assertTrue(loud.includes(code ?? ''), `a typed error: ${String(outcome.error)}`)
    return 'loud'
  }
  const read = bodiesOf(outcome.value?.records)
  return JSON.stringify(read) === JSON.stringify(bodies) ? 'whole' : read
}

function backendOn(disk: SimDisk): JournalBackend {
  return new SimMachine(disk, 2).start(undefined, options).backend
}

/** Each record is one of those committed, in its place. */
function assertPart(
  records: readonly { readonly seq: number; readonly body: JsonValue }[],
  bodies: readonly JsonValue[],
): void {
  for (const { seq, body } of records) assertEqual(body, bodies[seq - 1], `record ${seq}`)
}

function contentLength(bytes: Buffer): number {
  return bytes.toString('latin1').trimEnd().length + 1
}

/** Bytes of the last lines of a segment. */
function lastLines(disk: SimDisk, file: string, count: number): number {
  const lines = disk.bytesOf(file).toString('latin1').trimEnd().split('\n')
  return lines.slice(-count).join('\n').length + 1
}
