/** Arbitrary programs of file calls, in all forms, as plain data; `fixtures/program.mjs` runs them. */
import fc from 'fast-check'

/** One step; names are numbers of a small set, so that steps meet. */
export interface Step {
  readonly call: string
  readonly form: 'sync' | 'callback' | 'promise' | 'handle'
  readonly a: number
  readonly b: number
  readonly text: string
  readonly at: number
}

const calls = [
  'writeFile',
  'appendFile',
  'open',
  'write',
  'writeAt',
  'writev',
  'append',
  'truncate',
  'ftruncate',
  'fsync',
  'fdatasync',
  'rename',
  'link',
  'unlink',
  'mkdir',
  'mkdirs',
  'rmdir',
  'rm',
  'symlink',
  'copyFile',
  'chmod',
  'stream',
  'atomic',
  'read',
  'close',
] as const

const step: fc.Arbitrary<Step> = fc.record({
  call: fc.constantFrom(...calls),
  form: fc.constantFrom('sync', 'callback', 'promise', 'handle'),
  a: fc.nat(4),
  b: fc.nat(4),
  text: fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'ä', '\n', '\0') }),
  at: fc.nat(20),
})

/** A program of up to 40 steps. Steps that fail (no such file) fail in every disk alike, and the program goes on. */
export const program: fc.Arbitrary<readonly Step[]> = fc.array(step, {
  minLength: 1,
  maxLength: 40,
  size: 'max',
})
