/** A cancel from outside: once it is acknowledged, no step begins, in this life or a later one. */
import fc from 'fast-check'
import { actFromOutside } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { cancelLost, cancelSurvivedKill, cancelWon } from './sometimes/cancel.ts'
import { anyStep, atOnce, inOrder, workloadOf } from './workloads.ts'

const child = inOrder(anyStep(), 1, 3).map((of): Task => ({ kind: 'child', id: '', of }))

export const cancel: Scenario = {
  name: 'cancel',
  title: 'after an acknowledged cancel no step begins, and the run ends cancelled',
  needs: ['process', 'cancel'],
  workload: workloadOf(inOrder(fc.oneof(anyStep(), atOnce(3), child), 2, 4), {
    outside: [{ kind: 'cancel' }],
  }),
  faults: [actFromOutside('cancel')],
  sometimes: [cancelWon, cancelLost, cancelSurvivedKill],
  livesMax: 3,
}
