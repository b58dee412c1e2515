import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { stringifySchedule } from '../../../harness/fault-text.ts'
import { compareSizes, scheduleSize, simplerSchedules } from '../../../harness/shrink/simpler.ts'
import { schedules } from '../arbitraries.ts'

function simpler(text: string): readonly string[] {
  return [...simplerSchedules(parseSchedule(text))].map(stringifySchedule)
}

describe('simpler schedules', () => {
  it.each([
    ['-', []],
    ['K37', []],
    ['K37/17', ['K37', 'K37+']],
    ['K37=l38_39', ['K37', 'K37=l39', 'K37=l38']],
    ['K37,K4,K9', ['K37', 'K37,K4', 'K4,K9', 'K37,K9', '-,K4,K9', 'K37,-,K9']],
    ['V33=signal~K38', ['K38', 'V33=signal']],
    ['Z37=50', ['Z37=done']],
    ['K9,N12=5', ['K9', 'N12=5', '-,N12=5', 'K9,N12', 'K9,N2=5', 'K9,N6=5', 'K9,N11=5']],
    [
      'K9,C+4294967296',
      ['K9', 'C+4294967296', '-,C+4294967296', 'K9,C+1', 'K9,C+1000', 'K9,C+3600000'],
    ],
    ['E4=EIO.sticky', ['E4=EIO']],
  ])('of %s are %j', (text, expected) => {
    expect(simpler(text)).toEqual(expected)
  })

  it('are strictly smaller, never empty, and none is offered twice (M1)', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const offered = [...simplerSchedules(schedule)]
        const size = scheduleSize(schedule)
        for (const each of offered) {
          expect(compareSizes(scheduleSize(each), size)).toBeLessThan(0)
          expect(each.flat().length).toBeGreaterThan(0)
        }
        expect(new Set(offered.map(stringifySchedule)).size).toBe(offered.length)
      }),
    )
  })

  it('are valid schedules: their text parses back to them', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        for (const each of simplerSchedules(schedule)) {
          const text = stringifySchedule(each)
          expect(stringifySchedule(parseSchedule(text))).toBe(text)
        }
      }),
    )
  })
})
