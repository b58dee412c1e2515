/**
 * The durable loop: every committed iteration is one record, with the whole state after it.
 *
 *   I1  a restart continues after the last committed iteration, with the state that it left
 *   I2  the cursor moves with the state, in one record, after the body: never before it and never apart from it
 *   I3  units inside an iteration are committed on their own, so that a crash in the middle keeps those that finished
 *   I4  an iteration that throws, or that the budget does not cover, ends the loop by a record: every life sees it fail
 */
import { runInScope } from './driving.ts'
import { BudgetExceededError, InvalidArgumentError, RecordTooLargeError } from './errors.ts'
import { handled } from './handled.ts'
import { assertValue, copyJson, type JsonValue } from './json.ts'
import { joinKey } from './keys.ts'
import { recordError } from './recorded-error.ts'
import type { IterateRecord } from './records.ts'
import { Scope } from './scope.ts'

/** What an iteration leaves: the state that the next one begins with, JSON, and whether there is a next one. */
export interface Iteration<S> {
  readonly state: S
  readonly done: boolean
}

export interface LoopOptions<S> {
  readonly initial: S
  /** One iteration. Units in it go through `scope`, which is this iteration's own. `index`: 0, 1, 2 … */
  readonly iterate: (state: S, scope: Scope, index: number) => Promise<Iteration<S>>
}

/**
 * Iterates until an iteration is done, and gives the last state. Charges one `iterations` of the budget for each.
 *
 * @throws StepFailedError where an iteration threw, BudgetExceededError, InvalidArgumentError (name), NotJsonError (state),
 *   and what ended the run
 */
export function loop<S>(scope: Scope, name: string, options: LoopOptions<S>): Promise<S> {
  return handled(runLoop(scope, name, options))
}

async function runLoop<S>(scope: Scope, name: string, options: LoopOptions<S>): Promise<S> {
  const key = scope.claim(name)
  try {
    const { initial: given } = options
    assertValue(given, `initial state of ${key}`)
    const initial = copyJson(given) as S & JsonValue
    const unit = { key, kind: 'loop', args: initial } as const
    return (await scope.settle(unit, (args) =>
      iterateAll(scope, { key, args, options: { ...options, initial } }),
    )) as S
  } finally {
    scope.release(name)
  }
}

interface LoopRun<S> {
  readonly key: string
  readonly args: string
  readonly options: LoopOptions<S>
}

async function iterateAll<S>(scope: Scope, loopRun: LoopRun<S>): Promise<void> {
  const { key, args, options } = loopRun
  const last = scope.recorded.iterated.get(key)
  let state = last === undefined ? options.initial : (last.state as S)
  for (let index = last === undefined ? 0 : last.index + 1; ; index++) {
    if (!scope.mayBeginNow()) await scope.mayBegin(joinKey(key, String(index)))
    const iteration = await iterateOnce(scope, loopRun, state, index)
    if (iteration === undefined) return
    const { state: next, done } = iteration
    const record: IterateRecord = { type: 'iterate', key, args, index, state: next, done }
    if (done) return scope.commitSettlement(record)
    if (!(await commitIteration(scope, record))) return
    state = next
  }
}

/** What one iteration left; `undefined` where it failed and the loop is settled with that. */
async function iterateOnce<S>(
  scope: Scope,
  { key, args, options }: LoopRun<S>,
  state: S,
  index: number,
): Promise<Iteration<S & JsonValue> | undefined> {
  try {
    scope.run.budget.reserveIteration(key)
  } catch (error) {
    if (!(error instanceof BudgetExceededError)) throw error
    return fail(scope, { key, args }, error)
  }
  const inner = new Scope(scope.run, joinKey(key, String(index)), scope)
  const outcome = await runInScope(inner, async () =>
    asIteration<S>(await options.iterate(state, inner, index), `iteration ${index} of ${key}`),
  )
  if (outcome.status === 'done') return outcome.value
  return fail(scope, { key, args }, outcome.error)
}

/** False where the state was too large and the loop is settled with that. */
async function commitIteration(scope: Scope, record: IterateRecord): Promise<boolean> {
  try {
    await scope.commit(record)
    return true
  } catch (error) {
    if (!(error instanceof RecordTooLargeError)) throw error
    await fail(scope, record, error)
    return false
  }
}

async function fail(
  scope: Scope,
  { key, args }: { readonly key: string; readonly args: string },
  error: unknown,
): Promise<undefined> {
  const failed = { status: 'failed', error: recordError(error) } as const
  await scope.commitSettlement({ type: 'settle', key, kind: 'loop', args, ...failed })
  return undefined
}

function asIteration<S>(came: Iteration<S> | undefined, what: string): Iteration<S & JsonValue> {
  if (typeof came?.done !== 'boolean' || came.state === undefined)
    throw new InvalidArgumentError(`expected ${what} to give { state, done }`, {
      hint: 'return the state that the next iteration begins with, and done: true from the last one',
    })
  const { state, done } = came
  assertValue(state, `state after ${what}`)
  return { state: copyJson(state), done }
}
