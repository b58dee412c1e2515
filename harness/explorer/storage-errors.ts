/**
 * Storage errors of a recorded life: for every op the ones that can hit it, as faults of the schedule grammar.
 *
 * Full disks (at an op, by quota, with a part of the write done), broken disks (once, once with the pages dropped, from then on),
 * lost rights, too many open files, interrupted calls, short writes, syncs that lie and syncs that are slow; errors at reads.
 */
import { position, type Errno, type Fault, type Phase } from '../fault.ts'
import type { ReadKind } from '../op.ts'
import type { Trace, TracedOp } from '../trace.ts'

/** A storage error, and the op that it hits; reads have no op. */
export interface StorageError {
  readonly fault: Fault
  readonly op?: number
}

/** Ops and reads of a life that are to be hit: all, or those up to these numbers. */
export interface Reach {
  readonly ops: number
  readonly reads: number
}

/** Bytes by which a quota falls short of a write. */
const quotaShort = 3

/** Every storage error that can hit an op or a read of the life, in order. */
export function storageErrorsOf(
  trace: Trace,
  reach: Reach = { ops: Infinity, reads: Infinity },
): readonly StorageError[] {
  const { ops, reads, stream } = trace
  const hit = ops.filter(({ n }) => n <= reach.ops)
  return [
    ...hit.flatMap((traced) => faultsAt(traced).map((fault) => ({ fault, op: traced.n }))),
    ...quotas(hit),
    ...reads
      .filter(({ r }) => r <= reach.reads)
      .flatMap(({ r, kind }) => readErrors[kind].map((errno) => readError(r, errno, stream))),
  ]
}

function faultsAt(traced: TracedOp): readonly Fault[] {
  const { op, n, stream, form } = traced
  const error = (errno: Errno, mode: 'once' | 'drop' | 'sticky' = 'once', bytes = 0): Fault => ({
    kind: 'storage-error',
    at: position(n, bytes === 0 ? 'before' : inside(bytes), stream),
    errno,
    mode,
  })
  switch (op.kind) {
    case 'write': {
      const half = Math.max(1, Math.floor(op.length / 2))
      return [
        error('ENOSPC'),
        error('EIO'),
        error('EINTR'),
        error('ENOSPC', 'sticky'),
        ...(op.length > 1
          ? [
              error('ENOSPC', 'once', half),
              error('EIO', 'once', half),
              { kind: 'short-write', at: position(n, inside(half), stream) } as const,
            ]
          : []),
      ]
    }
    case 'sync':
    case 'datasync':
    case 'sync-directory':
      return [
        error('EIO'),
        error('EIO', 'drop'),
        error('EIO', 'sticky'),
        { kind: 'lying-sync', at: position(n, 'before', stream), sticky: false },
        ...(form === 'sync'
          ? []
          : [{ kind: 'slow-sync', at: position(n, 'before', stream), ops: 3 } as const]),
      ]
    case 'open':
      return [error('ENOSPC'), error('EMFILE'), error('EACCES'), error('EINTR')]
    case 'truncate':
      return [error('EIO')]
    case 'mkdir':
    case 'link':
    case 'rename':
    case 'symlink':
      return [error('ENOSPC'), error('EIO'), error('EACCES')]
    case 'unlink':
    case 'rmdir':
      return [error('EIO'), error('EACCES')]
    case 'attributes':
    case 'mark':
      return []
  }
}

/** A quota that is crossed inside each write: what was written before fits, and of this write all but a few bytes. */
function quotas(ops: readonly TracedOp[]): readonly StorageError[] {
  const sizes = new Map<number, number>()
  const found: StorageError[] = []
  let grown = 0
  for (const { op, n, result } of ops) {
    if (op.kind !== 'write' || result.code !== undefined) continue
    const size = sizes.get(op.node) ?? 0
    const end = op.offset + op.length
    const growth = Math.max(0, end - size)
    sizes.set(op.node, Math.max(size, end))
    if (growth > quotaShort)
      found.push({
        fault: { kind: 'quota', bytes: grown + growth - quotaShort, errno: 'ENOSPC' },
        op: n,
      })
    grown += growth
  }
  return found
}

const readErrors: Readonly<Record<ReadKind, readonly Errno[]>> = {
  open: ['EIO', 'EACCES', 'EMFILE'],
  read: ['EIO'],
  list: ['EIO', 'EACCES'],
  look: ['EIO', 'EACCES'],
}

function inside(bytes: number): Phase {
  return { kind: 'inside', bytes }
}

function readError(r: number, errno: Errno, stream: string): StorageError {
  return { fault: { kind: 'read-error', at: { stream, op: r }, errno, sticky: false } }
}
