/**
 * One life of a LangGraph.js graph over a checkpointer of its own: SQLite, or PostgreSQL where there is a server. A step of the workload is one super-step of the graph: the node `work` does the next one
 * and adds its result to the state. `LANGGRAPH_DURABILITY` is the engine's own option: `sync`, or `exit`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import type { StepTask, Workload } from 'killpoint'
import { beginEffect, mark, readLife } from 'killpoint/worker'
import { caseDatabase } from '../case-database.ts'
import { stepsOf } from '../steps.ts'

const life = readLife()
const workload = JSON.parse(readFileSync(life.workload, 'utf8')) as Workload
const steps = stepsOf(workload.root)

type Results = Readonly<Record<string, string>>

const State = Annotation.Root({
  results: Annotation<Results>({
    reducer: (left, right) => ({ ...left, ...right }),
    default: () => ({}),
  }),
})

/** Results that reached the graph in this life. */
const told = new Set<string>()
const attempts = new Map<string, number>()

function work({ results }: typeof State.State): Partial<typeof State.State> {
  observe(results)
  const task = steps.find(({ id }) => !Object.hasOwn(results, id))
  return task === undefined ? {} : { results: { [task.id]: doStep(task) } }
}

/** The engine gives a node no idempotency key: that of its effect is made of the thread and the step. */
function doStep({ id, effect, fails = 0, resultBytes = 0 }: StepTask): string {
  const attempt = (attempts.get(id) ?? 0) + 1
  attempts.set(id, attempt)
  const key = `${life.runId}/${id}`
  const nonce = beginEffect({ step: id, effect, key, args: id, epoch: life.life, attempt })
  if (attempt <= fails) throw new Error(`attempt ${attempt} fails`)
  return nonce + ' '.repeat(resultBytes)
}

function observe(results: Results): void {
  for (const [step, result] of Object.entries(results)) {
    if (told.has(step)) continue
    told.add(step)
    mark({ mark: 'observed', step, nonce: result.trimEnd(), state: 'done' })
  }
}

async function main(): Promise<void> {
  mark({ mark: 'begin' })
  const isPostgres = process.env['KILLPOINT_POSTGRES_URL'] !== undefined
  const checkpointer = isPostgres
    ? PostgresSaver.fromConnString(await caseDatabase(life.directory))
    : SqliteSaver.fromConnString(join(life.directory, 'state.sqlite'))
  const graph = new StateGraph(State)
    .addNode('work', work, {
      retryPolicy: { maxAttempts: 10, initialInterval: 1, jitter: false, logWarning: false },
    })
    .addEdge(START, 'work')
    .addConditionalEdges('work', ({ results }) =>
      Object.keys(results).length === steps.length ? END : 'work',
    )
    .compile({ checkpointer })
  const config = { configurable: { thread_id: life.runId } }
  const before = await graph.getState(config)
  mark({ mark: 'resolved', epoch: life.life })
  // A thread without a checkpoint begins with an input; one that was left in the middle goes on without one.
  const isNew = before.config.configurable?.['checkpoint_id'] === undefined
  const durability = process.env['LANGGRAPH_DURABILITY'] === 'exit' ? 'exit' : 'sync'
  // Only where it is asked for: `next` is empty, too, of a thread whose last step has left its writes and not yet its checkpoint.
  const asksNext = process.env['LANGGRAPH_OVER'] === 'next'
  const isOver = asksNext && !isNew && before.next.length === 0
  const { results } = isOver
    ? (before.values as typeof State.State)
    : await graph.invoke(isNew ? { results: {} } : null, {
        ...config,
        durability,
        recursionLimit: 10_000,
      })
  observe(results)
  const outcome = Object.entries(results).map(([step, result]) => [step, result.trimEnd()])
  mark({ mark: 'done', status: 'done', outcome: Object.fromEntries(outcome) })
  if (checkpointer instanceof PostgresSaver) await checkpointer.end()
}

void main()
