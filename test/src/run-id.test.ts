import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidArgumentError } from '../../src/errors.ts'
import {
  assertRunId,
  directoryNameBytesMax,
  runDirectoryName,
  runIdCharsMax,
  runIdOfDirectoryName,
} from '../../src/run-id.ts'

const chars = 'abcxyzABCXYZ0189._~:@+=-'
const runIdArbitrary = fc
  .string({ unit: fc.constantFrom(...chars.split('')), minLength: 1, maxLength: 70 })
  .filter((id) => id !== '.' && id !== '..')

describe('directory names', () => {
  test('give the run id back', () => {
    fc.assert(
      fc.property(runIdArbitrary, (id) => {
        expect(runIdOfDirectoryName(runDirectoryName(id))).toBe(id)
      }),
    )
  })

  test('of two ids differ, also where a file system ignores case', () => {
    fc.assert(
      fc.property(runIdArbitrary, runIdArbitrary, (one, other) => {
        const names = [one, other].map((id) => runDirectoryName(id).toLowerCase())
        expect(names[0] === names[1]).toBe(one === other)
      }),
    )
  })

  test('are plain lower-case files names that are not hidden', () => {
    fc.assert(
      fc.property(runIdArbitrary, (id) => {
        expect(runDirectoryName(id)).toMatch(/^[a-z0-9_%-]([a-z0-9._%-]*[a-z0-9_%-])?$/)
      }),
    )
  })

  test.each([
    ['run-1', 'run-1'],
    ['Run', '%52un'],
    ['a:b@c', 'a%3ab%40c'],
    ['...', '%2e.%2e'],
    ['v1.2', 'v1.2'],
  ])('%s is in %s', (id, name) => {
    expect(runDirectoryName(id)).toBe(name)
  })

  test.each(['Run', '%52UN', '%2e', '%61', 'a%', '.hidden', 'a b', '', 'a/b', '%zz'])(
    '"%s" is the directory name of no run',
    (name) => {
      expect(runIdOfDirectoryName(name)).toBeUndefined()
    },
  )
})

describe('run ids', () => {
  test.each<[unknown, string]>([
    ['', 'an empty string'],
    ['.', 'means a directory'],
    ['..', 'means a directory'],
    ['a/b', '"/"'],
    ['a\\b', '"\\\\"'],
    ['a\0b', '"\\u0000"'],
    ['a b', '" "'],
    ['é', '"é"'],
    ['e\u0301', 'the character'],
    ['😀', '"😀"'],
    ['%41', '"%"'],
    ['x'.repeat(300), 'got 300'],
    ['X'.repeat(100), 'bytes of 240'],
    [7, 'got number'],
    [null, 'got null'],
    [undefined, 'got undefined'],
  ])('%j is refused', (id, text) => {
    expect(() => assertRunId(id)).toThrow(InvalidArgumentError)
    expect(() => assertRunId(id)).toThrow(text)
  })

  test('the longest ones pass', () => {
    expect(runDirectoryName('x'.repeat(runIdCharsMax))).toHaveLength(runIdCharsMax)
    expect(runDirectoryName('X'.repeat(80))).toHaveLength(directoryNameBytesMax)
  })
})
