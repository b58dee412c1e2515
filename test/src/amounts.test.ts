import { describe, expect, it } from 'vitest'
import { assertAmounts } from '../../src/amounts.ts'
import { InvalidArgumentError } from '../../src/errors.ts'

describe('amounts', () => {
  it.each([{}, { tokens: 0 }, { iterations: 3, tokens: 2 ** 53 - 1, money: 5 }])(
    '%j are amounts',
    (value) => {
      expect(() => assertAmounts(value, 'budget')).not.toThrow()
    },
  )

  it.each([
    null,
    5,
    'tokens',
    { tokens: -1 },
    { tokens: 0.5 },
    { tokens: Number.NaN },
    { tokens: Number.POSITIVE_INFINITY },
    { tokens: '5' },
    { tokens: undefined },
    { euros: 5 },
    [5],
  ])('%j are none', (value) => {
    expect(() => assertAmounts(value, 'budget')).toThrow(InvalidArgumentError)
  })

  it('a step reserves no iterations', () => {
    expect(() => assertAmounts({ iterations: 1 }, 'reserve of x', ['tokens', 'money'])).toThrow(
      'expected reserve of x to hold whole numbers from 0 by resource, got a member iterations',
    )
  })
})
