/**
 * What the processes that a life starts told, put where it stands between the entries of the life's own op log: so the ledger is known
 * at each of its crash points.
 *
 * Both logs tell the time of one clock, and a power loss ends all processes at once: what a child had told by then is what stands here.
 * Its marks alone are known so. A child that changes the disk itself makes states that no single log shows.
 */
import { readLedger } from '../ledger.ts'
import type { Mark } from '../mark.ts'
import type { ChildMark, Trace, TracedOp } from '../trace.ts'

/** The trace of a life (the first of these) with what the others told; or a sentence on why that is not known. `marks`: all of the life's. */
export function withChildMarks(
  [own, ...others]: readonly [Trace, ...(readonly Trace[])],
  marks: readonly Mark[],
): Trace | string {
  const ops = others.flatMap((trace) => trace.ops)
  const changed = ops.find(({ op }) => op.kind !== 'mark')
  if (changed !== undefined)
    return `a process or thread that it starts changes the disk too (stream ${changed.stream})`
  const told = [...own.ops, ...ops].reduce((sum, op) => sum + linesOf(op).length, 0)
  if (told !== marks.filter(({ mark }) => mark !== 'fault').length)
    return 'a process that it starts writes to the ledger, and has no hooks'
  const childMarks = ops.toSorted(byTime).flatMap((op) => {
    const place = placeIn(own, timeOf(op))
    return linesOf(op).map((line): ChildMark => ({ line, ...place }))
  })
  return { ...own, childMarks }
}

function linesOf({ op, bytes, done }: TracedOp): readonly string[] {
  if (op.kind !== 'mark' || bytes === undefined || done === undefined) return []
  return readLedger(bytes).entries.map(({ mark }) => JSON.stringify(mark))
}

function byTime(left: TracedOp, right: TracedOp): number {
  return timeOf(left) - timeOf(right)
}

/** Nanoseconds, when it was done. */
function timeOf({ done }: TracedOp): number {
  return done?.at ?? Infinity
}

/** Behind the last entry of an op that came before this time; the op is that whose entry it is. */
function placeIn({ ops }: Trace, time: number): Pick<ChildMark, 'op' | 'at'> {
  let last = { op: 1, at: 0 }
  for (const { n, called, done } of ops)
    for (const entry of [called, done])
      if (entry !== undefined && entry.at < time && entry.position >= last.at)
        last = { op: n, at: entry.position }
  // Further behind than a crash "after" the op, which is half a place behind it.
  return { op: last.op, at: last.at + 0.75 }
}
