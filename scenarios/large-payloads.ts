/** Results that do not fit into a record: they are published whole before the record that names them, or not at all. */
import fc from 'fast-check'
import { killAtMark, killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { effectWithoutCommit } from './sometimes/commits.ts'
import { tornAppend, tornBlob, tornTwin } from './sometimes/tears.ts'
import { workloadOf } from './workloads.ts'

/** The same state in every life that commits it: what an interrupted publication left behind is met again. */
const states: Task = {
  kind: 'loop',
  id: '',
  stateBytes: 70_000,
  iterations: [0, 1, 2].map(() => ({ kind: 'step', id: '', effect: 'keyed' })),
}

/** Two children at once with one result of the same bytes: what each publishes is the other's too. */
const twins: Task = {
  kind: 'parallel',
  of: [1, 2].map(() => ({
    kind: 'child',
    id: '',
    of: {
      kind: 'loop',
      id: '',
      stateBytes: 70_000,
      iterations: [{ kind: 'sequence', of: [] }],
    },
  })),
}

/**
 * Up to more than two of the chunks in which a reader takes a file; each 512 bytes more are another tear of each write, and each of these
 * is recovered.
 */
const large = fc
  .record({
    sizes: fc.array(fc.constantFrom(10, 5_000, 70_000, 150_000), { minLength: 1, maxLength: 3 }),
    shape: fc.constantFrom('sequence' as const, 'parallel' as const),
  })
  .map(({ sizes, shape }): Task => {
    const steps = sizes.map((resultBytes): Task => ({
      kind: 'step',
      id: '',
      effect: 'keyed',
      resultBytes,
    }))
    // At once, so that one publication falls into the other's.
    return { kind: 'sequence', of: [twins, states, { kind: shape, of: steps }] }
  })

export const largePayloads: Scenario = {
  name: 'large-payloads',
  title: 'large results are whole or absent, and unchanged',
  needs: ['process', 'loop', 'child'],
  workload: workloadOf(large),
  faults: [killAtOp, killAtMark, killInRecovery, killAtRandom],
  sometimes: [effectWithoutCommit, tornAppend, tornBlob, tornTwin],
  livesMax: 3,
}
