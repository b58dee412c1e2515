import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { jobsMax, whyNotSoMany } from '../../harness/jobs.ts'

describe('jobs', () => {
  test('as many as the machine has room for, and no more', () => {
    for (const jobs of [1, availableParallelism(), jobsMax()])
      expect(whyNotSoMany(jobs)).toBeUndefined()
    expect(whyNotSoMany(jobsMax() + 1)).toContain(`at most ${jobsMax()} on this machine`)
  })

  test('a whole number', () => {
    for (const jobs of [0, -1, 1.5, Number.NaN, Infinity])
      expect(whyNotSoMany(jobs)).toBe('expected a whole number from 1')
  })
})
