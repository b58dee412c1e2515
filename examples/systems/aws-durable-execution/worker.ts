/**
 * One life of the AWS Durable Execution SDK over a journal of killpoint's: the service and the function in one process. `AWS_JOURNAL` names
 * the backend: `file`, the default.
 */
import { readFileSync } from 'node:fs'
import { withDurableExecution } from '@aws/durable-execution-sdk-js'
import type { Workload } from 'killpoint'
import { fileJournal } from 'killpoint/journal'
import { type Life, mark, readLife, runLife } from 'killpoint/worker'
import { toldIdentity } from 'killpoint:identity'
import { openMarked } from './marked.ts'
import { AlreadyStarted, type Ended, Execution, type ServiceClock } from './service.ts'
import { durableFunction, type Outcome } from './workload.ts'

runLife(main)

async function main(): Promise<void> {
  const life = readLife()
  mark({ mark: 'begin' })
  const { directory: dir, runId, takeover } = life
  const clock = clockFrom(life.clockMs)
  const identity = toldIdentity(life.life, process.env['KILLPOINT_IDENTITY'])
  const backend = fileJournal({ dir, identity, random: nonces(life), clock: { ...clock } })
  try {
    const journal = await openMarked(backend, runId, takeover)
    const execution = new Execution(journal, clock)
    const handler = withDurableExecution(durableFunction(runId, journal.epoch), {
      durableExecutionClient: execution,
    })
    tell(await execution.run(handler, inputOf(life)))
    await journal.close()
  } catch (error) {
    process.stderr.write(`${String((error as Error).stack ?? error)}\n`)
    if (error instanceof AlreadyStarted)
      mark({ mark: 'refused', at: 'open', code: error.code, message: error.message })
    process.exitCode = 75
  }
}

function tell({ status, text }: Ended): void {
  if (status === 'SUCCEEDED')
    mark({ mark: 'done', status: 'done', outcome: JSON.parse(text) as Outcome })
  else mark({ mark: 'done', status: 'failed', outcome: {}, code: text })
}

/** The payload of the execution. */
function inputOf({ workload: file, life }: Life): unknown {
  const workload = JSON.parse(readFileSync(file, 'utf8')) as Workload
  const { root, budget = null, otherTaskInLife, otherPart = 'task' } = workload
  const input = { root, profile: 'workload', budget }
  return otherTaskInLife === life ? { ...input, [otherPart]: 'another' } : input
}

/** Told from outside, and moved by waiting alone: an hour's wait is over at once. */
function clockFrom(start: number): ServiceClock {
  let now = start
  return {
    now: () => now,
    until: async (at) => {
      now = Math.max(now, at)
      return await Promise.resolve()
    },
  }
}

/** From the life's seed: the same seed gives the same bytes on disk. */
function nonces({ seed, life }: Life): { readonly nonce: () => string } {
  let count = 0
  return { nonce: () => `${seed}x${life}x${(count += 1)}` }
}
