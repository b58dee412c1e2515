import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertSameContract, contractOf, type RunContract } from '../../src/contract.ts'
import { RunMismatchError } from '../../src/errors.ts'
import type { BeginRecord } from '../../src/records.ts'

const begun = ({ deadlineMs, ...contract }: RunContract): BeginRecord => ({
  type: 'begin',
  version: 1,
  at: 500,
  nonce: 'n',
  ...contract,
  ...(deadlineMs === undefined ? {} : { deadline: 500 + deadlineMs }),
})

const contracts: fc.Arbitrary<RunContract> = fc.record(
  {
    driver: fc.constantFrom('a', 'b'),
    task: fc.constantFrom(null, 1, { a: [1] }),
    profile: fc.constantFrom('m', { m: 1 }),
    budget: fc.record({ money: fc.nat({ max: 2 }) }),
    deadlineMs: fc.nat({ max: 2 }),
  },
  { requiredKeys: [] },
)

describe('the contract of a run', () => {
  it('a run resumes with what it began with or a part of it, and with nothing else', () => {
    fc.assert(
      fc.property(contracts, contracts, (began, came) => {
        const same = Object.entries(came).every(
          ([member, value]) =>
            JSON.stringify(began[member as keyof RunContract]) === JSON.stringify(value),
        )
        const check = (): void => assertSameContract('r', begun(began), contractOf(came))
        if (same) expect(check).not.toThrow()
        else expect(check).toThrow(RunMismatchError)
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  it('a long task is shown cut, whole characters only', () => {
    const error = ((): Error => {
      try {
        assertSameContract('r', begun({ task: '\u{1f600}'.repeat(200) }), { task: 1 })
        return new Error('no error')
      } catch (thrown) {
        return thrown as Error
      }
    })()
    expect(error.message).toMatch(/\.\.\., it is resumed with 1/)
    expect(error.message.isWellFormed()).toBe(true)
  })
})
