/**
 * How the abstract runtime appends: group commit, one writer at a time, a look for a newer epoch before each ack; and a journal
 * that takes no more after a failure.
 */
import type { Entry } from './store.ts'
import { hashOf, LifeOver } from './tenure.ts'
import type { Strand, Tenure, Waiting } from './tenure.ts'

/** Commits records: all of one call or none. */
export function* append(t: Tenure, entries: readonly Entry[]): Strand<void> {
  const { teller, bug } = t.given
  if (t.poison !== undefined) throw new LifeOver('gave-up')
  const hashes = entries.map(hashOf)
  teller.append(...hashes)
  t.own.push(...entries)
  const waiting: Waiting = { entries, isPushed: false, isAcked: false }
  t.queue.push(waiting)
  if (bug === 'ack-early' && entries[0]?.type === 'result') {
    teller.ack(...hashes)
    waiting.isTold = true
    yield
  }
  while (!waiting.isAcked) {
    if (t.poison !== undefined) {
      teller.refused(t.poison === 'fenced' ? 'FENCED' : 'STORAGE', 'append')
      throw new LifeOver('gave-up')
    }
    // The writer belongs to the life: who waits moves it on, and it outlives a strand that is given up.
    t.writer ??= write(t)
    if (t.writer.next().done === true) t.writer = undefined
    yield
  }
  if (waiting.isTold !== true) teller.ack(...hashes)
  if (waiting.number !== undefined) t.given.store.acked.add(waiting.number)
  yield
}

/** A write that was under way when the life was killed: a prefix of its calls may be there, each whole. */
export function leaveTail(t: Tenure): void {
  const { random, store } = t.given
  if (!t.isWriting) return
  const left = t.group.filter(({ isPushed }) => !isPushed)
  store.push(
    t.epoch,
    left.slice(0, random.below(left.length + 1)).map(({ entries }) => entries),
  )
}

/** One writer at a time; what waits meanwhile is written together. */
function* write(t: Tenure): Strand<void> {
  const { store, bug } = t.given
  t.isWriting = true
  const group = [...t.queue]
  t.group = group
  yield
  if (fails(t)) return
  for (const each of group) each.isPushed = true
  const numbers = store.push(
    t.epoch,
    group.map(({ entries }) => entries),
  )
  yield
  if (fails(t)) return
  if (!lies(t)) store.sync()
  yield
  t.isWriting = false
  t.queue = t.queue.filter((each) => !group.includes(each))
  if (store.highestEpoch !== t.epoch && bug !== 'no-fence') {
    t.poison = 'fenced'
    return
  }
  for (const [place, each] of group.entries()) {
    each.isAcked = true
    each.number = numbers[place]
  }
}

function fails(t: Tenure): boolean {
  const { inner, store, teller, bug } = t.given
  t.writes += 1
  if (inner.errorAt !== t.writes) return false
  teller.fault(`E${t.ops}=EIO${inner.isDrop === true ? '.drop' : ''}`, t.ops)
  if (inner.isDrop === true) store.dropCached()
  if (bug === 'swallow-error') return false
  t.poison = 'error'
  t.isWriting = false
  return true
}

function lies(t: Tenure): boolean {
  const { inner, teller } = t.given
  if (inner.lieAt === undefined || t.writes < inner.lieAt) return false
  teller.fault(`L${t.ops}`, t.ops)
  return true
}
