/** Tasks of the abstract runtime: what holds steps and waits, and in which order they run. */
import type { Task } from '../../../harness/workload.ts'
import { mayBegin } from './limits.ts'
import { append } from './pen.ts'
import { poisonous, step } from './steps.ts'
import { findEntry, RunOver } from './tenure.ts'
import type { Outcome, Strand, Tenure } from './tenure.ts'
import { signal, timer } from './waits.ts'

/** Runs a task and all below it. */
export function* runTask(t: Tenure, task: Task, child: string): Strand<Outcome> {
  switch (task.kind) {
    case 'step':
      return yield* step(t, task, child)
    case 'command':
      return yield* step(t, task, child, true)
    case 'sequence': {
      let outcome: Outcome = {}
      for (const each of task.of) outcome = { ...outcome, ...(yield* runTask(t, each, child)) }
      return outcome
    }
    case 'parallel':
      return yield* parallel(
        t,
        task.of.map((each) => runTask(t, each, child)),
      )
    case 'loop':
      return yield* loop(t, task, child)
    case 'child':
      return yield* runChild(t, task, child)
    case 'tools':
      return yield* tools(t, task, child)
    case 'timer':
      return yield* timer(t, task)
    case 'signal':
      return yield* signal(t, task)
    case 'poison':
      return yield* poisonous(t, task)
  }
}

function* parallel(t: Tenure, strands: readonly Strand<Outcome>[]): Strand<Outcome> {
  const { random } = t.given
  const open = [...strands]
  let outcome: Outcome = {}
  let failure: unknown
  while (open.length > 0) {
    const strand = random.pick(open)
    try {
      const { value, done } = strand.next()
      if (done === true) {
        outcome = { ...outcome, ...value }
        open.splice(open.indexOf(strand), 1)
      }
      yield done === true ? undefined : value
    } catch (error) {
      open.splice(open.indexOf(strand), 1)
      failure ??= error
      // The others stop where they are, or where they next look.
      if (error instanceof RunOver) t.failure ??= error
      if (random.chance(0.5)) break
      yield
    }
  }
  if (failure !== undefined) throw failure as Error
  return outcome
}

function* loop(t: Tenure, task: Extract<Task, { kind: 'loop' }>, child: string): Strand<Outcome> {
  const last = t.image.findLast(({ type, id }) => type === 'iterate' && id === task.id)
  let outcome = { ...(last?.['outcome'] as Outcome | undefined) }
  const from = last === undefined ? 0 : (last['index'] as number) + 1
  for (const [index, each] of task.iterations.entries()) {
    if (index < from) continue
    outcome = { ...outcome, ...(yield* runTask(t, each, child)) }
    yield* append(t, [
      { type: 'iterate', id: task.id, index, outcome },
      { type: 'cursor', id: task.id },
    ])
  }
  return outcome
}

function* runChild(
  t: Tenure,
  task: Extract<Task, { kind: 'child' }>,
  parent: string,
): Strand<Outcome> {
  const { teller, bug } = t.given
  const { id } = task
  const settled = findEntry(t, 'settle', id)
  if (settled !== undefined && bug !== 'revive-child') {
    teller.mark({ mark: 'settle', child: id, status: 'done' })
    yield
    return settled['outcome'] as Outcome
  }
  mayBegin(t)
  teller.mark({ mark: 'spawn', child: id, parent })
  yield
  const outcome = yield* runTask(t, task.of, id)
  yield* append(t, [{ type: 'settle', id, outcome }])
  teller.mark({ mark: 'settle', child: id, status: 'done' })
  yield
  return outcome
}

function* tools(t: Tenure, task: Extract<Task, { kind: 'tools' }>, child: string): Strand<Outcome> {
  const { teller, bug, random } = t.given
  const request = (results: readonly unknown[]): void => {
    const calls = task.calls.map(({ id }) => ({ type: 'tool_use', id: `call_${id}`, name: id }))
    const asked = results.length === 0 ? [] : [{ role: 'assistant', content: calls }]
    const answered = results.length === 0 ? [] : [{ role: 'user', content: results }]
    const messages = [{ role: 'user', content: 'go' }, ...asked, ...answered]
    teller.mark({ mark: 'model-request', step: task.id, format: 'anthropic', messages })
  }
  request([])
  yield
  const outcome = yield* parallel(
    t,
    task.calls.map((call) => step(t, call, child)),
  )
  const results = task.calls.map(({ id }) => {
    const value = outcome[id] ?? ''
    const isError = value === 'unknown' && bug !== 'unknown-is-success'
    const content = isError ? 'OUTCOME_UNKNOWN' : JSON.stringify({ nonce: value })
    return { type: 'tool_result', tool_use_id: `call_${id}`, content, is_error: isError }
  })
  const isCut = bug === 'dangling-call' && results.length > 1 && random.chance(0.5)
  request(isCut ? results.slice(1) : results)
  yield
  return outcome
}
