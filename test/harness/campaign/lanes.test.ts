import { describe, expect, it } from 'vitest'
import type { PlannedCase } from '../../../harness/campaign/group.ts'
import { drawn, lanesOf } from '../../../harness/campaign/lanes.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'

/** Classes in their order of rounds, as weights 1, 1, 3, 1 and 2 give it. */
const round = ['kill', 'mark', 'random', 'recovery', 'sigterm', 'random', 'sigterm', 'random']

function* plans(): Generator<PlannedCase> {
  for (let number = 0; ; number += 1)
    yield {
      schedule: parseSchedule(`K${number + 1}`),
      origin: { kind: 'class', name: round[number % round.length] ?? '' },
    }
}

describe('lanes', () => {
  it.each([2, 5, 8, 13])(
    'of %i places each takes one of the same class again where its plan missed, however rare the class is',
    (all) => {
      const lanes = lanesOf(
        plans(),
        all,
        Array.from({ length: all }, (_, slot) => slot),
      )
      for (const { lane, plan } of drawn(lanes)) lane.plans.missed(plan)
      const again = drawn(lanes).map(({ plan: { origin } }) => origin)
      expect(again).toEqual(
        lanes.map(({ slot }) => ({ kind: 'class', name: round[slot % round.length] })),
      )
    },
  )
})
