import { describe, expect, it } from 'vitest'
import { AssertionError } from '../../src/assert.ts'
import { CancelledError, OutcomeUnknownError, StepFailedError } from '../../src/errors.ts'
import type { SettleRecord } from '../../src/records.ts'
import { resultOf } from '../../src/settlement.ts'

const result = (outcome: Partial<SettleRecord>): unknown =>
  resultOf({
    key: 'k',
    seq: 1,
    record: { type: 'settle', key: 'k', args: 'h', kind: 'step', status: 'done', ...outcome },
  })
const error = { name: 'Error', message: 'm' }

describe('what a driver is told of a settlement', () => {
  it('a value, or none', () => {
    expect([result({ value: null }), result({ value: [1] }), result({})]).toEqual([
      null,
      [1],
      undefined,
    ])
  })

  it('the last state of a loop', () => {
    const record = {
      type: 'iterate',
      key: 'k',
      args: 'h',
      index: 3,
      state: 'last',
      done: true,
    } as const
    expect(resultOf({ key: 'k', seq: 1, record })).toBe('last')
  })

  it.each([
    ['failed', StepFailedError],
    ['cancelled', CancelledError],
    ['unknown', OutcomeUnknownError],
  ] as const)('%s is thrown as its class', (status, type) => {
    expect(() => result({ status, error })).toThrow(type)
  })

  it('a failure without an error is a bug', () => {
    expect(() => result({ status: 'failed' })).toThrow(AssertionError)
  })
})
