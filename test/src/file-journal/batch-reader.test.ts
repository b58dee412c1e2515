import { describe, expect, test } from 'vitest'
import { noProgress, type Progress, readBatches } from '../../../src/file-journal/batch-reader.ts'
import { ByteWindow } from '../../../src/file-journal/byte-window.ts'
import { batchLines, bodyText, endLine, type SummedLine } from '../../../src/file-journal/format.ts'
import type { ReadableFile } from '../../../src/file-system.ts'
import type { JournalRecord } from '../../../src/journal.ts'

const key = 77
const before = 5

/** The batches of a life whose first record is number 10. */
function batch(
  number: number,
  prev: number,
  seq: number,
  ...bodies: readonly string[]
): SummedLine {
  return batchLines({ key, prev, batch: number, seq }, bodies.map(bodyText))
}

const one = batch(1, before, 10, '"a"')
const two = batch(2, one.crc, 11, '"b"', '"ü"', '{"c":[1]}')
const three = batch(3, two.crc, 14, 'null')

async function read(
  ...lines: readonly SummedLine[]
): Promise<Progress & { readonly bodies: unknown }> {
  const bytes = Buffer.concat(lines.map(({ bytes }) => bytes))
  const file: ReadableFile = {
    // A few bytes at a time: every line is cut somewhere.
    read: async (target, position) => bytes.copy(target, 0, position, position + 37),
    size: async () => bytes.length,
    close: async () => undefined,
  }
  const records: JournalRecord[] = []
  const life = { epoch: 4, key, firstSeq: 10, presizeBytesMax: 0 }
  const window = new ByteWindow(file, 0, Infinity)
  const progress = await readBatches(window, life, noProgress(0, before), records, async () => null)
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => 10 + index))
  expect(records.every(({ epoch }) => epoch === 4)).toBe(true)
  return { ...progress, bodies: records.map(({ body }) => body) }
}

describe('batches', () => {
  test('are read in order, however the file is cut into reads', async () => {
    const progress = await read(one, two, three)
    expect(progress.bodies).toEqual(['a', 'b', 'ü', { c: [1] }, null])
    expect(progress).toMatchObject({ batches: 3, records: 5, prev: three.crc, end: undefined })
    expect(progress.last).toEqual({ text: three.bytes.toString().trimEnd(), records: 1 })
  })

  test('end at an end marker, which says how the life ended', async () => {
    const progress = await read(one, two, endLine('closed', key, two.crc))
    expect(progress).toMatchObject({ batches: 2, end: 'closed' })
    expect(progress.offset).toBe(one.bytes.length + two.bytes.length)
    expect(progress.last?.records).toBe(3)
  })

  test.each<[string, readonly SummedLine[]]>([
    ['a batch of another predecessor', [one, batch(2, one.crc + 1, 11, '"x"')]],
    ['a batch of another number', [one, batch(3, one.crc, 11, '"x"')]],
    ['a batch of another seq', [one, batch(2, one.crc, 12, '"x"')]],
    ['the same batch again', [one, one]],
    ['a swapped batch', [one, three, two]],
    [
      'a batch of another life',
      [one, batchLines({ key: key + 1, prev: one.crc, batch: 2, seq: 11 }, ['"body":1'])],
    ],
    ['an end marker of another place', [one, endLine('closed', key, two.crc)]],
    ['an end marker of another life', [one, endLine('closed', key + 1, one.crc)]],
  ])('end before %s, though its own checksum is right', async (_, lines) => {
    const progress = await read(...lines)
    expect(progress).toMatchObject({ batches: 1, offset: one.bytes.length, end: undefined })
    expect(progress.bodies).toEqual(['a'])
  })
})
