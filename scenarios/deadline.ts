/** An absolute deadline: no restart moves it, however much time the run spent dead. */
import { clockJump, side } from '../harness/fault-classes.ts'
import { position } from '../harness/fault.ts'
import type { FaultClass, Scenario } from '../harness/scenario.ts'
import { begunEarlier, deadlinePassed } from './sometimes/time.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

const deadlineMs = 10_000

/** Five lives, three seconds apart, each killed before it can end: the last one begins after the deadline. */
const killEveryThreeSeconds: FaultClass = {
  name: 'kill-every-three-seconds',
  needs: ['clock'],
  draw: (control, random) => ({
    schedule: Array.from({ length: 5 }, (_, life) => [
      ...(life === 0 ? [] : [{ kind: 'clock', ms: 3_000 } as const]),
      {
        kind: 'kill',
        at: position(
          life === 0 ? random.pick(control.ops).n : 1 + random.below(12),
          side(control, random),
        ),
        lost: [],
      } as const,
    ]),
  }),
}

export const deadline: Scenario = {
  name: 'deadline',
  title: 'a deadline stays where it was set, over any number of lives',
  needs: ['process', 'deadline', 'clock'],
  workload: workloadOf(inOrder(anyStep(), 3, 5), { deadlineMs }),
  faults: [clockJump, killEveryThreeSeconds],
  sometimes: [deadlinePassed, begunEarlier],
  livesMax: 3,
}
