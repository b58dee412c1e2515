import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { stringifySchedule } from '../../../harness/fault-text.ts'
import {
  shrink,
  type Candidate,
  type ShrinkDoor,
  type Shrunk,
} from '../../../harness/shrink/shrink.ts'
import { compareSizes, scheduleSize } from '../../../harness/shrink/simpler.ts'
import type { Workload } from '../../../harness/workload.ts'
import { schedules } from '../arbitraries.ts'

/** A workload is a number of steps here; below it are all smaller ones, boldest first. */
function steps(count: number): Workload {
  const of = Array.from({ length: count }, (_, n) => ({
    kind: 'step' as const,
    id: `s${n}`,
    effect: 'none' as const,
  }))
  return { root: { kind: 'sequence', of }, inFlightMax: 1 }
}

function countOf({ root }: Workload): number {
  return root.kind === 'sequence' ? root.of.length : 0
}

interface World {
  readonly jobs?: number
  readonly casesMax?: number
  readonly fails: (count: number, schedule: string) => boolean
}

async function shrunk(
  count: number,
  schedule: string,
  { jobs = 1, casesMax = Infinity, fails }: World,
): Promise<Shrunk<string>> {
  let cases = 0
  const door: ShrinkDoor<string> = {
    jobs,
    isOver: () => cases >= casesMax,
    fails: (candidate) => {
      cases += 1
      const { workload } = candidate
      const text = stringifySchedule(candidate.schedule)
      const isFailing = fails(countOf(workload), text)
      return Promise.resolve(isFailing ? `${countOf(workload)} ${text}` : undefined)
    },
    children: (path) =>
      Array.from({ length: Number(path) }, (_, smaller) => ({
        path: String(smaller),
        workload: steps(smaller),
      })),
    place: (_, from) => Promise.resolve([from.schedule]),
  }
  const start: Candidate = {
    path: String(count),
    workload: steps(count),
    schedule: parseSchedule(schedule),
  }
  return await shrink(start, door)
}

describe('shrinking', () => {
  it('takes away every fault and every step that the failure does not need', async () => {
    const fails = (count: number, schedule: string): boolean =>
      count >= 3 && schedule.includes('K4')
    const { candidate, proof, isSmallest } = await shrunk(12, 'K37,K9,K4/17,K2', { fails })
    expect(proof).toBe('3 K4')
    expect(candidate.path).toBe('3')
    expect(isSmallest).toBe(true)
  })

  it('takes away faults before steps', async () => {
    const tried: string[] = []
    await shrunk(3, 'K37,K9', {
      fails: (count, schedule) => {
        tried.push(`${count} ${schedule}`)
        return schedule.includes('K9')
      },
    })
    expect(tried.slice(0, 3)).toEqual(['3 K37', '3 K9', '0 K9'])
  })

  it('goes back to the faults when the workload has become smaller', async () => {
    const fails = (count: number, schedule: string): boolean =>
      count > 2 ? schedule === 'K37,K9' : schedule.includes('K9')
    expect((await shrunk(5, 'K37,K9', { fails })).proof).toBe('0 K9')
  })

  it('leaves a case alone that has nothing smaller', async () => {
    const { proof, cases } = await shrunk(1, 'K1', { fails: (count) => count === 1 })
    expect(proof).toBeUndefined()
    expect(cases).toBe(1)
  })

  it('stops when the budget is used up, and says so', async () => {
    const { isSmallest, cases, proof } = await shrunk(50, 'K37,K9', {
      casesMax: 4,
      fails: (count) => count >= 3,
    })
    expect({ isSmallest, cases, proof }).toEqual({ isSmallest: false, cases: 4, proof: '50 K37' })
  })

  it('gives something that fails, and never something bigger (K1); the same for any number of jobs (K2)', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, fc.nat(6), fc.integer(), async (schedule, count, salt) => {
        const text = stringifySchedule(schedule)
        const fails = (number: number, each: string): boolean =>
          ((number + 1) * each.length * (salt | 1)) % 3 !== 0
        const one = await shrunk(count, text, { fails })
        const three = await shrunk(count, text, { fails, jobs: 3 })
        expect(three).toEqual(one)
        const size = scheduleSize(schedule)
        expect(compareSizes(scheduleSize(one.candidate.schedule), size)).toBeLessThanOrEqual(0)
        expect(countOf(one.candidate.workload)).toBeLessThanOrEqual(count)
        if (one.proof !== undefined)
          expect(
            fails(countOf(one.candidate.workload), stringifySchedule(one.candidate.schedule)),
          ).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})
