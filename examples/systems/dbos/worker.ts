/**
 * One life of a DBOS application: a process that is started again over the database of the one that died. Launching recovers the workflows that
 * this executor left pending; asking for a workflow by the id of one that there is gives that one.
 */
import { readFileSync } from 'node:fs'
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { StepTask, Task, Workload } from 'killpoint'
import { beginEffect, mark, readLife } from 'killpoint/worker'
import { caseDatabase } from '../case-database.ts'
import { stepsOf } from '../steps.ts'

const life = readLife()
const workload = JSON.parse(readFileSync(life.workload, 'utf8')) as Workload

const run = DBOS.registerWorkflow(
  async (root: Task) => {
    const outcome: Record<string, string> = {}
    for (const task of stepsOf(root)) {
      const result = await doStep(task)
      mark({ mark: 'observed', step: task.id, nonce: result.trimEnd(), state: 'done' })
      outcome[task.id] = result.trimEnd()
    }
    return outcome
  },
  { name: 'run' },
)

/** The engine numbers the steps of a workflow: its id and the number are the key of the effect. */
const doStep = DBOS.registerStep(
  ({ id, effect, fails = 0, resultBytes = 0 }: StepTask) => {
    const attempt = DBOS.stepStatus?.currentAttempt ?? 1
    const key = `${DBOS.workflowID}/${DBOS.stepID}`
    const nonce = beginEffect({ step: id, effect, key, args: id, epoch: life.life, attempt })
    if (attempt <= fails) throw new Error(`attempt ${attempt} fails`)
    return Promise.resolve(nonce + ' '.repeat(resultBytes))
  },
  { name: 'doStep', retriesAllowed: true, maxAttempts: 10, intervalSeconds: 0.001, backoffRate: 1 },
)

async function main(): Promise<void> {
  mark({ mark: 'begin' })
  DBOS.setConfig({
    name: 'killpoint',
    // The same process started again: it has its name, and the version of its code.
    executorID: 'worker',
    applicationVersion: '1',
    systemDatabaseUrl: await caseDatabase(life.directory),
    runMigrations: false,
    logLevel: process.env['DBOS_LOG_LEVEL'] ?? 'error',
  })
  await DBOS.launch()
  mark({ mark: 'resolved', epoch: life.life })
  const handle = await DBOS.startWorkflow(run, { workflowID: life.runId })(workload.root)
  const outcome = await handle.getResult()
  mark({ mark: 'done', status: 'done', outcome })
  await DBOS.shutdown()
}

void main()
