/** Steps of the abstract runtime: results that are committed once, intents, attempts, doubts, and steps that kill. */
import type { Task } from '../../../harness/workload.ts'
import { charge, mayBegin } from './limits.ts'
import { append } from './pen.ts'
import { findEntry, LifeOver } from './tenure.ts'
import type { Outcome, Strand, Tenure, Work } from './tenure.ts'

/** One step, call or command. */
export function* step(t: Tenure, task: Work, child: string, isCommand = false): Strand<Outcome> {
  const { teller, bug, random } = t.given
  const { id, fails = 0 } = task
  const settled = findEntry(t, 'result', id)
  const isRedone = bug === 'redo-committed' && t.given.seen.has(id) && random.chance(0.3)
  if (settled !== undefined && !isRedone) {
    let nonce = settled['nonce'] as string
    const state = settled['state'] as 'done' | 'unknown'
    if (bug === 'second-result' && state === 'done') nonce = `${nonce}x`
    teller.observed(id, state === 'done' ? nonce : '', state)
    yield
    return { [id]: state === 'done' ? nonce : state }
  }
  const failed = t.image.filter((entry) => entry.type === 'failed' && entry.id === id).length
  for (let attempt = failed + 1; ; attempt += 1) {
    const nonce = yield* runAttempt(t, { task, child, attempt, isCommand })
    if (nonce === undefined) return { [id]: 'unknown' }
    if (attempt <= fails) {
      yield* append(t, [{ type: 'failed', id, attempt }])
      continue
    }
    if (bug !== 'commit-first') yield* append(t, [{ type: 'result', id, nonce, state: 'done' }])
    teller.observed(id, nonce, 'done')
    t.given.seen.add(id)
    yield
    return { [id]: nonce }
  }
}

function* runAttempt(
  t: Tenure,
  call: {
    readonly task: Work
    readonly child: string
    readonly attempt: number
    readonly isCommand: boolean
  },
): Strand<string | undefined> {
  const { teller, bug, nonce: draw } = t.given
  const { task, attempt, child } = call
  const { id, effect, cost = 0 } = task
  mayBegin(t)
  const intents = t.image.filter(
    (entry) => entry.type === 'intent' && entry.id === id && entry['attempt'] === attempt,
  )
  const isRedone = bug === 'redo-committed' && t.given.seen.has(id)
  if (effect === 'once' && intents.length > 0 && !isRedone) return yield* unknown(t, id)
  if (bug === 'lazy-unknown' && effect === 'keyed' && t.n > 1 && intents.length > 0)
    return yield* unknown(t, id)
  charge(t, cost, child)
  if ((effect === 'once' && (bug !== 'no-intent' || call.isCommand)) || cost > 0) {
    yield* append(t, [{ type: 'intent', id, attempt, cost, child }])
    if (cost > 0) teller.mark({ mark: 'reserve', step: id, amount: cost })
    if (cost > 0) yield
  }
  const nonce = draw()
  if (bug === 'commit-first') yield* append(t, [{ type: 'result', id, nonce, state: 'done' }])
  const act = (): void => {
    teller.effect(id, {
      effect,
      nonce,
      attempt,
      epoch: t.epoch,
      ...(bug === 'random-key' && effect === 'keyed' ? { key: `k/${id}/${t.n}` } : {}),
      ...(bug === 'other-arguments' ? { args: `h/${id}/${t.n}` } : {}),
    })
  }
  if (call.isCommand) {
    const process = t.given.startProcess(act)
    while (!process.isOver()) yield
  } else act()
  yield
  if (cost > 0) {
    teller.mark({ mark: 'spend', step: id, amount: cost })
    yield
  }
  return nonce
}

function* unknown(t: Tenure, id: string): Strand<undefined> {
  yield* append(t, [{ type: 'result', id, nonce: '', state: 'unknown' }])
  t.given.teller.observed(id, '', 'unknown')
  yield
  return undefined
}

/** A step that kills its own process some times. */
export function* poisonous(t: Tenure, task: Extract<Task, { kind: 'poison' }>): Strand<Outcome> {
  const { teller, nonce: draw, poisoned } = t.given
  const { id, kills } = task
  const settled = findEntry(t, 'result', id)
  if (settled !== undefined) {
    teller.observed(id, settled['nonce'] as string)
    yield
    return { [id]: settled['nonce'] as string }
  }
  mayBegin(t)
  const nonce = draw()
  teller.effect(id, { effect: 'none', nonce, epoch: t.epoch })
  yield
  const killed = poisoned.get(id) ?? 0
  if (killed < kills) {
    poisoned.set(id, killed + 1)
    throw new LifeOver('self-kill')
  }
  yield* append(t, [{ type: 'result', id, nonce, state: 'done' }])
  teller.observed(id, nonce)
  yield
  return { [id]: nonce }
}
