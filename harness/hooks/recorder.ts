/**
 * The op log of one stream: every op with its payload, site and result, in the order of events.
 *
 *  L1  An entry is in the file before what it tells of goes on: `call` before the op runs, `done` before the program goes on.
 *  L2  An entry is a line of JSON; where it says `bytes`, so many bytes of payload and a newline follow. One write each.
 *  L3  A torn last entry can only come from a kill inside the log's own write, and then nothing after it happened.
 */
import { openSync, writeSync, writevSync } from 'node:fs'
import { join } from 'node:path'
import type { LogEntry, Op } from '../op.ts'
import type { Disk } from './disk.ts'
import { attempt } from './door.ts'
import type { Observer, Outcome } from './door.ts'
import type { Primitive } from './primitive.ts'
import { isSystemError } from './errors.ts'
import type { OpenFile } from './files.ts'
import { withOwn } from './gate.ts'
import type { Gate } from './gate.ts'
import { captureFrames } from './site.ts'
import { TruePaths } from './true-paths.ts'
import type { Message, WireObserver } from './wire/message.ts'

// Captured: program code may replace members of `fs`.
const open = openSync
const write = writeSync
const writev = writevSync

/** Takes log entries, each with its payload. */
export type LogSink = (entry: LogEntry, payload?: Uint8Array) => void

/** A sink that appends to the file at `path`, which must not exist. */
export function logFile(path: string, gate: Gate): LogSink {
  const fd = withOwn(gate, () => open(path, 'wx'))
  const newline = Buffer.from('\n')
  return (entry, payload) => {
    const line = `${JSON.stringify(entry)}\n`
    withOwn(gate, () => {
      if (payload === undefined) write(fd, line)
      else writev(fd, [Buffer.from(line), payload, newline])
    })
  }
}

/**
 * An observer that writes the log of the state directory at `root` to `sink`. `capture` finds the program frames of an op: the
 * dearest part of recording, to be left out (`() => []`) where nobody asks for sites.
 */
export function createRecorder(
  sink: LogSink,
  disk: Disk,
  root: string,
  capture: () => readonly string[] = captureFrames,
): Recorder {
  return new Recorder(sink, disk, root, capture)
}

/** Writes the op log. */
export class Recorder implements Observer, WireObserver {
  readonly #sink: LogSink
  readonly #disk: Disk
  readonly #root: string
  readonly #capture: () => readonly string[]
  readonly #nodes = new Map<number, number>()
  readonly #sites = new Map<string, number>()
  /** Ops begun and not yet told: what the log needs again when they end. */
  readonly #open = new Map<number, { readonly op: Op; readonly site: number }>()
  readonly #fileSites = new WeakMap<OpenFile, number>()
  readonly #paths: TruePaths
  #nodeCount = 0
  /** Site of the op whose completion is being told. */
  #inherited = 0
  #lastSite = 0

  constructor(sink: LogSink, disk: Disk, root: string, capture: () => readonly string[]) {
    this.#sink = sink
    this.#disk = disk
    this.#root = root
    this.#capture = capture
    this.#paths = new TruePaths(disk, root)
  }

  begin(n: number, primitive: Primitive, form: 'sync' | 'callback' | 'promise'): void {
    const op = this.#identified(this.#paths.of(primitive.describe()))
    const site = this.#site(primitive.write?.file)
    this.#open.set(n, { op, site })
    this.#lastSite = site
    const payload = primitive.write?.bytes()
    const call = { e: 'call', n, op, form, site, at: now() } as const
    if (payload === undefined) this.#sink(call)
    else this.#sink({ ...call, bytes: payload.byteLength }, payload)
  }

  end(n: number, _primitive: Primitive, outcome: Outcome): void {
    const begun = this.#open.get(n)
    if (begun === undefined) return
    const { op } = begun
    this.#paths.after(op)
    this.#sink({
      e: 'done',
      n,
      ...(outcome.error === undefined
        ? this.#result(op, outcome)
        : { code: isSystemError(outcome.error) ? outcome.error.code : 'UNKNOWN' }),
      ...(outcome.dropped === true ? { dropped: true } : {}),
      ...(outcome.lied === true ? { lied: true } : {}),
      at: now(),
    })
  }

  told(n: number, from: number = n): void {
    this.#sink(from === n ? { e: 'told', n } : { e: 'told', n, from })
    for (let earlier = from; earlier < n; earlier += 1) this.#open.delete(earlier)
  }

  read(r: number, kind: 'open' | 'read' | 'list' | 'look', path: string, error: unknown): void {
    const code = isSystemError(error) ? { code: error.code } : {}
    this.#sink({ e: 'read', r, kind, path, ...code })
  }

  opened(file: OpenFile, fd: number): void {
    const stat = attempt(() => this.#disk.fstat(fd, false))
    if (stat.error !== undefined) return
    const raw = stat.value as Float64Array
    file.node = this.#node(raw, file.path, false)
    file.directory = ((raw[1] ?? 0) & 0o170000) === 0o040000
    this.#fileSites.set(file, this.#lastSite)
  }

  closed(file: OpenFile): void {
    this.#sink({ e: 'close', node: file.node, path: file.path })
  }

  forked(stream: string): void {
    this.#sink({ e: 'fork', stream, at: now() })
  }

  fault(n: number, fault: string, read: boolean): void {
    this.#sink({ e: 'fault', n, fault, ...(read ? { read } : {}) })
  }

  message(m: number, { kind, peer, bytes }: Message): void {
    this.#sink({ e: 'message', m, kind, peer, bytes, site: this.#site(undefined), at: now() })
  }

  answer(m: number, bytes: number): void {
    this.#sink({ e: 'answer', m, bytes, at: now() })
  }

  wireFault(m: number, fault: string): void {
    this.#sink({ e: 'fault', n: m, fault, message: true })
  }

  within(n: number, call: () => void): void {
    const before = this.#inherited
    this.#inherited = this.#open.get(n)?.site ?? 0
    this.#open.delete(n)
    try {
      call()
    } finally {
      this.#inherited = before
    }
  }

  /** Runs `call`; ops in it that have no program frame of their own get the site of `frames`. */
  runFrom(frames: readonly string[], call: () => unknown): unknown {
    const before = this.#inherited
    if (frames.length > 0) this.#inherited = this.#siteOf(frames)
    try {
      return call()
    } finally {
      this.#inherited = before
    }
  }

  #site(file: OpenFile | undefined): number {
    const frames = this.#capture()
    if (frames.length > 0) return this.#siteOf(frames)
    return this.#inherited || (file === undefined ? 0 : (this.#fileSites.get(file) ?? 0))
  }

  #siteOf(frames: readonly string[]): number {
    const key = frames.join('\n')
    const known = this.#sites.get(key)
    if (known !== undefined) return known
    const site = this.#sites.size + 1
    this.#sites.set(key, site)
    this.#sink({ e: 'site', site, frames })
    return site
  }

  /** Fills in the node that the op acts on, where it exists before. */
  #identified(op: Op): Op {
    switch (op.kind) {
      case 'open':
        return { ...op, node: this.#nodeAt(op.path, true, false) }
      case 'rename':
      case 'link':
        return { ...op, node: op.from === undefined ? 0 : this.#nodeAt(op.from, false, false) }
      case 'unlink':
      case 'rmdir':
        return { ...op, node: this.#nodeAt(op.path, false, false) }
      case 'attributes':
        return op.node === 0 ? { ...op, node: this.#nodeAt(op.path, true, false) } : op
      default:
        return op
    }
  }

  #result(op: Op, outcome: Outcome): Partial<Extract<LogEntry, { e: 'done' }>> {
    switch (op.kind) {
      case 'write':
      case 'mark':
        return { written: Number(outcome.value) }
      case 'open':
        return op.node !== 0
          ? { node: op.node }
          : { node: this.#nodeAt(op.path, true, true), created: true }
      case 'mkdir':
      case 'symlink':
        return { node: this.#nodeAt(op.path, false, true), created: true }
      case 'rename':
      case 'link':
        if (op.node !== 0 || op.to === undefined) return {}
        return { node: this.#nodeAt(op.to, false, true) }
      default:
        return {}
    }
  }

  #nodeAt(path: string, follow: boolean, fresh: boolean): number {
    const absolute = join(this.#root, path)
    const stat = attempt(() =>
      follow ? this.#disk.stat(absolute, false) : this.#disk.lstat(absolute, false),
    )
    return stat.error === undefined ? this.#node(stat.value as Float64Array, path, fresh) : 0
  }

  /** `fresh`: made just now, so an inode number seen before was another file's. */
  #node(stat: ArrayLike<number | bigint>, path: string, fresh: boolean): number {
    const ino = Number(stat[7])
    const known = fresh ? undefined : this.#nodes.get(ino)
    if (known !== undefined) return known
    const node = ++this.#nodeCount
    this.#nodes.set(ino, node)
    this.#sink({ e: 'node', node, ino, path })
    return node
  }
}

function now(): number {
  return Number(process.hrtime.bigint())
}
