/** Nested drivers: children in children, at once and in order, committed when they finish. */
import fc, { type Arbitrary } from 'fast-check'
import { killAtMark, killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { crashInRecovery } from './sometimes/recovery.ts'
import { childKept, endedOutOfOrder, killedInNestedChild } from './sometimes/tree.ts'
import { anyStep, atOnce, inOrder, workloadOf } from './workloads.ts'

const { tree } = fc.letrec<{ tree: Task; child: Task }>((tie) => ({
  child: tie('tree').map((of): Task => ({ kind: 'child', id: '', of })),
  tree: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    anyStep() as Arbitrary<Task>,
    atOnce(3),
    fc
      .array(tie('child'), { minLength: 1, maxLength: 3 })
      .map((of): Task => ({ kind: 'parallel', of })),
    inOrder(tie('child'), 1, 2),
  ),
}))

const step: Task = { kind: 'step', id: '', effect: 'keyed' }
const once: Task = { kind: 'step', id: '', effect: 'once' }

/** The second ends before the first, and is cancelled when it has ended. */
const outOfOrder: Task = {
  kind: 'parallel',
  of: [
    { kind: 'child', id: '', of: { kind: 'sequence', of: [step, once] } },
    { kind: 'child', id: '', of: step, cancelledLate: true },
  ],
}

/** At least one child inside a child, and two that end out of order, whatever is drawn. */
const nested = tree.map((of): Task => ({
  kind: 'sequence',
  of: [
    outOfOrder,
    {
      kind: 'child',
      id: '',
      of: {
        kind: 'sequence',
        of: [{ kind: 'child', id: '', of: once }, of],
      },
    },
  ],
}))

export const supervisor: Scenario = {
  name: 'supervisor',
  title: 'settled children give their recorded outputs and never run again',
  needs: ['process', 'child'],
  workload: workloadOf(nested),
  faults: [killAtOp, killAtMark, killInRecovery, killAtRandom],
  sometimes: [childKept, endedOutOfOrder, killedInNestedChild, crashInRecovery],
  livesMax: 3,
}
