/**
 * What cannot be held against a system, because the hardware lied or rotted.
 *
 * Under two faults an acknowledgement is worth nothing, whatever the system does: one before a power loss that shows that a sync lied; and
 * damage to the last batch of the journal, which cannot be told from a torn append. The stretch of the ledger in which acks
 * are worth nothing is a *void window*: acks, observations and effects in it commit nothing and count for nothing. Outside of
 * the windows everything is judged as always.
 */
import type { Fault } from '../fault.ts'
import type { History } from '../history.ts'

/** A fault that fired. */
export interface Fired {
  readonly index: number
  readonly life: number
  readonly fault: Fault
}

/** Ledger places from `from` up to, not including, `to`. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** The void windows of a history. `inFlightMax` bounds what one batch may hold where the system reports no acks. */
export function voidWindows(
  history: History,
  fired: readonly Fired[],
  inFlightMax: number,
): readonly Window[] {
  return [...lies(fired), ...rots(history, fired, inFlightMax)]
}

/** True where what stands at `index` counts for nothing. */
export function isVoid(windows: readonly Window[], index: number): boolean {
  return windows.some(({ from, to }) => index >= from && index < to)
}

/**
 * A lie reaches back: a system that keeps its state in a new file, syncs that, and takes the old one away, did nothing wrong and has
 * neither where the sync lied. So all that was acknowledged before the power loss that shows the lie is void, not only what came behind
 * the lie. What a loss takes that no lie had to do with, is found in the cases without one.
 */
function lies(fired: readonly Fired[]): readonly Window[] {
  return fired
    .filter(({ fault }) => fault.kind === 'lying-sync')
    .flatMap(({ index: lie }) => {
      const loss = fired.find(({ index, fault }) => index > lie && fault.kind === 'power-loss')
      return loss === undefined ? [] : [{ from: 0, to: loss.index }]
    })
}

function rots(history: History, fired: readonly Fired[], inFlightMax: number): readonly Window[] {
  return fired
    .filter(({ fault }) => fault.kind === 'rot')
    .map(({ index: to }) => ({ from: lastBatch(history, to, inFlightMax), to }))
}

/**
 * Where the last batch before `to` was handed over. Appends that overlap may be one batch, so everything acknowledged after
 * that place belongs to it at most. Without acks: the last steps that may have been committed together.
 */
function lastBatch(history: History, to: number, inFlightMax: number): number {
  let last: { readonly index: number; readonly ackIndex: number } | undefined
  for (const { index, ackIndex } of history.appends)
    if (ackIndex !== undefined && ackIndex < to && ackIndex > (last?.ackIndex ?? -1))
      last = { index, ackIndex }
  if (last !== undefined) return last.index
  const settles = history.of('settle').map(({ child, index }) => ({ step: child, index }))
  const kinds = [
    history.of('observed'),
    history.of('effect'),
    history.of('timer'),
    history.of('consumed'),
    settles,
  ]
  return Math.min(to, ...kinds.map((marks) => fromEnd(firstOfEach(marks, to), inFlightMax)))
}

/** Where each step is first seen, before `to`. */
function firstOfEach(
  marks: readonly { readonly step: string; readonly index: number }[],
  to: number,
): readonly number[] {
  const first = new Map<string, number>()
  for (const { step, index } of marks) if (index < to && !first.has(step)) first.set(step, index)
  return [...first.values()]
}

/** The `count`th from the end, or the first where there are fewer. */
function fromEnd(places: readonly number[], count: number): number {
  return places.slice(-count)[0] ?? Number.POSITIVE_INFINITY
}
