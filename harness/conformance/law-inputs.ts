/**
 * What the laws hand to a backend: bodies of every kind, and all that must be refused.
 */
import fc from 'fast-check'
import type { JsonValue } from '../../src/json.ts'

export const badOpenOptions: readonly unknown[] = [
  { owner: 7 },
  { owner: null },
  { owner: 'x'.repeat(501) },
  { owner: '\ud800' },
  { takeover: 'sometimes' },
  { takeover: null },
]

export const badRunIds: readonly string[] = [
  '',
  '.',
  '..',
  'a/b',
  '/',
  '../a',
  'a\0b',
  'a\\b',
  'x'.repeat(300),
  'é',
  ' ',
]

export const badBodies: readonly unknown[] = [
  undefined,
  () => 1,
  Number.NaN,
  Infinity,
  -0,
  '\ud800',
  new Date(0),
  { a: { b: undefined } },
  Array(2),
  10n,
  Symbol('s'),
]

/** Values of every kind that JSON has, odd keys and strings among them. */
const bodyArbitrary: fc.Arbitrary<JsonValue> = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => !hasRefused(value)) as fc.Arbitrary<JsonValue>

export const batchesArbitrary: fc.Arbitrary<JsonValue[][]> = fc.array(
  fc.array(bodyArbitrary, { minLength: 1, maxLength: 4 }),
  {
    maxLength: 8,
  },
)

export const openersArbitrary: fc.Arbitrary<('if-dead' | 'always')[]> = fc.array(
  fc.constantFrom('if-dead' as const, 'always' as const),
  {
    minLength: 2,
    maxLength: 12,
  },
)

function hasRefused(value: unknown): boolean {
  if (Object.is(value, -0)) return true
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, member]) => key === '__proto__' || hasRefused(member))
}
