/** A run that is resumed with another task, profile or budget is refused, untouched, and goes on when it is resumed with its own. */
import fc from 'fast-check'
import { position } from '../harness/fault.ts'
import type { FaultClass, Scenario } from '../harness/scenario.ts'
import { refusedMismatch } from './sometimes/ends.ts'
import { anyStep, finish, inOrder } from './workloads.ts'

/** Kills the first life after the run began; the second comes with another task, profile or budget, and ends by itself. */
const killBeforeMismatch: FaultClass = {
  name: 'kill',
  draw: (control, random) => {
    const begun = control.ops.find(({ mark }) => mark === 'ack')?.n ?? 1
    const n = begun + random.below(Math.max(1, control.ops.length - begun))
    return {
      schedule: [
        [{ kind: 'kill', at: position(n, control.afterOnly ? 'after' : 'before'), lost: [] }],
        [],
      ],
    }
  },
}

export const mismatchedResume: Scenario = {
  name: 'mismatched-resume',
  title: 'a run is not mixed with another one under its id',
  needs: ['process', 'mismatch'],
  workload: fc
    .tuple(inOrder(anyStep(), 2, 4), fc.constantFrom('task', 'profile', 'budget'))
    .map(([root, otherPart]) => finish(root, { otherTaskInLife: 2, otherPart, budget: 1_000 })),
  faults: [killBeforeMismatch],
  sometimes: [refusedMismatch],
  livesMax: 3,
}
