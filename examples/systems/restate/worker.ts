/**
 * One life of a worker under Restate's server: the endpoint that the server sends the workflow to, and the client that submits it under the
 * run's id and waits for its end. A life takes one delivery of the workflow: at the next one (the server lost the first, or died) it ends,
 * so that what it begins is never mixed with what the one before it began.
 */
import './node-20.ts'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http2'
import * as restate from '@restatedev/restate-sdk'
import { connect } from '@restatedev/restate-sdk-clients'
import type { StepTask, Task, Workload } from 'killpoint'
import { beginEffect, mark, readLife } from 'killpoint/worker'
import { stepsOf } from '../steps.ts'

type Outcome = Readonly<Record<string, string>>

const life = readLife()
const workload = JSON.parse(readFileSync(life.workload, 'utf8')) as Workload
const { RESTATE_INGRESS_URL: ingress = '', RESTATE_ADMIN_URL: admin = '' } = process.env
const port = Number(process.env['RESTATE_WORKER_PORT'])

let delivered = false

const workflow = restate.workflow({
  name: 'workload',
  handlers: {
    run: async (ctx: restate.WorkflowContext, root: Task): Promise<Outcome> => {
      if (delivered) {
        process.stderr.write('delivered again: this life is over\n')
        process.exit(75)
      }
      delivered = true
      mark({ mark: 'resolved', epoch: life.life })
      const outcome: Record<string, string> = {}
      for (const task of stepsOf(root)) outcome[task.id] = await perform(ctx, task)
      return outcome
    },
  },
})

/** The key of its effect is the engine's: it is the same in each replay. */
async function perform(ctx: restate.WorkflowContext, task: StepTask): Promise<string> {
  const { id, effect, resultBytes = 0 } = task
  const key = ctx.rand.uuidv4()
  const result = await ctx.run(id, () => {
    const nonce = beginEffect({ step: id, effect, key, args: id, epoch: life.life, attempt: 1 })
    return nonce + ' '.repeat(resultBytes)
  })
  const nonce = result.trimEnd()
  mark({ mark: 'observed', step: id, nonce, state: 'done' })
  return nonce
}

async function main(): Promise<void> {
  mark({ mark: 'begin' })
  const endpoint = restate.endpoint().bind(workflow).setLogger(log)
  const server = createServer(endpoint.http2Handler())
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await untilDone(register)
  const client = connect({ url: ingress }).workflowClient<typeof workflow>(workflow, life.runId)
  const outcome = await untilDone(async () => {
    await client.workflowSubmit(workload.root)
    return await client.workflowAttach()
  })
  mark({ mark: 'done', status: 'done', outcome })
  process.exit(0)
}

/** Tells the server where this worker is; a server that knows it already says so. */
async function register(): Promise<void> {
  const response = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
}

/** Asks again as long as the server is away: all that is asked here may be asked twice. */
async function untilDone<Value>(ask: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      process.stderr.write(`${String(error)}: once more\n`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function log({ level }: restate.LogMetadata, ...words: readonly unknown[]): void {
  if (level === 'warn' || level === 'error')
    process.stderr.write(`${words.map(String).join(' ')}\n`)
}

void main()
