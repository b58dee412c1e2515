/**
 * One life of the system under test: starts the run or resumes it, runs it to its end, and exits with 0. killpoint starts it,
 * kills it, and starts it again.
 *
 * YOUR RUNTIME GOES INTO `main` AND `doStep`: they use killpoint's own runtime now. The marks stay: by them alone, in a file
 * outside of this process, the run is judged. What your system does not report is not judged, in print.
 */
import { readFileSync } from 'node:fs'
import type { Task, Workload } from 'killpoint'
import { createSupervisor, OutcomeUnknownError, step, type Scope } from 'killpoint/runtime'
import { beginEffect, mark, readLife } from 'killpoint/worker'

type StepTask = Extract<Task, { kind: 'step' }>

/** By step: its result, or the word `unknown`. */
type Outcome = Record<string, string>

const life = readLife()

async function main(): Promise<void> {
  const workload = JSON.parse(readFileSync(life.workload, 'utf8')) as Workload
  mark({ mark: 'begin' })
  // Everything that survives a life lies in this directory.
  const supervisor = createSupervisor({ dir: life.directory, takeover: life.takeover })
  const outcome = await supervisor.run(
    { name: 'orders', run: (scope) => work(scope, workload.root) },
    null,
    { runId: life.runId },
  )
  mark({ mark: 'done', status: 'done', outcome })
}

/** A workload is a tree of tasks; this worker does steps, in order and at once. */
async function work(scope: Scope, task: Task): Promise<Outcome> {
  switch (task.kind) {
    case 'step':
      return { [task.id]: await observed(scope, task) }
    case 'sequence': {
      let outcome: Outcome = {}
      for (const each of task.of) outcome = { ...outcome, ...(await work(scope, each)) }
      return outcome
    }
    case 'parallel': {
      const outcomes = await Promise.all(task.of.map((each) => work(scope, each)))
      return Object.assign({}, ...outcomes) as Outcome
    }
    default:
      throw new Error(`this worker does no tasks of kind ${task.kind} yet`)
  }
}

/** A step is a unit of work whose result is committed once. Its effect on the world is the mark that `beginEffect` makes. */
async function doStep(scope: Scope, { id, effect }: StepTask): Promise<string> {
  return await step(
    scope,
    id,
    (call) =>
      beginEffect({
        step: id,
        effect,
        key: call.idempotencyKey,
        args: id,
        epoch: call.epoch,
        attempt: call.attempt,
      }),
    { effect },
  )
}

/** Reports the result of a step as the workload is given it, in every life. */
async function observed(scope: Scope, task: StepTask): Promise<string> {
  try {
    const nonce = await doStep(scope, task)
    mark({ mark: 'observed', step: task.id, nonce, state: 'done' })
    return nonce
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError)) throw error
    mark({ mark: 'observed', step: task.id, nonce: '', state: 'unknown' })
    return 'unknown'
  }
}

void main()
