/** One life of a durably worker over SQLite: a job whose steps are those of the workload. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDurably, defineJob } from '@coji/durably'
import type { StepTask, Workload } from 'killpoint'
import { beginEffect, mark, readLife } from 'killpoint/worker'
import { SqliteDialect } from 'kysely'
import Database from 'libsql'
import { z } from 'zod'
import { stepsOf } from '../steps.ts'

const life = readLife()
const workload = JSON.parse(readFileSync(life.workload, 'utf8')) as Workload

const job = defineJob({
  name: 'workload',
  input: z.object({}),
  output: z.record(z.string(), z.string()),
  run: async (step) => {
    const outcome: Record<string, string> = {}
    for (const task of stepsOf(workload.root)) {
      const result = await step.run(task.id, () => Promise.resolve(doStep(task)))
      mark({ mark: 'observed', step: task.id, nonce: result.trimEnd(), state: 'done' })
      outcome[task.id] = result.trimEnd()
    }
    return outcome
  },
})

/** The engine has no retries of a step, and no key for its effect: both are made here. */
function doStep({ id, effect, fails = 0, resultBytes = 0 }: StepTask): string {
  for (let attempt = 1; ; attempt += 1) {
    const key = `${life.runId}/${id}`
    const nonce = beginEffect({ step: id, effect, key, args: id, epoch: life.life, attempt })
    if (attempt > fails) return nonce + ' '.repeat(resultBytes)
  }
}

async function main(): Promise<void> {
  mark({ mark: 'begin' })
  const database = new Database(join(life.directory, 'state.sqlite'))
  const durably = createDurably({
    dialect: new SqliteDialect({ database }),
    pollingIntervalMs: 50,
    leaseMs: 1000,
    leaseRenewIntervalMs: 200,
    jobs: { job },
  })
  await durably.init()
  mark({ mark: 'resolved', epoch: life.life })
  const { id } = await durably.jobs.job.trigger({}, { idempotencyKey: life.runId })
  const { output } = await durably.waitForRun(id)
  mark({ mark: 'done', status: 'done', outcome: output as Readonly<Record<string, string>> })
  await durably.stop()
}

void main()
