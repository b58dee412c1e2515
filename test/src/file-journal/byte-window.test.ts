import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReadableFile } from '../../../src/file-system.ts'
import { ByteWindow, chunkBytesMax } from '../../../src/file-journal/byte-window.ts'

/** A file in memory that gives at most `most` bytes at a time. */
function fileOf(bytes: Buffer, most: number, reads: number[] = []): ReadableFile {
  return {
    read: async (target, position) => {
      const part = bytes.subarray(position, position + Math.min(target.length, most))
      target.set(part)
      reads.push(part.length)
      return part.length
    },
    size: async () => bytes.length,
    close: async () => undefined,
  }
}

test('every byte of a range passes once, however much is read and consumed at a time', async () => {
  const drawn = fc.record({
    bytes: fc.uint8Array({ minLength: 0, maxLength: 300 }),
    start: fc.nat({ max: 50 }),
    length: fc.option(fc.nat({ max: 200 }), { nil: Infinity }),
    most: fc.integer({ min: 1, max: 40 }),
    consume: fc.array(fc.nat({ max: 60 }), { minLength: 1 }),
  })
  await fc.assert(
    fc.asyncProperty(drawn, async ({ bytes, start, length, most, consume }) => {
      const content = Buffer.from(bytes)
      const window = new ByteWindow(fileOf(content, most), start, start + length)
      const parts: Buffer[] = []
      let consumed = 0
      for (let step = 0; !window.atEnd; step++) {
        await window.more(consumed)
        consumed = Math.min(window.bytes.length, consume[step % consume.length] ?? 0)
        expect(window.bytes[0]).toBe(content.subarray(start, start + length)[window.offset - start])
        parts.push(Buffer.from(window.bytes.subarray(0, consumed)))
      }
      parts.push(Buffer.from(window.bytes.subarray(consumed)))
      await window.settle()
      expect(Buffer.concat(parts)).toEqual(content.subarray(start, start + length))
    }),
  )
})

test('the first reads are short, the later ones long, none over the limit, and none twice', async () => {
  const reads: number[] = []
  const content = Buffer.alloc(5 * chunkBytesMax)
  const window = new ByteWindow(fileOf(content, Infinity, reads), 0, Infinity)
  let consumed = 0
  while (!window.atEnd) {
    await window.more(consumed)
    consumed = window.bytes.length
  }
  expect(reads[0]).toBeLessThan(chunkBytesMax)
  expect(Math.max(...reads)).toBe(chunkBytesMax)
  expect(reads.reduce((sum, each) => sum + each, 0)).toBe(content.length)
})

test('a read that fails is told to who asks for more, and to nobody else', async () => {
  let calls = 0
  const failing: ReadableFile = {
    read: async () => {
      if (++calls > 1) throw new Error('no')
      return 1
    },
    size: async () => 0,
    close: async () => undefined,
  }
  const window = new ByteWindow(failing, 0, Infinity)
  await window.more(0)
  await window.settle()
  await expect(window.more(0)).rejects.toThrow('no')
})
