/**
 * Storage errors of a recorded life: for every op the ones that can hit it, as faults of the schedule grammar.
 *
 * Full disks, broken disks, lost rights and too many open files at the ops they belong to; short writes and short writes with an
 * error behind them; syncs that fail once, that fail and drop their pages, and that fail from then on; the same at reads.
 */
import { position, type Errno, type Fault } from '../fault.ts'
import type { Op, ReadKind } from '../op.ts'
import type { Trace } from '../trace.ts'

/** Every storage error that can hit an op or a read of the life, in order. */
export function storageErrorsOf({ ops, reads, stream }: Trace): readonly Fault[] {
  return [
    ...ops.flatMap(({ n, op }) => errorsAt(n, op, stream)),
    ...reads.flatMap(({ r, kind }) => readErrors[kind].map((errno) => readError(r, errno, stream))),
  ]
}

function errorsAt(n: number, op: Op, stream: string): readonly Fault[] {
  const error = (errno: Errno, mode: 'once' | 'drop' | 'sticky' = 'once', bytes = 0): Fault => ({
    kind: 'storage-error',
    at: position(n, bytes === 0 ? 'before' : { kind: 'inside', bytes }, stream),
    errno,
    mode,
  })
  switch (op.kind) {
    case 'write': {
      const half = Math.max(1, Math.floor(op.length / 2))
      return [
        error('ENOSPC'),
        error('EIO'),
        error('ENOSPC', 'sticky'),
        ...(op.length > 1 ? [error('ENOSPC', 'once', half), shortWrite(n, half, stream)] : []),
      ]
    }
    case 'sync':
    case 'datasync':
    case 'sync-directory':
      return [error('EIO'), error('EIO', 'drop'), error('EIO', 'sticky')]
    case 'open':
      return [error('ENOSPC'), error('EMFILE'), error('EACCES')]
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

const readErrors: Readonly<Record<ReadKind, readonly Errno[]>> = {
  open: ['EIO', 'EACCES', 'EMFILE'],
  read: ['EIO'],
  list: ['EIO', 'EACCES'],
  look: ['EIO', 'EACCES'],
}

function shortWrite(n: number, bytes: number, stream: string): Fault {
  return { kind: 'short-write', at: position(n, { kind: 'inside', bytes }, stream) }
}

function readError(r: number, errno: Errno, stream: string): Fault {
  return { kind: 'read-error', at: { stream, op: r }, errno, sticky: false }
}
