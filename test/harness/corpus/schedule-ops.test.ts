import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapOps, opUses } from '../../../harness/corpus/schedule-ops.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { stringifySchedule } from '../../../harness/fault-text.ts'
import { schedules } from '../arbitraries.ts'

function uses(text: string): readonly string[] {
  return opUses(parseSchedule(text)).map(
    ({ slot, reference }) => `${slot}: ${reference.stream}@${reference.op}`,
  )
}

describe('schedule ops: the ops that a schedule names', () => {
  it.each([
    ['-', []],
    ['K37', ['1: 1@37']],
    ['K37=l38_1.2@39/17,K4+', ['1: 1@37', '1: 1@38', '1: 1.2@39', '2: 1@4']],
    ['Z37=50', ['1: 1@37', '2: 1@50']],
    ['Z37=done,K3', ['1: 1@37', '2: 1@3']],
    ['K9,N3=5', ['1: 1@9', '2: 1@5']],
    ['V33=signal~K38+', ['1: 1@33', '1: 1@38']],
    ['F9=EIO,C+100~R2=line.5~E4=EIO', ['2: 1@4']],
  ])('%s', (text, expected) => {
    expect(uses(text)).toEqual(expected)
  })
})

describe('schedule ops: putting in other numbers', () => {
  it('changes nothing where every op keeps its number', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const same = mapOps(schedule, ({ reference }) => reference.op)
        expect(same).toEqual(schedule)
      }),
    )
  })

  it('changes exactly the numbers of ops, each by its own', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const moved = mapOps(schedule, ({ reference }) => reference.op + 1) ?? []
        expect(opUses(moved).map(({ reference }) => reference.op)).toEqual(
          opUses(schedule).map(({ reference }) => reference.op + 1),
        )
        const back = mapOps(moved, ({ reference }) => reference.op - 1) ?? []
        expect(stringifySchedule(back)).toBe(stringifySchedule(schedule))
      }),
    )
  })

  it('gives nothing as soon as one op has no number', () => {
    const find = ({ reference }: { reference: { op: number } }): number | undefined =>
      reference.op === 4 ? undefined : 1
    expect(mapOps(parseSchedule('K37,K4'), find)).toBeUndefined()
  })
})
