/** A child that always kills its process: the run ends with a clear error instead of dying for ever. */
import fc from 'fast-check'
import type { FaultClass, Scenario } from '../harness/scenario.ts'
import { endedByMaxLives, survivedPoison } from './sometimes.ts'
import { finish } from './workloads.ts'

/** The workload kills by itself. */
const none: FaultClass = { name: 'poison', draw: () => ({ schedule: [] }) }

export const poison: Scenario = {
  name: 'poison',
  title: 'a run that kills its process again and again ends with a terminal error',
  needs: ['process', 'poison'],
  workload: fc
    .record({ kills: fc.constantFrom(1, 2, 3, 1_000), livesMax: fc.constantFrom(3, 4, 5) })
    .map(({ kills, livesMax }) =>
      finish(
        {
          kind: 'sequence',
          of: [
            { kind: 'step', id: '', effect: 'keyed' },
            { kind: 'child', id: '', of: { kind: 'poison', id: '', kills } },
            { kind: 'step', id: '', effect: 'keyed' },
          ],
        },
        { livesMax },
      ),
    ),
  faults: [none],
  sometimes: [endedByMaxLives, survivedPoison],
  livesMax: 8,
}
