/**
 * One life of a worker on Vercel Workflow: what a server does that is started again. The engine is used through its own entry points
 * (`workflowEntrypoint`, `stepEntrypoint`, `start`), as the files that its compiler generates use it; only the compiler is left out. Its store
 * is `@workflow/world-local`, or `@workflow/world-postgres` where there is a server.
 */
import { readFileSync } from 'node:fs'
import { getStepMetadata, RetryableError } from '@workflow/core'
import { registerStepFunction } from '@workflow/core/private'
import { getRun, setWorld, start, stepEntrypoint, workflowEntrypoint } from '@workflow/core/runtime'
import type { World } from '@workflow/world'
import type { StepTask, Task, Workload } from 'killpoint'
import { beginEffect, mark, readLife } from 'killpoint/worker'
import { overFiles, overPostgres } from './worlds.ts'

const life = readLife()
const workload = JSON.parse(readFileSync(life.workload, 'utf8')) as Workload

/** The step: the engine's id of it is the key of its effect, as its documentation recommends. */
async function doStep({ id, effect, fails = 0, resultBytes = 0 }: StepTask): Promise<string> {
  const { stepId, attempt } = getStepMetadata()
  const nonce = beginEffect({ step: id, effect, key: stepId, args: id, epoch: life.life, attempt })
  if (attempt <= fails) throw new RetryableError(`attempt ${attempt} fails`, { retryAfter: 0 })
  return nonce + ' '.repeat(resultBytes)
}
// A life that died inside a step counts as an attempt of it: more than the default of 3, or a few crashes fail a step.
doStep.maxRetries = 20
registerStepFunction('step//./worker//doStep', doStep)

/** Lines of the sandbox; it is replayed after each step, and says them again. */
const observed = new Set<string>()
console.debug = (what: string, step: string, result: string) => {
  if (what !== 'observed' || observed.has(step)) return
  observed.add(step)
  mark({ mark: 'observed', step, nonce: result.trimEnd(), state: 'done' })
}

async function main(): Promise<void> {
  mark({ mark: 'begin' })
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  const code = readFileSync(process.env['WORKFLOW_CODE'] ?? '', 'utf8')
  const isPostgres = process.env['KILLPOINT_POSTGRES_URL'] !== undefined
  const { world, serve } = isPostgres
    ? await overPostgres(life.directory)
    : overFiles(life.directory)
  setWorld(world)
  const workflow = workflowEntrypoint(code)
  await serve({
    step: async (request) => {
      await opened
      return await stepEntrypoint(request)
    },
    workflow: async (request) => {
      await opened
      const response = await workflow(request)
      await endIfOver(world)
      return response
    },
  })
  // Puts every run that has not ended back into the queue.
  try {
    await world.start?.()
  } catch (error) {
    const { name, message } = error as Error
    mark({ mark: 'refused', at: 'open', code: name, message })
    throw error
  }
  mark({ mark: 'resolved', epoch: life.life })
  open()
  const known = await world.runs.list({})
  if (known.data.length === 0) {
    const run = Object.assign((_root: Task) => Promise.resolve({}), {
      workflowId: 'workflow//./worker//run',
    })
    await start(run, [workload.root])
  } else await endIfOver(world)
}

/** In place of `returnValue`, which asks once a second: looks after each message whether the run has ended. */
async function endIfOver(world: World): Promise<void> {
  const [run] = (await world.runs.list({})).data
  if (run === undefined) return
  if (run.status === 'failed' || run.status === 'cancelled') {
    mark({ mark: 'done', status: 'failed', outcome: {}, code: run.error?.code ?? run.status })
    process.exit(0)
  }
  if (run.status !== 'completed') return
  const results = (await getRun(run.runId).returnValue) as Readonly<Record<string, string>>
  const outcome = Object.fromEntries(
    Object.entries(results).map(([step, result]) => [step, result.trimEnd()]),
  )
  mark({ mark: 'done', status: 'done', outcome })
  process.exit(0)
}

void main()
