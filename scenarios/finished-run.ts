/** A finished run that is started again gives its outcome and does nothing. */
import { killAtOp, killAtRandom } from '../harness/fault-classes.ts'
import { position } from '../harness/fault.ts'
import type { FaultClass, Scenario } from '../harness/scenario.ts'
import { startedAgain } from './sometimes/ends.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

/** Ends the first life right after its last op: the run is done, and the next life finds it so. */
const killAtTheEnd: FaultClass = {
  name: 'kill-after-done',
  all: (control) => {
    const done = control.ops.find(({ mark }) => mark === 'done')
    const from = done?.n ?? control.ops.length
    return control.ops
      .filter(({ n }) => n >= from)
      .map(({ n }) => ({ schedule: [[{ kind: 'kill', at: position(n, 'after'), lost: [] }]] }))
  },
  draw: (control, random) => {
    const done = control.ops.find(({ mark }) => mark === 'done')?.n ?? control.ops.length
    const n = done + random.below(control.ops.length - done + 1)
    return { schedule: [[{ kind: 'kill', at: position(n, 'after'), lost: [] }]] }
  },
}

export const finishedRun: Scenario = {
  name: 'finished-run',
  title: 'a finished run returns its recorded outcome and does nothing',
  needs: ['process', 'terminal'],
  workload: workloadOf(inOrder(anyStep(), 1, 3)),
  faults: [killAtTheEnd, killAtOp, killAtRandom],
  sometimes: [startedAgain],
  livesMax: 2,
}
