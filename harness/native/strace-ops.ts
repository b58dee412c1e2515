/** The ops of a traced life before they have numbers: what a call does, and how the op log tells it. */
import type { Op } from '../op.ts'
import type { OpenFile } from './strace-processes.ts'
import type { StateNode } from './strace-tree.ts'

/** An op before it has a number. Paths are relative to the state directory. */
export type Doing =
  | {
      readonly kind: 'open'
      readonly path: string
      readonly create: boolean
      readonly truncate: boolean
      readonly exclusive: boolean
    }
  | {
      readonly kind: 'write'
      readonly file: OpenFile
      readonly on: Target
      readonly offset: number
      readonly moves: boolean
      readonly synced: boolean
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'mark'; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly on: Target; readonly length: number }
  | { readonly kind: 'sync' | 'datasync'; readonly on: Target }
  | { readonly kind: 'rename' | 'link'; readonly from?: string; readonly to?: string }
  | { readonly kind: 'unlink' | 'rmdir' | 'mkdir'; readonly path: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'attributes'; readonly call: string; readonly on: Target }

/** A file that a call acts on. */
export interface Target {
  readonly path: string
  readonly node?: StateNode
}

/** The log cannot be made from what strace told. */
export class UntoldError extends Error {}

/** The kind of op in the log. */
export function kindOf(doing: Doing): Op['kind'] {
  const isSync = doing.kind === 'sync' || doing.kind === 'datasync'
  return isSync && doing.on.node?.kind === 'directory' ? 'sync-directory' : doing.kind
}

/** The op as the log tells it; `node` is the number of what it acts on. */
export function opOf(doing: Doing, node: number): Op {
  switch (doing.kind) {
    case 'mark':
      return { kind: 'mark', length: doing.bytes.byteLength }
    case 'write': {
      const { on, offset, bytes, synced } = doing
      const write = {
        kind: 'write',
        path: on.path,
        node,
        offset,
        length: bytes.byteLength,
      } as const
      return synced ? { ...write, synced } : write
    }
    case 'truncate':
      return { kind: 'truncate', path: doing.on.path, node, length: doing.length }
    case 'sync':
    case 'datasync':
      return { kind: kindOf(doing) as 'sync', path: doing.on.path, node }
    case 'attributes':
      return { kind: 'attributes', call: doing.call, path: doing.on.path, node }
    default:
      return { ...doing, node }
  }
}
