/** The committed loop: iterations with steps in them, killed anywhere, any number of times. */
import fc from 'fast-check'
import {
  killAtMark,
  killAtOp,
  killAtRandom,
  killInRecovery,
  terminate,
} from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import {
  commitWithoutAck,
  effectWithoutCommit,
  keyedWithoutCommit,
  outcomeUnknown,
  resumedAfterCommit,
} from './sometimes/commits.ts'
import { stoppedInOrder } from './sometimes/ends.ts'
import { crashInRecovery } from './sometimes/recovery.ts'
import { tornAppend } from './sometimes/tears.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

/** One of each kind that a crash must treat otherwise, whatever is drawn. */
const first: Task = {
  kind: 'sequence',
  of: [
    { kind: 'step', id: '', effect: 'once' },
    { kind: 'step', id: '', effect: 'keyed' },
  ],
}

const iteration = fc.oneof(anyStep({ fails: true }), inOrder(anyStep(), 1, 3))

export const loop: Scenario = {
  name: 'loop',
  title: 'a loop goes on after its last committed iteration and redoes nothing',
  needs: ['process', 'loop'],
  workload: workloadOf(
    fc
      .array(iteration, { minLength: 1, maxLength: 5 })
      .map((rest): Task => ({ kind: 'loop', id: '', iterations: [first, ...rest] })),
  ),
  faults: [killAtOp, killAtMark, killInRecovery, killAtRandom, terminate],
  sometimes: [
    effectWithoutCommit,
    commitWithoutAck,
    outcomeUnknown,
    keyedWithoutCommit,
    resumedAfterCommit,
    tornAppend,
    stoppedInOrder,
    crashInRecovery,
  ],
  livesMax: 3,
}
