/** The owner dies and up to twelve resumers start at once: one ends up owning, the others are refused or fenced. */
import { concurrentResumers } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import { resumerRefused } from './sometimes/owners.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

export const concurrentResume: Scenario = {
  name: 'concurrent-resume',
  title: 'of many resumers one goes on, and nothing is done twice',
  needs: ['process', 'takeover', 'fencing'],
  workload: workloadOf(inOrder(anyStep(), 2, 4)),
  faults: [concurrentResumers([2, 3, 12])],
  sometimes: [resumerRefused],
  livesMax: 3,
}
