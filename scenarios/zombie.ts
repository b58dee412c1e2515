/** An owner that was believed dead comes back: it is told so, and nothing of it counts. */
import { zombieBeside, zombieTakeover } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import { zombieFenced } from './sometimes/owners.ts'
import { anyStep, atOnce, inOrder, workloadOf } from './workloads.ts'
import fc from 'fast-check'

export const zombie: Scenario = {
  name: 'zombie',
  title: 'an owner that was replaced acknowledges nothing more',
  needs: ['process', 'fencing', 'takeover'],
  workload: workloadOf(inOrder(fc.oneof(anyStep(), atOnce(3)), 2, 4)),
  faults: [zombieTakeover, zombieBeside],
  sometimes: [zombieFenced],
  livesMax: 3,
}
