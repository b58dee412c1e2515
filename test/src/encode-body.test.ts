import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBodies } from '../../src/encode-body.ts'
import { NotJsonError, RecordTooLargeError } from '../../src/errors.ts'
import type { JsonValue } from '../../src/json.ts'

const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'))

test('the text of a body gives it back, and its length is counted in bytes', () => {
  fc.assert(
    fc.property(json, (drawn) => {
      const value = JSON.parse(JSON.stringify(drawn)) as JsonValue
      const [encoded] = encodeBodies([value], 1 << 20)
      expect(JSON.parse(encoded?.json ?? '')).toEqual(value)
      expect(encoded?.bytes).toBe(Buffer.byteLength(JSON.stringify(value)))
    }),
  )
})

test('a body of exactly the limit passes, of one byte more it does not', () => {
  fc.assert(
    fc.property(json, (drawn) => {
      const value = JSON.parse(JSON.stringify(drawn)) as JsonValue
      const bytes = Buffer.byteLength(JSON.stringify(value))
      expect(encodeBodies([value], bytes)).toHaveLength(1)
      expect(() => encodeBodies([value], bytes - 1)).toThrow(RecordTooLargeError)
    }),
  )
})

describe('refusals', () => {
  test('name the body and the member', () => {
    const bodies = [1, { a: [undefined] }] as unknown as JsonValue[]
    expect(() => encodeBodies(bodies, 100)).toThrow(NotJsonError)
    expect(() => encodeBodies(bodies, 100)).toThrow('bodies[1].a[0]')
  })

  test('come before the text of something huge is made', () => {
    const part = 'x'.repeat(1 << 26)
    const body = Array.from({ length: 1000 }, () => part)
    expect(() => encodeBodies([body], 1 << 20)).toThrow(RecordTooLargeError)
  })
})
