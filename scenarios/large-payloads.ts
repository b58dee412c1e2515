/** Results that do not fit into a record: they are published whole before the record that names them, or not at all. */
import fc from 'fast-check'
import { killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { effectWithoutCommit, tornAppend } from './sometimes.ts'
import { workloadOf } from './workloads.ts'

const large = fc
  .record({
    sizes: fc.array(fc.constantFrom(10, 5_000, 70_000, 300_000), { minLength: 2, maxLength: 4 }),
    twins: fc.boolean(),
  })
  .map(({ sizes, twins }): Task => {
    const steps = sizes.map((resultBytes): Task => ({
      kind: 'step',
      id: '',
      effect: 'keyed',
      resultBytes,
    }))
    // Two at once, so that one publication falls into the other's.
    return twins ? { kind: 'parallel', of: steps } : { kind: 'sequence', of: steps }
  })

export const largePayloads: Scenario = {
  name: 'large-payloads',
  title: 'large results are whole or absent, and unchanged',
  needs: ['process'],
  workload: workloadOf(large),
  faults: [killAtOp, killInRecovery, killAtRandom],
  sometimes: [effectWithoutCommit, tornAppend],
  livesMax: 3,
}
