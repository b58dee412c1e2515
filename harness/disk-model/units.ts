/**
 * Units: what the ops of a life did to the disk, freed from paths.
 *
 * A trace says `write a/b.log`; by the time of the crash `a` may have another name, or none. So the ops are walked once,
 * over the tree as the process saw it, and each becomes a unit on *nodes*: bytes of a file node, names in a directory node,
 * or a sync of either. A crash state is then a choice of units, whatever the order in which they are left out.
 *
 *  U1  A unit is what can be lost or kept by itself: a write, a truncation, or the change of entries of one op. A rename is
 *      one unit: never half, also between two directories.
 *  U2  Ops that failed, and syncs that lied, are no units. A failed sync that dropped its pages is a unit that takes the
 *      data units of its file out of the reach of later syncs.
 *  U3  An op is *settled* when its caller knew: a synchronous one when it was done, any other when it was told, with all ops of its call.
 *      Until then it may be late, whatever the recording process did.
 *  U4  A write through a descriptor of O_SYNC or O_DSYNC is *synced*: one unit, which is its own sync once its caller knew. In a later
 *      life it is an ordinary write if its caller never did.
 */
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import type { Fault, Phase } from '../fault.ts'
import { isSync, type Op } from '../op.ts'
import type { Trace, TracedOp } from '../trace.ts'

/** Number of a node in a model; the state directory is {@link rootNode}. */
export type NodeId = number

/** The state directory itself. */
export const rootNode: NodeId = 0

/** A name in a directory: what it stands for from now on; `undefined` for nothing. */
export interface EntryChange {
  readonly directory: NodeId
  readonly name: string
  readonly node: NodeId | undefined
}

interface UnitBase {
  /** From 0, in the order of ops. */
  readonly index: number
  readonly traced: TracedOp
  /** Position in the log at which the op was called. */
  readonly called: number
  /** Position at which its caller knew (U3); `Infinity` where it never did. */
  readonly settled: number
}

/** What one op did. */
export type Unit = UnitBase &
  (
    | {
        readonly kind: 'write'
        readonly file: NodeId
        readonly offset: number
        readonly bytes: Uint8Array
        /** Whether it made the file longer. */
        readonly grows: boolean
        /** Whether it is its own sync (U4). */
        readonly synced: boolean
      }
    | {
        readonly kind: 'truncate'
        readonly file: NodeId
        readonly length: number
        /** The size before. */
        readonly was: number
      }
    | {
        readonly kind: 'entry'
        /** The directory whose sync covers it: that of the new name. */
        readonly directory: NodeId
        readonly changes: readonly EntryChange[]
        /** A rename over a file that was there: the file that has the name now. */
        readonly replacedBy?: NodeId
      }
    | { readonly kind: 'sync'; readonly node: NodeId; readonly dropped: boolean }
    | { readonly kind: 'mark'; readonly line: string }
  )

/** A unit that a power loss can take. */
export type LosableUnit = Extract<Unit, { kind: 'write' | 'truncate' | 'entry' }>

/** What a node is, and was when the life began. */
export type NodeStart =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'directory'; readonly entries: ReadonlyMap<string, NodeId> }

/** A life as units on nodes. */
export interface Units {
  /** Of the lives before it first. */
  readonly units: readonly Unit[]
  /** By node number; those made by the lives start empty. */
  readonly nodes: readonly NodeStart[]
  /** The life's own. */
  readonly ops: readonly TracedOp[]
}

/**
 * A life before, since the last power loss: the machine still holds what it did, and the next power loss can take what it did not
 * sync. Its ops have the stream `0.LIFE`.
 */
export interface PastLife {
  readonly trace: Trace
  /** How it was killed; absent: it ended by itself. */
  readonly kill?: Extract<Fault, { kind: 'kill' }>
}

/**
 * The units of a life, from what the directory was before it and the lives of `past`.
 *
 * @throws Error where an op acts on something that neither the ops nor `initial` made, or came in from outside
 */
export function unitsOf(
  trace: Trace,
  initial: DirectoryImage = new Map(),
  past: readonly PastLife[] = [],
): Units {
  return new Walk(initial).units(trace, past)
}

/** Place in the log from which on a synced write is durable: half a place behind, as for a crash after the op. */
export function knownAt({ settled }: Pick<UnitBase, 'settled'>): number {
  return settled + 0.5
}

/** Place in the log of a position whose op was called and done at these. */
export function placeOf(phase: Phase, called: number, done: number | undefined): number {
  // Half a place behind: the entry itself has happened, the next has not.
  return phase.kind === 'after' ? (done ?? called) + 0.5 : called
}

const nothing = new Uint8Array()
const linksMax = 40

class Walk {
  readonly #nodes: NodeStart[] = []
  readonly #sizes: number[] = []
  /** Directories as the process sees them. */
  readonly #entries: (Map<string, NodeId> | undefined)[] = []
  /** By node number of the trace. */
  readonly #known = new Map<number, NodeId>()
  readonly #units: Unit[] = []

  constructor(initial: DirectoryImage) {
    this.#addDirectory(new Map())
    const seen = new Map<ImageEntry, NodeId>()
    for (const path of [...initial.keys()].sort()) {
      const entry = initial.get(path)
      if (entry === undefined) continue
      const { directory, name } = this.#place(path)
      const node = (entry.kind === 'file' ? seen.get(entry) : undefined) ?? this.#add(entry)
      seen.set(entry, node)
      this.#names(directory).set(name, node)
    }
    this.#nodes.forEach((start, node) => {
      if (start.kind !== 'directory') return
      this.#nodes[node] = { kind: 'directory', entries: new Map(this.#names(node)) }
    })
  }

  units(trace: Trace, past: readonly PastLife[]): Units {
    let shift = past.reduce((sum, life) => sum + life.trace.length + 1, 0)
    for (const life of past) {
      for (const traced of leftBy(life)) this.#take(inPast(traced, life, shift))
      shift -= life.trace.length + 1
      // Each log numbers nodes for itself.
      this.#known.clear()
    }
    const ops = inOrder(trace)
    for (const traced of ops) this.#take(traced)
    return { units: this.#units, nodes: this.#nodes, ops }
  }

  #take(traced: TracedOp): void {
    const { code, lied, dropped } = traced.result
    if (lied === true) return
    if (code !== undefined) {
      if (dropped === true) this.#sync(traced, traced.op, true)
      return
    }
    if (traced.done === undefined) return
    this.#apply(traced, traced.op)
  }

  #apply(traced: TracedOp, op: Op): void {
    switch (op.kind) {
      case 'open':
        return this.#open(traced, op)
      case 'write':
        return this.#write(traced, op)
      case 'truncate': {
        const file = this.#nodeOf(op.node, op.path)
        const was = this.#sizes[file] ?? 0
        this.#sizes[file] = op.length
        return this.#push({ ...base(traced), kind: 'truncate', file, length: op.length, was })
      }
      case 'sync':
      case 'datasync':
      case 'sync-directory':
        return this.#sync(traced, op, false)
      case 'rename':
        return this.#rename(traced, op)
      case 'link': {
        if (op.from === undefined) throw outside(op.to)
        if (op.to === undefined) return
        const node = this.#nodeOf(op.node, op.from)
        return this.#entry(traced, op.to, node)
      }
      case 'unlink':
      case 'rmdir':
        this.#nodeOf(op.node, op.path)
        return this.#entry(traced, op.path, undefined)
      case 'mkdir':
        return this.#entry(traced, op.path, this.#bind(op.node, this.#addDirectory(new Map())))
      case 'symlink':
        return this.#entry(
          traced,
          op.path,
          this.#bind(op.node, this.#add({ kind: 'symlink', target: op.target })),
        )
      case 'attributes':
        return
      case 'mark':
        return this.#push({
          ...base(traced),
          kind: 'mark',
          line: Buffer.from(traced.bytes ?? nothing).toString('utf8'),
        })
    }
  }

  #open(traced: TracedOp, op: Extract<Op, { kind: 'open' }>): void {
    if (traced.result.created === true) {
      const node = this.#bind(op.node, this.#add({ kind: 'file', bytes: nothing }))
      return this.#entry(traced, this.#resolve(op.path), node)
    }
    const file = this.#nodeOf(op.node, op.path)
    const was = this.#sizes[file] ?? 0
    if (!op.truncate || was === 0) return
    this.#sizes[file] = 0
    this.#push({ ...base(traced), kind: 'truncate', file, length: 0, was })
  }

  #write(traced: TracedOp, op: Extract<Op, { kind: 'write' }>): void {
    const bytes = (traced.bytes ?? nothing).subarray(0, traced.result.written)
    if (bytes.byteLength === 0) return
    const file = this.#nodeOf(op.node, op.path)
    const end = op.offset + bytes.byteLength
    const size = this.#sizes[file] ?? 0
    this.#sizes[file] = Math.max(size, end)
    this.#push({
      ...base(traced),
      kind: 'write',
      file,
      offset: op.offset,
      bytes,
      grows: end > size,
      synced: op.synced === true,
    })
  }

  #sync(traced: TracedOp, op: Op, dropped: boolean): void {
    if (op.kind !== 'sync' && op.kind !== 'datasync' && op.kind !== 'sync-directory') return
    this.#push({ ...base(traced), kind: 'sync', node: this.#nodeOf(op.node, op.path), dropped })
  }

  #rename(traced: TracedOp, op: Extract<Op, { kind: 'rename' | 'link' }>): void {
    if (op.from === undefined) throw outside(op.to)
    const node = this.#nodeOf(op.node, op.from)
    const from = this.#place(op.from)
    const gone: EntryChange = { ...from, node: undefined }
    if (op.to === undefined) return this.#change(traced, from.directory, [gone])
    const to = this.#place(op.to)
    const before = this.#names(to.directory).get(to.name)
    if (before === node) return
    this.#change(
      traced,
      to.directory,
      [gone, { ...to, node }],
      before === undefined ? undefined : node,
    )
  }

  #entry(traced: TracedOp, path: string, node: NodeId | undefined): void {
    const { directory, name } = this.#place(path)
    this.#change(traced, directory, [{ directory, name, node }])
  }

  #change(
    traced: TracedOp,
    directory: NodeId,
    changes: readonly EntryChange[],
    replacedBy?: NodeId,
  ): void {
    for (const { directory: at, name, node } of changes) {
      if (node === undefined) this.#names(at).delete(name)
      else this.#names(at).set(name, node)
    }
    this.#push({
      ...base(traced),
      kind: 'entry',
      directory,
      changes,
      ...(replacedBy === undefined ? {} : { replacedBy }),
    })
  }

  #push(unit: DistributiveOmit<Unit, 'index'>): void {
    this.#units.push({ ...unit, index: this.#units.length })
  }

  #add(entry: ImageEntry): NodeId {
    if (entry.kind === 'directory') return this.#addDirectory(new Map())
    this.#nodes.push(entry)
    const node = this.#nodes.length - 1
    this.#sizes[node] = entry.kind === 'file' ? entry.bytes.byteLength : 0
    return node
  }

  #addDirectory(entries: Map<string, NodeId>): NodeId {
    this.#nodes.push({ kind: 'directory', entries: new Map() })
    const node = this.#nodes.length - 1
    this.#entries[node] = entries
    return node
  }

  #bind(traceNode: number, node: NodeId): NodeId {
    if (traceNode !== 0) this.#known.set(traceNode, node)
    return node
  }

  /** The node that an op names: by its number where it was seen before, else by its path. */
  #nodeOf(traceNode: number, path: string): NodeId {
    const known = traceNode === 0 ? undefined : this.#known.get(traceNode)
    if (known !== undefined) return known
    const node = this.#lookUp(path)
    if (node === undefined) throw new Error(`the trace acts on ${path}, which is not in the image`)
    return this.#bind(traceNode, node)
  }

  #lookUp(path: string): NodeId | undefined {
    const resolved = this.#resolve(path)
    if (resolved === '') return rootNode
    const { directory, name } = this.#place(resolved)
    return this.#names(directory).get(name)
  }

  #names(directory: NodeId): Map<string, NodeId> {
    const names = this.#entries[directory]
    if (names === undefined) throw new Error(`node ${directory} of the trace is no directory`)
    return names
  }

  /** Directory node and last name of a path; links on the way are followed, the last name is not. */
  #place(path: string): { readonly directory: NodeId; readonly name: string } {
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    const directory = slash < 0 ? rootNode : this.#lookUp(path.slice(0, slash))
    if (directory === undefined) throw new Error(`the trace names ${path} in a missing directory`)
    return { directory, name }
  }

  /** The path with every link followed; empty for the state directory. */
  #resolve(path: string): string {
    let at: NodeId = rootNode
    const done: string[] = []
    const trail: NodeId[] = []
    const rest = path.split('/').filter((part) => part !== '' && part !== '.')
    for (let steps = 0; rest.length > 0;) {
      const part = rest.shift() as string
      if (part === '..') {
        done.pop()
        at = trail.pop() ?? rootNode
        continue
      }
      const node = this.#entries[at]?.get(part)
      const start = node === undefined ? undefined : this.#nodes[node]
      if (start?.kind === 'symlink' && steps++ < linksMax) {
        if (start.target.startsWith('/')) throw new Error(`a link out of the image: ${path}`)
        rest.unshift(...start.target.split('/').filter((each) => each !== '' && each !== '.'))
        continue
      }
      done.push(part)
      trail.push(at)
      at = node ?? -1
    }
    return done.join('/')
  }
}

function inOrder({ ops }: Trace): readonly TracedOp[] {
  return [...ops].sort((left, right) => left.n - right.n)
}

/** The ops of a past life that took effect, those that the kill tore as far as they did. */
function leftBy({ trace, kill }: PastLife): readonly TracedOp[] {
  const ops = inOrder(trace)
  const at = kill === undefined ? undefined : ops[kill.at.op - 1]
  if (kill === undefined || at === undefined)
    return ops.map((traced) => untilKnown(traced, Infinity))
  const { phase } = kill.at
  const end = placeOf(phase, at.called.position, at.done?.position)
  return ops.flatMap((one): readonly TracedOp[] => {
    const traced = untilKnown(one, end)
    const isTorn = phase.kind === 'inside' && one === at
    if (traced.called.position >= end && !isTorn) return []
    const part = isTorn
      ? ({ kind: 'prefix', bytes: phase.bytes, rest: 'absent' } as const)
      : kill.lost.find(({ op }) => op === traced.n)?.part
    if (part === undefined) return [traced]
    if (part.kind !== 'prefix' || traced.bytes === undefined) return []
    return [{ ...traced, result: { ...traced.result, written: part.bytes } }]
  })
}

/** A synced write whose caller did not know by `end` is no more than a write (U4). */
function untilKnown(traced: TracedOp, end: number): TracedOp {
  const { op } = traced
  if (op.kind !== 'write' || op.synced !== true || knownAt(base(traced)) < end) return traced
  const { synced: _, ...write } = op
  return { ...traced, op: write }
}

/** The op as later lives see it: everything that was called has happened, a sync only if it was told. */
function inPast(traced: TracedOp, { trace }: PastLife, shift: number): TracedOp {
  const { called, done, form } = traced
  const isTold = form === 'sync' || traced.told !== undefined
  const told = isSync(traced.op) && !isTold ? Infinity : (done?.position ?? called.position) - shift
  return {
    ...traced,
    stream: `0.${trace.life}`,
    form: 'promise',
    called: { ...called, position: called.position - shift },
    ...(done === undefined ? {} : { done: { ...done, position: done.position - shift } }),
    told,
  }
}

type DistributiveOmit<Value, Key extends PropertyKey> = Value extends unknown
  ? Omit<Value, Key>
  : never

function base(traced: TracedOp): Pick<UnitBase, 'traced' | 'called' | 'settled'> {
  const { form, told, done, called } = traced
  const settled = (form === 'sync' ? done?.position : told) ?? Infinity
  return { traced, called: called.position, settled }
}

function outside(path: string | undefined): Error {
  return new Error(`moved in from outside, content unknown: ${path ?? ''}`)
}
