/** Contents in blocks: what is in them is what a plain array of bytes would hold, and their hash tells contents apart. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FileBlocks, type CoveredBlocks } from '../../../harness/disk-model/file-blocks.ts'

const longest = 5 * 4_096

/** Places around the edges of blocks, and any others. */
const place = fc.oneof(
  fc
    .tuple(fc.nat({ max: 4 }), fc.integer({ min: -2, max: 2 }))
    .map(([block, off]) => Math.max(0, block * 4_096 + off)),
  fc.nat({ max: longest }),
)

const change = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    at: place,
    length: place,
    byte: fc.nat({ max: 3 }),
  }),
  fc.record({ kind: fc.constant('resize' as const), to: place }),
  fc.record({ kind: fc.constant('clear' as const), from: place, to: place }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function changed(bytes: Uint8Array, what: Change): Uint8Array {
  if (what.kind === 'resize') return sized(bytes, what.to)
  if (what.kind === 'clear') return bytes.slice().fill(0, what.from, Math.max(what.from, what.to))
  if (what.length === 0) return bytes
  const longer = sized(bytes, Math.max(bytes.byteLength, what.at + what.length))
  return longer.fill(what.byte, what.at, what.at + what.length)
}

function sized(bytes: Uint8Array, length: number): Uint8Array {
  const other = new Uint8Array(length)
  other.set(bytes.subarray(0, length))
  return other
}

function after(blocks: FileBlocks, what: Change, covered?: CoveredBlocks): FileBlocks {
  if (what.kind === 'resize') return blocks.resize(what.to)
  if (what.kind === 'clear') return blocks.clear(what.from, what.to)
  // A trace holds its payloads in Buffers, whose `slice` is no copy.
  return blocks.put(what.at, Buffer.alloc(what.length, what.byte), covered)
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}

test('after any changes it holds the bytes of a plain array, and no content before it was changed', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      let bytes = new Uint8Array() as Uint8Array
      let blocks = FileBlocks.of(bytes)
      const all: (readonly [Uint8Array, FileBlocks, string])[] = []
      for (const what of changes) {
        bytes = changed(bytes, what)
        blocks = after(blocks, what)
        all.push([bytes, blocks, blocks.hash()])
      }
      for (const [held, contents, hash] of all) {
        expect(contents.size).toBe(held.byteLength)
        expect(isEqual(contents.bytes(), held)).toBe(true)
        expect(contents.hash()).toBe(hash)
        expect(FileBlocks.of(held).hash()).toBe(hash)
        for (const [other, , otherHash] of all)
          expect(otherHash === hash).toBe(isEqual(other, held))
      }
    }),
    { numRuns: 100 },
  )
})

test('every prefix of one payload, put with its covered blocks, is as if it were put alone', () => {
  fc.assert(
    fc.property(
      place,
      place,
      fc.array(place, { minLength: 1, maxLength: 8 }),
      (at, start, cuts) => {
        const payload = Uint8Array.from({ length: longest }, (_, index) => index * 7 + (index >> 8))
        const base = FileBlocks.of(new Uint8Array(start).fill(9))
        const covered: CoveredBlocks = new Map()
        for (const cut of cuts) {
          const alone = base.put(at, payload.subarray(0, cut))
          const shared = base.put(at, payload.subarray(0, cut), covered)
          expect(isEqual(shared.bytes(), alone.bytes())).toBe(true)
          expect(shared.hash()).toBe(alone.hash())
        }
      },
    ),
    { numRuns: 100 },
  )
})
