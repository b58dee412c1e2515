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
  fc.record({ kind: fc.constant('link' as const), name, to: name }),
  fc.record({ kind: fc.constant('read' as const), name, length }),
  fc.record({ kind: fc.constant('stat' as const), name }),
  fc.record({ kind: fc.constant('list' as const), name }),
)
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

/** Does it; what a program would learn from it. */
function perform(disk: VirtualDisk, what: Act): unknown {
  const path = `${directory.root}/${what.name}`
  if (what.kind === 'rename') return disk.rename(path, `${directory.root}/${what.to}`)
  if (what.kind === 'link') return disk.link(path, `${directory.root}/${what.to}`)
  if (what.kind === 'unlink') return disk.unlink(path)
  if (what.kind === 'stat') return String(disk.stat(path, false))
  if (what.kind === 'list') return disk.readdir(directory.root, 'utf8', true)
  const append = what.kind === 'write' && what.at === null ? O_APPEND : 0
  const empties = what.kind === 'empty' ? O_TRUNC : 0
  const fd = disk.open(path, O_RDWR | O_CREAT | append | empties, 0o644)
  if (what.kind === 'write') disk.write(fd, new Uint8Array(what.length).fill(7), what.at)
  if (what.kind === 'truncate') disk.truncate(fd, what.length)
  const into = new Uint8Array(what.kind === 'read' ? what.length : 0)
  const count = what.kind === 'read' ? disk.read(fd, into, 0) : 0
  disk.close(fd)
  return [count, ...into]
}

function attempt(disk: VirtualDisk, what: Act): unknown {
  try {
    return perform(disk, what)
  } catch (error) {
    // A name that an act before took away, or made.
    expect((error as { code?: string }).code).toMatch(/^E(NOENT|EXIST)$/)
    return (error as { code?: string }).code
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

const content = fc.uint8Array({ maxLength: 8 })

test('of a file that was not read nobody could tell what it holds, whatever was done', () => {
  fc.assert(
    fc.property(
      fc.array(act, { maxLength: 6 }),
      fc.array(content, { minLength: 4, maxLength: 4 }),
      (acts, [a, b, ...others]) => {
        const imageOf = (one: Uint8Array | undefined, two: Uint8Array | undefined) => {
          const file = { kind: 'file', bytes: one ?? new Uint8Array() } as const
          const more = { kind: 'file', bytes: two ?? new Uint8Array() } as const
          const entries: readonly (readonly [string, ImageEntry])[] = [
            ['a', file],
            ['b', more],
            ['d', { kind: 'directory' }],
            ['d/c', file],
          ]
          return { image: new Map(entries), file, more }
        }
        const first = imageOf(a, b)
        const disk = new VirtualDisk(directory, first.image, outside)
        const learned = acts.map((what) => attempt(disk, what))
        const unread = disk.unread()
        const second = imageOf(
          unread.has(first.file) ? others[0] : a,
          unread.has(first.more) ? others[1] : b,
        )
        const again = new VirtualDisk(directory, second.image, outside)
        expect(acts.map((what) => attempt(again, what))).toEqual(learned)
        // What is still there is what it was given.
        const left = [...again.image().values()]
        for (const [was, is] of [
          [first.file, second.file],
          [first.more, second.more],
        ] as const)
          if (unread.has(was) && [...disk.image().values()].includes(was))
            expect(left).toContain(is)
      },
    ),
    { numRuns: 500 },
  )
})

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
