/** The steps of a workload, one after the other, for engines that are tested with nothing else. */
import type { StepTask, Task } from 'killpoint'

/** Throws for a workload that has more than steps, sequences and loops. */
export function stepsOf(task: Task): readonly StepTask[] {
  if (task.kind === 'step') return [task]
  if (task.kind === 'sequence') return task.of.flatMap(stepsOf)
  if (task.kind === 'loop') return task.iterations.flatMap(stepsOf)
  throw new Error(`no tasks of kind ${task.kind}`)
}
