/** A disk in memory shares the contents of its image: whatever is done to it, the image stays what it was. */
import { constants } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DirectoryImage, ImageEntry } from '../../../harness/directory-image.ts'
import { stateDirectory } from '../../../harness/hooks/paths.ts'
import { realDisk } from '../../../harness/hooks/real-disk.ts'
import { VirtualDisk } from '../../../harness/hooks/virtual-disk.ts'

const directory = stateDirectory('/killpoint-image')
const outside = realDisk({ own: undefined, raw: undefined })
const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC } = constants

const names = ['a', 'b', 'd/c'] as const
const name = fc.constantFrom(...names)
const length = fc.nat({ max: 12 })
const act = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), name, at: fc.option(length), length }),
  fc.record({ kind: fc.constant('truncate' as const), name, length }),
  fc.record({ kind: fc.constant('empty' as const), name }),
  fc.record({ kind: fc.constant('rename' as const), name, to: name }),
  fc.record({ kind: fc.constant('unlink' as const), name }),
)
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

function perform(disk: VirtualDisk, what: Act): void {
  const path = `${directory.root}/${what.name}`
  if (what.kind === 'rename') return disk.rename(path, `${directory.root}/${what.to}`)
  if (what.kind === 'unlink') return disk.unlink(path)
  const append = what.kind === 'write' && what.at === null ? O_APPEND : 0
  const empties = what.kind === 'empty' ? O_TRUNC : 0
  const fd = disk.open(path, O_RDWR | O_CREAT | append | empties, 0o644)
  if (what.kind === 'write') disk.write(fd, new Uint8Array(what.length).fill(7), what.at)
  if (what.kind === 'truncate') disk.truncate(fd, what.length)
  disk.close(fd)
}

function attempt(disk: VirtualDisk, what: Act): void {
  try {
    perform(disk, what)
  } catch (error) {
    // A name that an act before took away.
    expect(error).toMatchObject({ code: 'ENOENT' })
  }
}

function textOf(image: DirectoryImage): string {
  return JSON.stringify(
    [...image].map(([path, entry]) => [
      path,
      entry.kind === 'file' ? [...entry.bytes] : entry.kind,
    ]),
  )
}

test('neither the image that a disk was made of nor one taken from it is changed by what is written later', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 8 }), fc.array(act, { maxLength: 8 }), (first, then) => {
      const file = { kind: 'file', bytes: Uint8Array.from([1, 2, 3, 4, 5, 6]) } as const
      const image: DirectoryImage = new Map<string, ImageEntry>([
        ['a', file],
        ['b', { kind: 'file', bytes: Uint8Array.from([9, 9]) }],
        ['d', { kind: 'directory' }],
        ['d/c', file],
      ])
      const given = textOf(image)
      const disk = new VirtualDisk(directory, image, outside)
      for (const what of first) attempt(disk, what)
      const taken = disk.image()
      const left = textOf(taken)
      for (const what of then) attempt(disk, what)
      expect(textOf(image)).toBe(given)
      expect(textOf(taken)).toBe(left)
    }),
    { numRuns: 300 },
  )
})
