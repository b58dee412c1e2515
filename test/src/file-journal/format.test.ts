import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hex8 } from '../../../src/checksum.ts'
import {
  batchLines,
  bodyText,
  endLine,
  type Header,
  headerLine,
  type Seal,
  sealLine,
} from '../../../src/file-journal/format.ts'
import { batchEnd, emptyFrame, parseFrame, sumHolds } from '../../../src/file-journal/frame.ts'
import { parseEnd, parseHeader, parseSeal } from '../../../src/file-journal/parse.ts'

const owner = { host: 'h', boot: 'b', pidNamespace: 'n', pid: 1, start: '2', thread: 0 }
const header: Header = {
  run: 'run',
  epoch: 3,
  nonce: 'abc',
  at: '2024-01-01T00:00:00.000Z',
  presize: 1024,
  name: 'a "quoted" é name',
  owner,
}
const { crc: key } = headerLine(header)

describe('every line', () => {
  const seal: Seal = { records: 2, lives: [{ epoch: 1, owner: 'o', ended: 'died' }], copyOf: 1 }
  const frame = { key, prev: 5, batch: 7, seq: 12 }
  const lines = [
    headerLine(header),
    sealLine(seal, '{"seq":1,"body":"é"}', key, key),
    batchLines(frame, [bodyText('"ü"'), bodyText('2')]),
    endLine('closed', key, 9),
  ]

  test('is JSON, one value a line, with its checksum first', () => {
    for (const { bytes, crc } of lines) {
      const each = bytes.toString('utf8').trimEnd().split('\n')
      const [first] = each.map((line) => JSON.parse(line) as { readonly crc?: string })
      expect(first?.crc).toBe(hex8(crc))
      expect(bytes.at(-1)).toBe(0x0a)
    }
  })

  test('looks like this', () => {
    expect(lines.map(({ bytes }) => bytes.toString('utf8')).join('')).toMatchSnapshot()
  })
})

describe('what is written is read back', () => {
  test('headers', () => {
    const { bytes, crc } = headerLine(header)
    expect(parseHeader(bytes)).toMatchObject({ header, key: crc })
  })

  test('seals, with the copied lines as they were', () => {
    const copy = '{"seq":1,"body":"],\\"copy\\":["},{"seq":2,"body":[","]}'
    const seal: Seal = {
      records: 2,
      lives: [{ epoch: 1, owner: 'x,"copy":[', ended: 'closed' }],
      copyOf: 1,
    }
    const { bytes, crc } = sealLine(seal, copy, key, key)
    expect(parseSeal(bytes, key)).toEqual({ seal, crc, copy })
    expect(parseSeal(bytes, key + 1)).toBeUndefined()
  })

  test('end markers', () => {
    const { bytes } = endLine('lost', key, 9)
    expect(parseEnd(bytes, key, 9)).toBe('lost')
    expect(parseEnd(bytes, key, 8)).toBeUndefined()
    expect(parseEnd(bytes, key + 1, 9)).toBeUndefined()
  })

  test('batches of any records', () => {
    const drawn = fc.record({
      bodies: fc.array(fc.json(), { minLength: 1, maxLength: 5 }),
      prev: fc.integer({ min: 0, max: 0xffff_ffff }),
      batch: fc.integer({ min: 1, max: 1e12 }),
      seq: fc.integer({ min: 1, max: 1e12 }),
    })
    fc.assert(
      fc.property(drawn, ({ bodies, prev, batch, seq }) => {
        const { bytes, crc } = batchLines({ key, prev, batch, seq }, bodies.map(bodyText))
        const text = bytes.toString('latin1')
        const frame = emptyFrame()
        expect(parseFrame(text, 0, frame)).toBe(true)
        expect(frame).toMatchObject({ crc, prev, batch, records: bodies.length, seq })
        expect(text.startsWith('"body":', frame.contentAt)).toBe(true)
        expect(batchEnd(text, 0, frame.records)).toBe(bytes.length)
        expect(batchEnd(text, 0, frame.records + 1)).toBe(-1)
        expect(sumHolds(bytes, 0, bytes.length, crc, key)).toBe(true)
        expect(sumHolds(bytes, 0, bytes.length, crc, key + 1)).toBe(false)
      }),
    )
  })
})

describe('what is not valid is not read', () => {
  const { bytes } = headerLine(header)

  test('a header with any bit changed', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const parsed = parseHeader(damaged)
      // A changed version is told as one, which is loud too.
      expect(parsed === undefined || 'version' in parsed).toBe(true)
    }
  })

  test('a header of any later format is told by its number', () => {
    const text = bytes.toString('utf8').replace('"killpoint":1,', '"killpoint":17,')
    expect(parseHeader(Buffer.from(text))).toEqual({ version: 17 })
  })

  test.each(['', '{', '{"crc":"', 'x'.repeat(100), '{"crc":"00000000","prev":"0000000'])(
    'a frame in "%s"',
    (text) => {
      expect(parseFrame(text, 0, emptyFrame())).toBe(false)
    },
  )

  test('numbers that are zero, negative, endless or missing', () => {
    const line = (batch: string, records: string, seq: string): string =>
      `{"crc":"00000000","prev":"00000000","batch":${batch},"records":${records},"seq":${seq},"body":1}\n`
    expect(parseFrame(line('1', '1', '1'), 0, emptyFrame())).toBe(true)
    for (const bad of ['0', '-1', '', '9'.repeat(30), '1.5', 'a']) {
      expect(parseFrame(line(bad, '1', '1'), 0, emptyFrame())).toBe(false)
      expect(parseFrame(line('1', bad, '1'), 0, emptyFrame())).toBe(false)
      expect(parseFrame(line('1', '1', bad), 0, emptyFrame())).toBe(false)
    }
  })
})
