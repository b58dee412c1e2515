/**
 * The durable loop: every committed iteration is one record, with the whole state after it.
 *
 *   I1  a restart continues after the last committed iteration, with the state that it left
 *   I2  the cursor moves with the state, in one record, after the body: never before it and never apart from it
 *   I3  units inside an iteration are committed on their own, so that a crash in the middle keeps those that finished
 */
import { assertJson, type JsonValue } from './json.ts'
import { joinKey } from './keys.ts'
import type { IterateRecord } from './records.ts'
import type { Settlement } from './run-view.ts'
import { Scope } from './scope.ts'

/** What an iteration leaves: the state that the next one begins with, and whether there is a next one. */
export interface Iteration<S extends JsonValue> {
  readonly state: S
  readonly done: boolean
}

export interface LoopOptions<S extends JsonValue> {
  readonly initial: S
  /** One iteration. Units in it go through `scope`, which is this iteration's own. `index`: 0, 1, 2 … */
  readonly iterate: (state: S, scope: Scope, index: number) => Promise<Iteration<S>>
}

/** Iterates until an iteration is done, and gives the last state. Charges one `iterations` of the budget for each. */
export async function loop<S extends JsonValue>(
  scope: Scope,
  name: string,
  options: LoopOptions<S>,
): Promise<S> {
  const key = scope.claim(name)
  try {
    const unit = { key, kind: 'loop', args: options.initial } as const
    return (await scope.settle(unit, (args) => iterateAll(scope, { key, args, options }))) as S
  } finally {
    scope.release(name)
  }
}

interface LoopRun<S extends JsonValue> {
  readonly key: string
  readonly args: string
  readonly options: LoopOptions<S>
}

async function iterateAll<S extends JsonValue>(
  scope: Scope,
  { key, args, options }: LoopRun<S>,
): Promise<Settlement> {
  const last = scope.recorded.iterated.get(key)
  let state = last === undefined ? options.initial : (last.state as S)
  for (let index = last === undefined ? 0 : last.index + 1; ; index++) {
    await scope.run.assertMayBegin(joinKey(key, String(index)))
    scope.run.budget.assertFree(key, { iterations: 1 })
    const iteration = await iterateOnce(scope, key, index, (inner) =>
      options.iterate(state, inner, index),
    )
    assertJson(iteration.state, `state after iteration ${index} of ${key}`)
    if (!scope.isOpen) throw scope.signal.reason
    const { state: next, done } = iteration
    const record: IterateRecord = { type: 'iterate', key, args, index, state: next, done }
    const seq = await scope.run.commit(record)
    if (done) return { key, seq, record }
    state = next
  }
}

async function iterateOnce<T>(
  scope: Scope,
  key: string,
  index: number,
  body: (inner: Scope) => Promise<T>,
): Promise<T> {
  const inner = new Scope(scope.run, joinKey(key, String(index)))
  const passOn = (): void => inner.leave(scope.signal.reason as Error)
  scope.signal.addEventListener('abort', passOn, { once: true })
  try {
    const result = await body(inner)
    inner.finish()
    return result
  } finally {
    scope.signal.removeEventListener('abort', passOn)
    inner.leave(new Error(`iteration ${index} of ${key} is over`))
    await scope.run.unregister(inner.path)
  }
}
