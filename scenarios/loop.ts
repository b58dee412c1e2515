/** The committed loop: iterations with steps in them, killed anywhere, any number of times. */
import fc from 'fast-check'
import { killAtOp, killAtRandom, killInRecovery, terminate } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import {
  crashInRecovery,
  effectWithoutCommit,
  resumedAfterCommit,
  tornAppend,
} from './sometimes.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

const iteration = fc.oneof(anyStep({ fails: true }), inOrder(anyStep(), 1, 3))

export const loop: Scenario = {
  name: 'loop',
  title: 'a loop goes on after its last committed iteration and redoes nothing',
  needs: ['process', 'loop'],
  workload: workloadOf(
    fc
      .array(iteration, { minLength: 2, maxLength: 6 })
      .map((iterations): Task => ({ kind: 'loop', id: '', iterations })),
  ),
  faults: [killAtOp, killInRecovery, killAtRandom, terminate],
  sometimes: [effectWithoutCommit, resumedAfterCommit, tornAppend, crashInRecovery],
  livesMax: 3,
}
