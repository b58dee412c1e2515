import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareImages,
  type DirectoryImage,
  type ImageEntry,
} from '../../harness/directory-image.ts'
import { blurred, hashOfTree, treeOfImage } from '../../harness/image-tree.ts'

const path = fc.constantFrom('a', 'b', 'ab', 'd/a', 'd/b')
const entry = fc.oneof(
  fc.uint8Array({ maxLength: 2 }).map((bytes): ImageEntry => ({ kind: 'file', bytes })),
  fc.constantFrom('a', 'b').map((target): ImageEntry => ({ kind: 'symlink', target })),
)
const image = fc
  .array(fc.tuple(path, entry), { maxLength: 4 })
  .map((entries): DirectoryImage => new Map([['d', { kind: 'directory' }], ...entries]))

test('trees are equal exactly where images are', () => {
  fc.assert(
    fc.property(image, image, (left, right) => {
      const isSame = compareImages(left, right).length === 0
      expect(treeOfImage(left) === treeOfImage(right)).toBe(isSame)
      expect(hashOfTree(treeOfImage(left)) === hashOfTree(treeOfImage(right))).toBe(isSame)
    }),
  )
})

test('two names of one file are not two files of the same bytes', () => {
  const file: ImageEntry = { kind: 'file', bytes: Uint8Array.from([1]) }
  const linked = treeOfImage(
    new Map([
      ['a', file],
      ['b', file],
    ]),
  )
  const copied = treeOfImage(
    new Map([
      ['a', file],
      ['b', { ...file }],
    ]),
  )
  expect(linked).not.toBe(copied)
})

test('a blurred tree is that of the image with anything in these files, and in no other', () => {
  fc.assert(
    fc.property(image, fc.uint8Array({ maxLength: 2 }), (one, bytes) => {
      for (const [name, { kind }] of one) {
        const other: DirectoryImage = new Map([...one, [name, { kind: 'file', bytes }]])
        const [left, right] = [one, other].map((each) => blurred(treeOfImage(each), [name]))
        expect(left === undefined).toBe(kind !== 'file')
        if (kind === 'file') expect(left).toBe(right)
        for (const others of one.keys())
          if (others !== name && one.get(others)?.kind === 'file') {
            const isSame = compareImages(one, other).length === 0
            const blur = (each: DirectoryImage): unknown => blurred(treeOfImage(each), [others])
            expect(blur(one) === blur(other)).toBe(isSame)
          }
      }
      expect(blurred(treeOfImage(one), ['no'])).toBeUndefined()
    }),
  )
})
