/**
 * Traces: the ordered ops of a life, read back from the op logs that its streams wrote (`hooks/recorder.ts`).
 *
 *  T1  Parsing is total: a log that a kill cut anywhere is read up to its last whole entry, and the rest is counted (`torn`).
 *  T2  An op without `done` was under way when the log ended: absent, whole, or in part on the disk.
 *  T3  An asynchronous op without `told`, or whose `told` lies behind a crash point, may be late there: its caller knows nothing.
 *  T4  Positions are indices into the log of the op's stream; `at` orders entries of different streams, in nanoseconds.
 */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallForm, LogEntry, Op, ReadKind } from './op.ts'

/** One op as it was recorded. */
export interface TracedOp {
  readonly stream: string
  readonly n: number
  readonly op: Op
  readonly form: CallForm
  /** Payload of a write or a mark: what the program asked to be written. */
  readonly bytes?: Uint8Array
  /** Program frames, innermost first, as `file:line:column` of the code that ran; empty where unknown. */
  readonly frames: readonly string[]
  readonly called: Moment
  /** Absent: under way when the log ended (T2). */
  readonly done?: Moment
  /** When an asynchronous caller was told (T3), the same for all ops of its call; absent for synchronous ops. */
  readonly told?: number
  readonly result: OpResult
}

/** A moment in a stream and in time. */
export interface Moment {
  readonly position: number
  /** Monotonic nanoseconds, comparable between the processes of one machine. */
  readonly at: number
}

/** What came of an op; all absent while it is under way. */
export interface OpResult {
  /** Error code of an op that failed. */
  readonly code?: string
  /** Bytes that a write took; fewer than its payload after a short write. */
  readonly written?: number
  /** The op created its file, directory or link. */
  readonly created?: boolean
  /** A failed sync whose pages are dropped. */
  readonly dropped?: boolean
  /** Reported as done; nothing happened. */
  readonly lied?: boolean
}

/** One numbered read. */
export interface TracedRead {
  readonly stream: string
  readonly r: number
  readonly kind: ReadKind
  readonly path: string
  readonly code?: string
}

/** One numbered message, and what is known of its answer. */
export interface TracedMessage {
  readonly stream: string
  readonly m: number
  readonly kind: 'connect' | 'send'
  /** `127.0.0.1:5432`, or the path of a socket. */
  readonly peer: string
  /** Of a send. */
  readonly bytes: number
  /** As for an op. */
  readonly frames: readonly string[]
  readonly called: Moment
  /** When its answer came; absent where none did. */
  readonly answered?: Moment
}

/** A file or directory. An inode is used again only after its file is gone and something else was created. */
export interface TracedNode {
  readonly ino: number
  readonly path: string
}

/** A fault that fired. */
export interface TracedFault {
  readonly fault: string
  readonly n: number
  readonly position: number
}

/** A line that a child process wrote to the ledger, and where it stands in the log of the life. */
export interface ChildMark {
  readonly line: string
  /** The op of the life that was the last before it. */
  readonly op: number
  /** Between two entries of the log. */
  readonly at: number
}

/** The log of one stream. */
export interface Trace {
  readonly stream: string
  readonly life: number
  readonly pid: number
  readonly order: 'serial' | 'native'
  /** Version of Node that ran it; {@link nativeNode} for ops that were seen below the process. */
  readonly node: string
  /** The state directory, absolute. */
  readonly directory: string
  /** Nodes by number, at first sight. The same file in another stream has the same inode. */
  readonly nodes: ReadonlyMap<number, TracedNode>
  readonly ops: readonly TracedOp[]
  readonly reads: readonly TracedRead[]
  /** Messages on connections that the program opened; below the process none are seen. */
  readonly messages: readonly TracedMessage[]
  /** Faults that fired, as their text. */
  readonly faults: readonly string[]
  /** The same, with the op (or read) at which each fired and its place in the log. */
  readonly fired: readonly TracedFault[]
  /** Streams of the child processes that it started. */
  readonly forks: readonly string[]
  /** Files that were mapped to be stored into: what was stored is no op. Told below the process only. */
  readonly mapped?: readonly string[]
  /** What these told, where that was asked for (`explorer/child-marks.ts`), in order. */
  readonly childMarks?: readonly ChildMark[]
  /** Entries in the log. */
  readonly length: number
  /** Bytes at the end that are no whole entry. */
  readonly torn: number
}

/** What stands for a version of Node in the log of the native hooks. */
export const nativeNode = 'native'

/** The same where strace saw them. */
export const straceNode = 'strace'

/** Suffix of op logs in a trace directory; the rest of the name is the stream. */
export const opLogSuffix = '.ops'

/**
 * The traces of all streams of a life, main stream first.
 *
 * @throws Error where the directory cannot be read
 */
export async function readTraces(traceDirectory: string): Promise<readonly Trace[]> {
  const names = (await readdir(traceDirectory)).filter((name) => name.endsWith(opLogSuffix))
  const traces = await Promise.all(
    names.map(async (name) => parseTrace(await readFile(join(traceDirectory, name)))),
  )
  return traces
    .filter((trace) => trace !== undefined)
    .sort((a, b) => compareStreams(a.stream, b.stream))
}

/** The trace in an op log; `undefined` if not even its first entry is whole. */
export function parseTrace(log: Uint8Array): Trace | undefined {
  const reader = new TraceReader()
  const torn = readEntries(log, (entry, payload) => reader.take(entry, payload))
  return reader.finish(torn)
}

/** Main stream before its threads and children, these by number. */
export function compareStreams(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}

/** Ops in the order in which they took effect; those under way are left out. */
export function effects(traces: readonly Trace[]): readonly TracedOp[] {
  const [first, ...others] = traces
  if (first === undefined) return []
  const byPosition = (ops: readonly TracedOp[]): TracedOp[] =>
    ops
      .filter(({ done }) => done !== undefined)
      .sort((a, b) => (a.done?.position ?? 0) - (b.done?.position ?? 0))
  if (others.length === 0) return byPosition(first.ops)
  return traces
    .flatMap(({ ops }) => byPosition(ops))
    .sort((a, b) => (a.done?.at ?? 0) - (b.done?.at ?? 0))
}

const newline = 10

/** Calls `take` for every whole entry; returns how many bytes are left over. */
function readEntries(
  log: Uint8Array,
  take: (entry: LogEntry, payload: Uint8Array | undefined) => void,
): number {
  let from = 0
  while (from < log.byteLength) {
    const end = log.indexOf(newline, from)
    if (end === -1) break
    const entry = parseEntry(log.subarray(from, end))
    if (entry === undefined) break
    let next = end + 1
    let payload: Uint8Array | undefined
    if (entry.e === 'call' && entry.bytes !== undefined) {
      next += entry.bytes + 1
      if (next > log.byteLength) break
      payload = log.subarray(end + 1, end + 1 + entry.bytes)
    }
    take(entry, payload)
    from = next
  }
  return log.byteLength - from
}

function parseEntry(line: Uint8Array): LogEntry | undefined {
  try {
    return JSON.parse(Buffer.from(line).toString('utf8')) as LogEntry
  } catch {
    // A line that a kill tore (T1).
    return undefined
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Collects the entries of one log, in their order. */
export class TraceReader {
  #head: Extract<LogEntry, { e: 'log' }> | undefined
  readonly #ops = new Map<number, Mutable<TracedOp>>()
  readonly #reads: TracedRead[] = []
  readonly #messages = new Map<number, Mutable<TracedMessage>>()
  readonly #fired: TracedFault[] = []
  readonly #forks: string[] = []
  readonly #mapped: string[] = []
  readonly #nodes = new Map<number, TracedNode>()
  readonly #sites = new Map<number, readonly string[]>()
  #length = 0

  take(entry: LogEntry, payload: Uint8Array | undefined): void {
    const position = this.#length++
    const stream = this.#head?.stream ?? ''
    switch (entry.e) {
      case 'log':
        this.#head = entry
        return
      case 'site':
        this.#sites.set(entry.site, entry.frames)
        return
      case 'call':
        this.#ops.set(entry.n, {
          stream,
          n: entry.n,
          op: entry.op,
          form: entry.form,
          frames: this.#sites.get(entry.site) ?? [],
          called: { position, at: entry.at },
          result: {},
          ...(payload === undefined ? {} : { bytes: payload }),
        })
        return
      case 'done':
        this.#finishOp(entry, position)
        return
      case 'told': {
        for (let n = entry.from ?? entry.n; n <= entry.n; n += 1) {
          const op = this.#ops.get(n)
          if (op !== undefined) op.told = position
        }
        return
      }
      case 'read': {
        const { e: _e, ...read } = entry
        this.#reads.push({ stream, ...read })
        return
      }
      case 'message': {
        const { e: _e, site, at, ...message } = entry
        const frames = this.#sites.get(site) ?? []
        this.#messages.set(entry.m, { stream, ...message, frames, called: { position, at } })
        return
      }
      case 'answer': {
        const message = this.#messages.get(entry.m)
        if (message !== undefined) message.answered = { position, at: entry.at }
        return
      }
      case 'fork':
        this.#forks.push(entry.stream)
        return
      case 'fault':
        this.#fired.push({ fault: entry.fault, n: entry.n, position })
        return
      case 'node':
        this.#nodes.set(entry.node, { ino: entry.ino, path: entry.path })
        return
      case 'mapped':
        this.#mapped.push(entry.path)
        return
      case 'close':
        return
    }
  }

  finish(torn: number): Trace | undefined {
    if (this.#head === undefined) return undefined
    const { e: _e, version: _version, ...head } = this.#head
    return {
      ...head,
      nodes: this.#nodes,
      ops: [...this.#ops.values()],
      reads: this.#reads,
      messages: [...this.#messages.values()],
      faults: this.#fired.map(({ fault }) => fault),
      fired: this.#fired,
      forks: this.#forks,
      ...(this.#mapped.length === 0 ? {} : { mapped: this.#mapped }),
      length: this.#length,
      torn,
    }
  }

  #finishOp(entry: Extract<LogEntry, { e: 'done' }>, position: number): void {
    const op = this.#ops.get(entry.n)
    if (op === undefined) return
    const { e: _e, n: _n, at, node, ...result } = entry
    op.done = { position, at }
    op.result = result
    if (node !== undefined && op.op.kind !== 'mark') op.op = { ...op.op, node }
  }
}
