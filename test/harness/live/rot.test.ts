import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filesOf, rot } from '../../../harness/live/rot.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'killpoint-rot-'))
  mkdirSync(join(directory, 'b'))
  writeFileSync(join(directory, 'a'), 'first line\nsecond\nthird')
  writeFileSync(join(directory, 'b', 'c'), 'x')
})
afterEach(() => rmSync(directory, { recursive: true }))

const content = (): string => readFileSync(join(directory, 'a'), 'latin1')

describe('rot', () => {
  it('counts the regular files, sorted by path', () => {
    expect(filesOf(directory)).toEqual([join(directory, 'a'), join(directory, 'b', 'c')])
  })

  it('finds nothing where a life took its directory away', () => {
    expect(filesOf(join(directory, 'gone'))).toEqual([])
    expect(rot(join(directory, 'gone'), 1, { kind: 'gone' })).toBe(false)
  })

  it.each([
    [{ kind: 'byte', offset: 0, xor: 1 }, 'girst line\nsecond\nthird'],
    [{ kind: 'nul', from: 1, to: 3 }, 'f\0\0st line\nsecond\nthird'],
    [{ kind: 'nul', from: 22, to: 99 }, 'first line\nsecond\nthir\0'],
    [{ kind: 'cut', bytes: 3 }, 'fir'],
    [{ kind: 'line', line: 1 }, 'fine\nsecond\nthird'],
    [{ kind: 'swap', line: 1, other: 3 }, 'third\nsecond\nfirst line'],
  ] as const)('damages as %j says', (damage, expected) => {
    expect(rot(directory, 1, damage)).toBe(true)
    expect(content()).toBe(expected)
  })

  it.each([
    [1, { kind: 'byte', offset: 23, xor: 1 }],
    [1, { kind: 'nul', from: 23, to: 30 }],
    [1, { kind: 'cut', bytes: 23 }],
    [1, { kind: 'line', line: 4 }],
    [1, { kind: 'swap', line: 1, other: 4 }],
    [3, { kind: 'gone' }],
    [3, { kind: 'cut', bytes: 0 }],
  ] as const)('says that file %i offers nothing for %j', (file, damage) => {
    expect(rot(directory, file, damage)).toBe(false)
    expect(content()).toBe('first line\nsecond\nthird')
  })

  it.each([
    ['binary, with newlines by chance', Buffer.from('ab\0\x01cd\nef\0gh\nij\0kl\n', 'latin1')],
    ['bytes that are no UTF-8', Buffer.from('ab\xffcd\nefgh\nijkl\n', 'latin1')],
    ['all of it one line', Buffer.from('{"all":"of it"}\n')],
  ])('takes no line out of a file that is not one of lines: %s', (_, bytes) => {
    writeFileSync(join(directory, 'a'), bytes)
    expect(rot(directory, 1, { kind: 'line', line: 1 })).toBe(false)
    expect(rot(directory, 1, { kind: 'swap', line: 1, other: 2 })).toBe(false)
    expect(readFileSync(join(directory, 'a'))).toEqual(bytes)
  })

  it('takes of two lines none from the last', () => {
    writeFileSync(join(directory, 'a'), 'a header\na record\n')
    expect(rot(directory, 1, { kind: 'line', line: 2 })).toBe(false)
    expect(rot(directory, 1, { kind: 'line', line: 1 })).toBe(true)
    expect(content()).toBe('a er\na record\n')
  })

  it('deletes one file, or all of them', () => {
    expect(rot(directory, 2, { kind: 'gone' })).toBe(true)
    expect(filesOf(directory)).toEqual([join(directory, 'a')])
    expect(rot(directory, 0, { kind: 'gone' })).toBe(true)
    expect(filesOf(directory)).toEqual([])
  })
})
