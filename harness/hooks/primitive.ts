/** A primitive op as the layers of the hooks hand it on: decoded from a binding call, not yet run. */
import type { Op, OpKind } from '../op.ts'
import type { OpenFile } from './files.ts'

/** One primitive op, decoded and ready to run. */
export interface Primitive {
  readonly kind: OpKind
  /** The op for the log; called before it runs, and only by an observer. */
  readonly describe: () => Op
  /** Runs it: returns the binding's raw result or throws. */
  readonly run: () => unknown
  /** The error that the caller sees if it fails with `code`. */
  readonly fail: (code: string) => Error
  readonly write?: WritePrimitive
}

export interface WritePrimitive {
  readonly file: OpenFile
  /** As the call gave it: `null` is the descriptor's own. */
  readonly position: number | null
  /** The whole payload. */
  readonly bytes: () => Uint8Array
  /** Writes only the first `count` bytes; returns how many were written. */
  readonly some: (count: number) => number
  /** Where it lands, in bytes from the start of the file. */
  readonly offset: () => number
  /** By how many bytes it makes the file longer. */
  readonly grows: () => number
}
