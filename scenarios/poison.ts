/** A child that always kills its process: the run ends with a clear error instead of dying for ever. */
import fc from 'fast-check'
import type { FaultClass, Scenario } from '../harness/scenario.ts'
import type { Task, Workload } from '../harness/workload.ts'
import { endedByMaxLives, survivedPoison } from './sometimes/ends.ts'
import { finish } from './workloads.ts'

/** The workload kills by itself. */
const none: FaultClass = { name: 'poison', draw: () => ({ schedule: [] }) }

/** Steps with a poisonous child after each but the last. */
function poisoned(kills: readonly number[], livesMax: number): Workload {
  const step: Task = { kind: 'step', id: '', effect: 'keyed' }
  const pairs = kills.map((each): readonly Task[] => [
    step,
    { kind: 'child', id: '', of: { kind: 'poison', id: '', kills: each } },
  ])
  return finish({ kind: 'sequence', of: [...pairs.flat(), step] }, { livesMax })
}

export const poison: Scenario = {
  name: 'poison',
  title: 'a run that kills its process again and again ends with a terminal error',
  needs: ['process', 'poison'],
  workload: fc.integer({ min: 3, max: 5 }).map((livesMax) => poisoned([1_000], livesMax)),
  faults: [none],
  sometimes: [endedByMaxLives],
  livesMax: 3,
}

/**
 * The second poison begins to kill in the life that the first one let through: more lives die than may die in a row, and those
 * in a row are fewer.
 */
export const poisonSurvived: Scenario = {
  name: 'poison-survived',
  title: 'a run survives children that kill its process, if it makes progress between them',
  needs: ['process', 'poison'],
  workload: fc
    .integer({ min: 3, max: 4 })
    .map((livesMax) => poisoned([livesMax - 1, 2 * (livesMax - 1)], livesMax)),
  faults: [none],
  sometimes: [survivedPoison],
  livesMax: 3,
}
