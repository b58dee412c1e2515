/** A model asks for several tools at once: some end, some do not, and the transcript that the model sees next is whole. */
import fc from 'fast-check'
import { killAtMark, killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { StepTask, Task } from '../harness/workload.ts'
import { outcomeUnknown } from './sometimes/commits.ts'
import { tornBatch } from './sometimes/tears.ts'
import { halfAnswered, idRepeated } from './sometimes/tools.ts'
import { anyStep, workloadOf } from './workloads.ts'

/** One that must not run twice and one that may, whatever is drawn. */
const first: readonly StepTask[] = [
  { kind: 'step', id: '', effect: 'once' },
  { kind: 'step', id: '', effect: 'keyed' },
]

const batch = fc
  .array(anyStep(), { minLength: 0, maxLength: 2 })
  .map((rest) => ({ kind: 'tools', id: '', calls: [...first, ...rest] }) as const)

/** Two batches of one transcript: the ids of the second are those of the first. */
const batches = fc
  .tuple(batch, batch)
  .map(([one, next]): Task => ({ kind: 'sequence', of: [one, { ...next, continues: true }] }))

export const toolBatch: Scenario = {
  name: 'tool-batch',
  title:
    'every tool call has one result; finished ones are kept, unknown ones are said to be unknown',
  needs: ['process', 'tools'],
  workload: workloadOf(batches),
  faults: [killAtOp, killAtMark, killInRecovery, killAtRandom],
  sometimes: [halfAnswered, idRepeated, outcomeUnknown, tornBatch],
  livesMax: 3,
}
