/** A model asks for several tools at once: some end, some do not, and the transcript that the model sees next is whole. */
import fc from 'fast-check'
import { killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { halfAnswered, outcomeUnknown } from './sometimes.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

const batch = fc
  .array(anyStep(), { minLength: 2, maxLength: 4 })
  .map((calls): Task => ({ kind: 'tools', id: '', calls }))

export const toolBatch: Scenario = {
  name: 'tool-batch',
  title:
    'every tool call has one result; finished ones are kept, unknown ones are said to be unknown',
  needs: ['process', 'tools'],
  workload: workloadOf(inOrder(batch, 1, 2)),
  faults: [killAtOp, killInRecovery, killAtRandom],
  sometimes: [halfAnswered, outcomeUnknown],
  livesMax: 3,
}
