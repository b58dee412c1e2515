/** A child that always kills its process: the run ends with a clear error instead of dying for ever. */
import fc, { type Arbitrary } from 'fast-check'
import type { FaultClass, Scenario } from '../harness/scenario.ts'
import type { Workload } from '../harness/workload.ts'
import { endedByMaxLives, survivedPoison } from './sometimes.ts'
import { finish } from './workloads.ts'

/** The workload kills by itself. */
const none: FaultClass = { name: 'poison', draw: () => ({ schedule: [] }) }

const poisoned = (kills: Arbitrary<number>, livesMax: Arbitrary<number>): Arbitrary<Workload> =>
  fc.record({ kills, livesMax }).map((drawn) =>
    finish(
      {
        kind: 'sequence',
        of: [
          { kind: 'step', id: '', effect: 'keyed' },
          { kind: 'child', id: '', of: { kind: 'poison', id: '', kills: drawn.kills } },
          { kind: 'step', id: '', effect: 'keyed' },
        ],
      },
      { livesMax: drawn.livesMax },
    ),
  )

export const poison: Scenario = {
  name: 'poison',
  title: 'a run that kills its process again and again ends with a terminal error',
  needs: ['process', 'poison'],
  workload: poisoned(fc.constant(1_000), fc.integer({ min: 3, max: 5 })),
  faults: [none],
  sometimes: [endedByMaxLives],
  livesMax: 8,
}

export const poisonSurvived: Scenario = {
  name: 'poison-survived',
  title: 'a run survives a child that kills its process a few times',
  needs: ['process', 'poison'],
  workload: poisoned(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 4, max: 5 })),
  faults: [none],
  sometimes: [survivedPoison],
  livesMax: 8,
}
