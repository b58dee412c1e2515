/** Recovery itself is killed, up to five times running, and the next one finds the same records. */
import {
  killAtMark,
  killAtRandomInRecovery,
  killInRecovery,
  side,
} from '../harness/fault-classes.ts'
import { position } from '../harness/fault.ts'
import type { FaultClass, Scenario } from '../harness/scenario.ts'
import { crashInRecovery, recoveredTwice } from './sometimes/recovery.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

/** Five lives, each killed among its first ops. */
const fiveTimesRunning: FaultClass = {
  name: 'kill-five-times',
  draw: (control, random) => ({
    schedule: Array.from({ length: 5 }, (_, life) => [
      {
        kind: 'kill',
        at: position(
          life === 0 ? random.pick(control.ops).n : 1 + random.below(10),
          side(control, random),
        ),
        lost: [],
      },
    ]),
  }),
}

export const recovery: Scenario = {
  name: 'recovery',
  title: 'a crash inside recovery changes nothing, however often',
  needs: ['process'],
  workload: workloadOf(inOrder(anyStep(), 2, 4)),
  faults: [fiveTimesRunning, killInRecovery, killAtMark, killAtRandomInRecovery],
  sometimes: [crashInRecovery, recoveredTwice],
  livesMax: 3,
}
