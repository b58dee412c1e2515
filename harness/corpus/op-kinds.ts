/**
 * Kinds of ops: what an op does, to which kind of file, in which stage of its life. Ops of one kind are issued by the same lines
 * of a system, mostly for the same reason: a crash at one of them shows what a crash at any of them shows.
 *
 * Not by site: a system whose sites are not seen has kinds too.
 */
import type { Op } from '../op.ts'
import { finalNames, kindOfPath, pathOf } from './op-fingerprint.ts'

/** An op, and its name where it is a mark. */
export interface KindedOp {
  readonly op: Op
  readonly mark?: string
}

/** The kind of each op of a life, in its order: `running: write run/#.log`. */
export function kindsOfOps(ops: readonly KindedOp[]): readonly string[] {
  const names = finalNames(ops)
  const resolved = ops.findIndex(({ mark }) => mark === 'resolved')
  const done = ops.findIndex(({ mark }) => mark === 'done')
  return ops.map(({ op, mark }, place) => {
    const stage = place <= resolved ? 'opening' : done >= 0 && place > done ? 'ending' : 'running'
    const what =
      op.kind === 'mark' ? `mark ${mark ?? ''}` : `${op.kind} ${kindOfPath(pathOf(op, names))}`
    return `${stage}: ${what}`
  })
}
