/** A child that is another executable: its effect happens in a process of its own, which outlives a killed owner. */
import fc from 'fast-check'
import { killAtMark, killAtOp, killAtRandom, killInRecovery } from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { effectWithoutCommit, resumedAfterCommit } from './sometimes/commits.ts'
import { anyStep, inOrder, workloadOf } from './workloads.ts'

const command = fc
  .constantFrom('keyed' as const, 'once' as const)
  .map((effect): Task => ({ kind: 'command', id: '', effect }))

export const externalCommand: Scenario = {
  name: 'external-command',
  title: 'an external command keeps the rules of a step',
  needs: ['process', 'command'],
  workload: workloadOf(
    fc
      .tuple(anyStep(), command, inOrder(fc.oneof(anyStep(), command), 0, 1))
      .map(([first, second, rest]): Task => ({
        kind: 'sequence',
        of: [first, second, rest],
      })),
  ),
  faults: [killAtOp, killAtMark, killInRecovery, killAtRandom],
  sometimes: [effectWithoutCommit, resumedAfterCommit],
  livesMax: 3,
}
