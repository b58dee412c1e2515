/**
 * Ops: numbered operations at the disk and mark doors, as both engines know them.
 *
 * An op is one primitive that changes or syncs state inside the state directory, or one write to the ledger (`mark`). Each
 * op stream (a thread of a process) numbers its ops 1, 2, 3 …; `1.2/37` is op 37 of stream `1.2`. Reads change nothing and
 * have a count of their own (`r37`), used only to address storage errors at reads. Closes are seen, not numbered.
 *
 * A file or directory is known by its *node*, a number in order of first sight: it stays the same across renames and links,
 * and a file created anew under an old name is a new node. Paths are relative to the state directory, `/` separated; the
 * state directory itself is `.`.
 *
 *  O1  Numbers are dense: op n is followed by op n + 1, whatever its kind, form or result.
 *  O2  A number is given at the call. An op that failed keeps its number and carries its error code.
 *  O3  A composite call (recursive mkdir, copyFile, writeFile, rm) has one op per primitive, in the order of their effects.
 */

/** Node number of a file or directory, unique in a trace; 0 where it could not be determined. */
export type NodeNumber = number

/** What one op does. Payload bytes of a write are kept beside it (`TracedOp.bytes`). */
export type Op =
  /** An open that may create or truncate; `node` of a file that did not exist is given with the result. */
  | {
      readonly kind: 'open'
      readonly path: string
      readonly node: NodeNumber
      readonly create: boolean
      readonly truncate: boolean
      readonly exclusive: boolean
    }
  /** `offset` in bytes from the start of the file, with append resolved. */
  | {
      readonly kind: 'write'
      readonly path: string
      readonly node: NodeNumber
      readonly offset: number
      readonly length: number
      /** It is durable once it has returned: its descriptor was opened with O_SYNC or O_DSYNC. */
      readonly synced?: true
    }
  | {
      readonly kind: 'truncate'
      readonly path: string
      readonly node: NodeNumber
      readonly length: number
    }
  | { readonly kind: 'sync' | 'datasync'; readonly path: string; readonly node: NodeNumber }
  | { readonly kind: 'sync-directory'; readonly path: string; readonly node: NodeNumber }
  /** `from` or `to` is absent where that end lies outside the state directory. */
  | {
      readonly kind: 'rename' | 'link'
      readonly from?: string
      readonly to?: string
      readonly node: NodeNumber
    }
  | {
      readonly kind: 'unlink' | 'mkdir' | 'rmdir'
      readonly path: string
      readonly node: NodeNumber
    }
  | {
      readonly kind: 'symlink'
      readonly path: string
      readonly target: string
      readonly node: NodeNumber
    }
  /** Mode, owner or times changed: irrelevant for content. `call` is the system call's name. */
  | {
      readonly kind: 'attributes'
      readonly call: string
      readonly path: string
      readonly node: NodeNumber
    }
  /** A line appended to the ledger; the line is the op's payload. */
  | { readonly kind: 'mark'; readonly length: number }

export type OpKind = Op['kind']

/** What a read address can stand for. `look` is any question about a name: stat, access, readlink, realpath. */
export type ReadKind = 'open' | 'read' | 'list' | 'look'

/** How the program asked: it waits in place, is called back, or holds a promise. */
export type CallForm = 'sync' | 'callback' | 'promise'

/** One entry of an op log, in the order in which things happened in its stream (see `trace.ts` for the format). */
export type LogEntry =
  /** First entry of every log. */
  | {
      readonly e: 'log'
      readonly version: 1
      readonly stream: string
      readonly life: number
      readonly pid: number
      readonly order: 'serial' | 'native'
      readonly node: string
      readonly directory: string
    }
  /** A site, numbered in order of first sight: `file:line:column`, innermost program frame first. */
  | { readonly e: 'site'; readonly site: number; readonly frames: readonly string[] }
  /** A node at first sight, with its inode: the same file in another stream has the same inode. */
  | { readonly e: 'node'; readonly node: NodeNumber; readonly ino: number; readonly path: string }
  /** Op n begins. `bytes` of payload follow the line. `at`: monotonic nanoseconds, comparable between processes. */
  | {
      readonly e: 'call'
      readonly n: number
      readonly op: Op
      readonly form: CallForm
      readonly site: number
      readonly at: number
      readonly bytes?: number
    }
  /** Op n took effect, or failed with `code`. */
  | {
      readonly e: 'done'
      readonly n: number
      /** Bytes written, for a write. */
      readonly written?: number
      /** Node of what the op created. */
      readonly node?: NodeNumber
      readonly created?: boolean
      readonly code?: string
      /** An injected sync error: the pages not yet durable are dropped and marked clean. */
      readonly dropped?: boolean
      /** An injected lie: reported as done, nothing happened. */
      readonly lied?: boolean
      readonly at: number
    }
  /**
   * The program was told of the completion of its asynchronous op n, and of all ops from `from` on where one call made them. Synchronous
   * ops are told by their return.
   */
  | { readonly e: 'told'; readonly n: number; readonly from?: number }
  /** Read r; it succeeded unless a `code` stands here. */
  | {
      readonly e: 'read'
      readonly r: number
      readonly kind: ReadKind
      readonly path: string
      readonly code?: string
    }
  /** Message m of the stream is handed over to a connection (`hooks/wire/message.ts`). */
  | {
      readonly e: 'message'
      readonly m: number
      readonly kind: 'connect' | 'send'
      readonly peer: string
      readonly bytes: number
      readonly site: number
      readonly at: number
    }
  /** The answer to message m is here: of a send, its first chunk of so many bytes. */
  | { readonly e: 'answer'; readonly m: number; readonly bytes: number; readonly at: number }
  | { readonly e: 'close'; readonly node: NodeNumber; readonly path: string }
  /** Below the process: a file was mapped so that it can be stored into, and what is stored is no op. */
  | { readonly e: 'mapped'; readonly path: string }
  /** A child process was started as this stream. */
  | { readonly e: 'fork'; readonly stream: string; readonly at: number }
  /** An injected fault fired at op (where `read` is true, at read; where `message` is, at message) `n`. */
  | {
      readonly e: 'fault'
      readonly n: number
      readonly fault: string
      readonly read?: boolean
      readonly message?: boolean
    }

/** Whether the op makes earlier ones durable and changes nothing itself. */
export function isSync(op: Op): boolean {
  return op.kind === 'sync' || op.kind === 'datasync' || op.kind === 'sync-directory'
}

/** Whether something is durable once the op has returned: a sync, or a write that is its own. */
export function makesDurable(op: Op): boolean {
  return isSync(op) || isSyncedWrite(op)
}

/** Whether it is a write that is durable once it has returned. */
export function isSyncedWrite(op: Op): boolean {
  return op.kind === 'write' && op.synced === true
}

/** One short line for a report: `write 000001.log +118 bytes at 4096`. */
export function describeOp(op: Op): string {
  switch (op.kind) {
    case 'open':
      return `open ${op.path}${op.exclusive ? ' exclusive' : op.create ? ' create' : ''}${op.truncate ? ' truncate' : ''}`
    case 'write':
      return `write ${op.path} +${op.length} bytes at ${op.offset}${op.synced === true ? ', synced' : ''}`
    case 'truncate':
      return `truncate ${op.path} to ${op.length} bytes`
    case 'sync':
    case 'datasync':
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
      return `${op.kind} ${op.path}`
    case 'sync-directory':
      return `sync directory ${op.path}`
    case 'rename':
    case 'link':
      return `${op.kind} ${op.from ?? '(outside)'} -> ${op.to ?? '(outside)'}`
    case 'symlink':
      return `symlink ${op.path} -> ${op.target}`
    case 'attributes':
      return `${op.call} ${op.path}`
    case 'mark':
      return `mark ${op.length} bytes`
  }
}
