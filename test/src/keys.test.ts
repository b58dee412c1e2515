import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidArgumentError } from '../../src/errors.ts'
import {
  argumentHash,
  isWithin,
  joinKey,
  keySegment,
  nameLengthMax,
  parentPath,
} from '../../src/keys.ts'

const names = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
const odd = fc.string({
  minLength: 1,
  maxLength: 6,
  unit: fc.constantFrom('a', '/', '#', '~', '%', '2', '\n', '\u007f'),
})

describe('keys', () => {
  it('no two names with ordinals share a segment', () => {
    const one = fc.tuple(fc.oneof(names, odd), fc.nat({ max: 30 }))
    fc.assert(
      fc.property(one, one, ([left, earlier], [right, before]) => {
        fc.pre(left !== right || earlier !== before)
        expect(keySegment(left, earlier)).not.toBe(keySegment(right, before))
      }),
      { numRuns: 2000 },
    )
  })

  it('no name reaches into another scope or attempt', () => {
    fc.assert(
      fc.property(fc.oneof(names, odd), (name) => {
        expect(keySegment(name, 0)).not.toMatch(/[/#~]/)
        expect(parentPath(joinKey('a/b', keySegment(name, 3)))).toBe('a/b')
      }),
      { numRuns: 500 },
    )
  })

  it.each(['', 'x'.repeat(nameLengthMax + 1), '\ud800', 7, undefined, null])(
    'the name %j is refused',
    (name) => {
      expect(() => keySegment(name as string, 0)).toThrow(InvalidArgumentError)
    },
  )

  it('the first of its name has no ordinal, the third has #3', () => {
    expect([keySegment('read', 0), keySegment('read', 2)]).toEqual(['read', 'read#3'])
  })

  it('a key lies within its own path and every path above, and in no neighbour of a longer name', () => {
    expect(['', 'a', 'a/b'].every((path) => isWithin('a/b', path))).toBe(true)
    expect(['a/bc', 'a/b/c', 'ab', 'b'].some((path) => isWithin('a/b', path))).toBe(false)
  })

  it('the root has the empty path', () => {
    expect([joinKey('', 'a'), parentPath('a'), parentPath('a/b/c')]).toEqual(['a', '', 'a/b'])
  })
})

describe('argument hash', () => {
  it('does not depend on the order of members', () => {
    expect(argumentHash({ a: 1, b: [2] })).toBe(argumentHash({ b: [2], a: 1 }))
  })

  it('tells nothing from null and from the text undefined', () => {
    const hashes = [undefined, null, 'undefined', 'null', []].map((value) => argumentHash(value))
    expect(new Set(hashes).size).toBe(5)
  })
})
