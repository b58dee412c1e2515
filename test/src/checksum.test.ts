import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32, hex8, parseHex8, sha256 } from '../../src/checksum.ts'

test('crc32 is that of zlib: the check value of the catalogue', () => {
  expect(hex8(crc32(Buffer.from('123456789'), 0))).toBe('cbf43926')
})

test('crc32 goes on from a seed as if the bytes were one', () => {
  const [left, right] = [Buffer.from('12345'), Buffer.from('6789')]
  expect(crc32(right, crc32(left, 0))).toBe(crc32(Buffer.concat([left, right]), 0))
})

test('another seed gives another sum', () => {
  const seeds = fc.tuple(fc.uint8Array(), fc.nat(), fc.nat())
  fc.assert(
    fc.property(seeds, ([bytes, one, other]) => {
      expect(crc32(bytes, one) === crc32(bytes, other)).toBe(one === other)
    }),
  )
})

test('hex digits round trip', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
      expect(parseHex8(Buffer.from(`..${hex8(value)}`), 2)).toBe(value)
    }),
  )
})

test.each(['', '0123456', '0123456g', '0123456A', '01234 67', '-1234567'])(
  'eight hex digits are not found in "%s"',
  (text) => {
    expect(parseHex8(Buffer.from(text), 0)).toBe(-1)
  },
)

test('sha256 is that of the standard', () => {
  expect(sha256(Buffer.from('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})
