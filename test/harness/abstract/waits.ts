/** Waits of the abstract runtime: timers with absolute due times, signals that are consumed once. */
import type { Task } from '../../../harness/workload.ts'
import { mayBegin } from './limits.ts'
import { append } from './pen.ts'
import { findEntry } from './tenure.ts'
import type { Outcome, Strand, Tenure } from './tenure.ts'

/** A timer: armed once, fired once. */
export function* timer(t: Tenure, task: Extract<Task, { kind: 'timer' }>): Strand<Outcome> {
  const { teller, bug } = t.given
  const { id, afterMs } = task
  const fire = (due: number): void => {
    teller.mark({ mark: 'timer', step: id, phase: 'fired', due, at: t.clock })
  }
  const fired = findEntry(t, 'fired', id)
  if (fired !== undefined) {
    fire(fired['due'] as number)
    yield
    return {}
  }
  mayBegin(t)
  const armed = bug === 'timer-slides' ? undefined : findEntry(t, 'armed', id)
  const due = (armed?.['due'] as number | undefined) ?? t.clock + afterMs
  if (armed === undefined) {
    yield* append(t, [{ type: 'armed', id, due }])
    teller.mark({ mark: 'timer', step: id, phase: 'armed', due, at: t.clock })
    yield
  }
  if (bug !== 'timer-early') t.clock = Math.max(t.clock, due)
  yield* append(t, [{ type: 'fired', id, due }])
  fire(due)
  yield
  return {}
}

/** A wait for a signal. */
export function* signal(t: Tenure, task: Extract<Task, { kind: 'signal' }>): Strand<Outcome> {
  const { teller, store, bug } = t.given
  const { id, name } = task
  const consume = (message: string): void => {
    teller.mark({ mark: 'consumed', step: id, name, message })
  }
  const consumed = findEntry(t, 'consumed', id)
  if (consumed !== undefined) {
    consume(consumed['message'] as string)
    yield
    return {}
  }
  for (;;) {
    mayBegin(t)
    const free = store.inbox.find(
      ({ name: other, message }) =>
        other === name && (!isTaken(t, message) || bug === 'double-consume'),
    )
    if (free !== undefined) {
      t.taken.add(free.message)
      yield* append(t, [{ type: 'consumed', id, message: free.message }])
      consume(free.message)
      yield
      return {}
    }
    yield 'wait'
  }
}

function isTaken(t: Tenure, message: string): boolean {
  if (t.taken.has(message)) return true
  return t.image.some((entry) => entry.type === 'consumed' && entry['message'] === message)
}
