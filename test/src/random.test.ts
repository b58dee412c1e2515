import { expect, test } from 'vitest'
import { systemRandom } from '../../src/random.ts'

test('nonces are fit for file names and differ', () => {
  const nonces = Array.from({ length: 1000 }, () => systemRandom.nonce())
  expect(new Set(nonces).size).toBe(1000)
  expect(nonces.every((nonce) => /^[0-9a-z]{20,}$/.test(nonce))).toBe(true)
})
