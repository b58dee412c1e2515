import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BudgetExceededError,
  CancelledError,
  DeadlineError,
  MaxLivesError,
  NotJsonError,
  OutcomeUnknownError,
  RecordTooLargeError,
  StepFailedError,
} from '../../src/errors.ts'
import { assertJson } from '../../src/json.ts'
import {
  cancelledError,
  errorMessageMax,
  rebuildError,
  recordError,
} from '../../src/recorded-error.ts'

const trap = (): never => {
  throw new Error('trap')
}

describe('recorded errors', () => {
  it('anything that can be thrown can be recorded', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withNullPrototype: true,
          withSparseArray: true,
          withBigInt: true,
          withDate: true,
        }),
        (thrown) => {
          assertJson(recordError(thrown))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['undefined', undefined, 'threw undefined'],
    ['a text', 'boom', "threw 'boom'"],
    ['a number', 42, 'threw 42'],
    ['a symbol', Symbol('s'), 'threw Symbol(s)'],
    ['an object without prototype', Object.create(null), 'threw [Object: null prototype] {}'],
    ['an object whose toString throws', { toString: trap }, 'threw { toString: [Function: trap] }'],
    ['an object with a message', { message: 'm' }, 'm'],
    ['an error', new TypeError('bad'), 'bad'],
    ['an error with an empty message', new Error(''), ''],
  ])('%s', (_, thrown, message) => {
    expect(recordError(thrown).message).toBe(message)
  })

  it('a proxy that throws at every touch is recorded', () => {
    const hostile = new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap })
    assertJson(recordError(hostile))
    assertJson(recordError(new Proxy(new Error('x'), { get: trap })))
  })

  it('an error whose message is no text is recorded', () => {
    const odd = Object.assign(new Error('x'), { message: 5, name: {}, code: 7 })
    expect(recordError(odd)).toEqual({ name: 'Error', message: '5' })
  })

  it('a message of a gigantic length is cut at its limit, at a whole character', () => {
    const { message } = recordError(new Error('\u{1f600}'.repeat(errorMessageMax)))
    expect(message.length).toBeLessThanOrEqual(errorMessageMax + 1)
    expect(message.isWellFormed()).toBe(true)
  })

  it('a lone surrogate is replaced', () => {
    expect(recordError(new Error('a\ud800')).message).toBe('a\ufffd')
  })

  it.each([
    BudgetExceededError,
    DeadlineError,
    MaxLivesError,
    OutcomeUnknownError,
    RecordTooLargeError,
    NotJsonError,
    StepFailedError,
  ])('%o comes back as itself, twice over', (type) => {
    const once = rebuildError(recordError(new type('m')), 'step s')
    const twice = rebuildError(recordError(once), 'child c')
    expect(once).toBeInstanceOf(type)
    expect(twice).toBeInstanceOf(type)
    expect(twice.message).toContain('m')
  })

  it('any other error comes back as a failed step that names it', () => {
    const recorded = recordError(Object.assign(new TypeError('bad'), { code: 'EBAD' }))
    const error = rebuildError(recorded, 'step s') as StepFailedError
    expect(error).toBeInstanceOf(StepFailedError)
    expect(error.message).toBe('step s failed: TypeError: bad')
    expect(error.details).toEqual({
      what: 'step s',
      name: 'TypeError',
      code: 'EBAD',
      reason: 'bad',
    })
  })

  it('an error of somebody else does not become one of ours by its code', () => {
    const thrown = Object.assign(new TypeError('mine'), { code: 'OUTCOME_UNKNOWN' })
    const recorded = recordError(thrown)
    expect(recorded).toEqual({ name: 'TypeError [OUTCOME_UNKNOWN]', message: 'mine' })
    expect(rebuildError(recorded, 'step s')).toBeInstanceOf(StepFailedError)
  })

  it('a unit that failed because something in it was cancelled has failed', () => {
    const recorded = recordError(new CancelledError('c'))
    expect(rebuildError(recorded, 'child c')).toBeInstanceOf(StepFailedError)
    expect(cancelledError(recorded, 'child c')).toBeInstanceOf(CancelledError)
  })
})
