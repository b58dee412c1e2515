/** An owner that lives keeps its run, and one that died gives it up, also where another process has its pid by then. */
import { recycledPid, rivalBeside } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import { pidTaken, rivalRefused } from './sometimes/owners.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

export const liveOwner: Scenario = {
  name: 'live-owner',
  title: 'a live owner is not robbed, and a dead one is replaced whoever has its pid',
  needs: ['process', 'takeover', 'guarded', 'identity'],
  workload: workloadOf(inOrder(anyStep(), 2, 4)),
  faults: [rivalBeside, recycledPid],
  sometimes: [rivalRefused, pidTaken],
  livesMax: 3,
}
