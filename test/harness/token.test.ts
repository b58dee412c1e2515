import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSchedule } from '../../harness/fault-parse.ts'
import { looksLikeToken, parseToken, stringifyToken } from '../../harness/token.ts'
import type { Case } from '../../harness/token.ts'
import { schedules } from './arbitraries.ts'

const example = 'kp1:loop:file:8f3c21~0.3:posix:K37/17,K12+'
const kebab = fc.stringMatching(/^[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}$/)
const cases: fc.Arbitrary<Case> = fc
  .record({
    scenario: kebab,
    system: fc.oneof(kebab, fc.string({ minLength: 1, unit: 'binary' })),
    seed: fc.stringMatching(/^[A-Za-z0-9]{1,64}$/),
    path: fc.option(
      fc.array(fc.nat(9999), { minLength: 1, maxLength: 6 }).map((numbers) => numbers.join(':')),
      { nil: undefined },
    ),
    profile: fc.constantFrom('posix', 'ext4'),
    schedule: schedules,
  })
  .map(({ path, ...rest }) => (path === undefined ? rest : { ...rest, path }))

test("the design's example holds what it says", () => {
  expect(parseToken(example)).toEqual({
    scenario: 'loop',
    system: 'file',
    seed: '8f3c21',
    path: '0:3',
    profile: 'posix',
    schedule: parseSchedule('K37/17,K12+'),
  })
  expect(stringifyToken(parseToken(example))).toBe(example)
})

test('a case comes back from its token (law)', () => {
  fc.assert(
    fc.property(cases, (value) => {
      const text = stringifyToken(value)
      expect(parseToken(text)).toEqual(value)
      expect(text).toMatch(/^[A-Za-z0-9._~:/@+,=-]+$/)
    }),
    { seed: 21, numRuns: 500 },
  )
})

test("a module's path is readable in its token", () => {
  const value = { ...parseToken(example), system: './systems/my store~2.ts' }
  expect(stringifyToken(value)).toBe(
    'kp1:loop:./systems/my=20store=7E2.ts:8f3c21~0.3:posix:K37/17,K12+',
  )
})

test('another version is refused with the versions that this build reads', () => {
  expect(() => parseToken('kp2:whatever')).toThrow(
    'the token is of version kp2; this build reads kp1',
  )
  expect(() => parseToken('kp2:whatever')).toThrow(
    expect.objectContaining({ code: 'TOKEN_VERSION', details: expect.anything() }),
  )
  expect(looksLikeToken('kp2:whatever')).toBe(true)
  expect(looksLikeToken('./corpus/case.json')).toBe(false)
})

test.each([
  ['hello', 0, '"kp"', '"h"'],
  ['kp', 2, 'a version', 'the end'],
  ['kp1', 3, '":"', 'the end'],
  ['kp1:Loop', 4, 'a scenario (kebab-case)', '"L"'],
  ['kp1:loop', 8, '":"', 'the end'],
  ['kp1:loop:fi le', 11, '":"', '" "'],
  [
    'kp1:loop:a=2Fb:1:posix:-',
    9,
    'a system as killpoint writes it (=XX only where it must be)',
    '"a"',
  ],
  [
    'kp1:loop:a=FF:1:posix:-',
    9,
    'a system as killpoint writes it (=XX only where it must be)',
    '"a"',
  ],
  ['kp1:loop:file:', 14, 'a seed (1 to 64 letters and digits)', 'the end'],
  ['kp1:loop:file:1~x', 16, "fast-check's path (0.3)", '"x"'],
  ['kp1:loop:file:1:posia:K3', 16, 'a disk profile (posix or ext4)', '"p"'],
  ['kp1:loop:file:1::K3', 16, 'a disk profile (posix or ext4)', '":"'],
  ['kp1:loop:file:1:posix:N9999', 23, 'a number of resumers from 2 to 64', '"9"'],
  ['kp1:loop:file:1:posix:K', 23, 'an op number', 'the end'],
  ['kp1:loop:file:1:posix:K3:x', 24, '"," or "~" or the end', '":"'],
])('%j is refused at %i', (text, position, expected, found) => {
  expect(() => parseToken(text)).toThrow(
    expect.objectContaining({
      code: 'TOKEN_SYNTAX',
      details: { position, expected, found },
    }),
  )
})

test.each([
  ['scenario', 'Not Kebab'],
  ['seed', 'has:colon'],
  ['path', '0:x'],
  ['profile', ''],
  ['profile', 'ntfs'],
  ['system', ''],
  ['system', '\ud800'],
])('a case whose %s is %j has no token', (field, value) => {
  expect(() => stringifyToken({ ...parseToken(example), [field]: value })).toThrow(
    expect.objectContaining({ code: 'TOKEN_SYNTAX' }),
  )
})
