/** The workload as a durable function: what a user of the SDK writes. */
import {
  type DurableContext,
  type DurableExecutionHandler,
  StepError,
  StepInterruptedError,
  StepSemantics,
} from '@aws/durable-execution-sdk-js'
import type { StepTask, Task } from 'killpoint'
import { beginEffect, mark } from 'killpoint/worker'

/** The id of each step and the nonce of its result, or `unknown`. */
export type Outcome = Readonly<Record<string, string>>

/** Marks its lines with this run and epoch. */
export function durableFunction(runId: string, epoch: number): DurableExecutionHandler {
  return async ({ root }: { readonly root: Task }, context) =>
    await new Interpreter(runId, epoch).perform(context, root, 'root')
}

class Interpreter {
  readonly #runId: string
  readonly #epoch: number

  constructor(runId: string, epoch: number) {
    this.#runId = runId
    this.#epoch = epoch
  }

  async perform(context: DurableContext, task: Task, parent: string): Promise<Outcome> {
    switch (task.kind) {
      case 'step':
        return await this.#step(context, task)
      case 'sequence':
        return await this.#inOrder(context, task.of, parent)
      case 'loop':
        return await this.#loop(context, task, parent)
      case 'parallel':
        return await this.#atOnce(context, task.of, parent)
      case 'child':
        return await this.#child(context, task, parent)
      default:
        throw new Error(`no tasks of kind ${task.kind}`)
    }
  }

  /** What must not run twice is at most once for each attempt, with no attempt after one that was interrupted. */
  async #step(context: DurableContext, task: StepTask): Promise<Outcome> {
    const { id, effect, fails = 0 } = task
    const semantics =
      effect === 'once' ? StepSemantics.AtMostOncePerRetry : StepSemantics.AtLeastOncePerRetry
    try {
      const result = await context.step(id, async ({ attempt }) => this.#act(task, attempt), {
        semantics,
        retryStrategy: (error, attempt) => ({
          shouldRetry: attempt <= fails && !(error instanceof StepInterruptedError),
          delay: { seconds: 1 },
        }),
      })
      const nonce = result.trimEnd()
      mark({ mark: 'observed', step: id, nonce, state: 'done' })
      return { [id]: nonce }
    } catch (error) {
      if (!(error instanceof StepError) || error.cause?.name !== StepInterruptedError.name)
        throw error
      mark({ mark: 'observed', step: id, nonce: '', state: 'unknown' })
      return { [id]: 'unknown' }
    }
  }

  /** The SDK gives a step no idempotency key: that of its effect is made of the execution's name and the step's. */
  #act({ id, effect, fails = 0, resultBytes = 0 }: StepTask, attempt: number): string {
    const key = `${this.#runId}/${id}`
    const nonce = beginEffect({ step: id, effect, key, args: id, epoch: this.#epoch, attempt })
    if (attempt <= fails) throw new Error(`attempt ${attempt} fails`)
    return nonce + ' '.repeat(resultBytes)
  }

  async #inOrder(
    context: DurableContext,
    tasks: readonly Task[],
    parent: string,
  ): Promise<Outcome> {
    const outcome: Record<string, string> = {}
    for (const task of tasks) Object.assign(outcome, await this.perform(context, task, parent))
    return outcome
  }

  /** Each iteration is a child context, whose result is the committed state. */
  async #loop(
    context: DurableContext,
    { id, iterations, stateBytes = 0 }: Extract<Task, { kind: 'loop' }>,
    parent: string,
  ): Promise<Outcome> {
    let outcome: Outcome = {}
    for (const [index, task] of iterations.entries()) {
      const before = outcome
      const state = await context.runInChildContext(`${id}.${index}`, async (inside) => ({
        outcome: { ...before, ...(await this.perform(inside, task, parent)) },
        padding: ' '.repeat(stateBytes),
      }))
      outcome = state.outcome
    }
    return outcome
  }

  async #atOnce(context: DurableContext, tasks: readonly Task[], parent: string): Promise<Outcome> {
    const branches = tasks.map(
      (task) => async (inside: DurableContext) => await this.perform(inside, task, parent),
    )
    const results = await context.parallel(branches)
    results.throwIfError()
    return Object.assign({}, ...results.getResults()) as Outcome
  }

  async #child(
    context: DurableContext,
    { id, of }: Extract<Task, { kind: 'child' }>,
    parent: string,
  ): Promise<Outcome> {
    const outcome = await context.runInChildContext(id, async (inside) => {
      mark({ mark: 'spawn', child: id, parent })
      return await this.perform(inside, of, id)
    })
    mark({ mark: 'settle', child: id, status: 'done' })
    return outcome
  }
}
