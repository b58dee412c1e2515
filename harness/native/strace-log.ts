/**
 * From what strace showed of a life to the op log that the native hooks write: the same kinds, numbers and payloads, one stream.
 *
 *  G1  A pure function of the output, the names in the directory before the life, and three paths.
 *  G2  Ops are numbered in the order in which their calls begin, over all processes and threads of the life.
 *  G3  What strace does not tell (a truncated write, a descriptor that was sent over a socket, a file without a name) is an error
 *      with its reason, never a guess. And nobody believes the log unasked: `sight.ts` compares.
 *  G4  Each op is known by the thread that makes it and which of that thread's calls of the name it is: strace counts so when it
 *      injects, so this is where a kill is aimed (`strace-aim.ts`).
 */
import type { LogEntry, Op } from '../op.ts'
import { straceNode } from '../trace.ts'
import { doingOf, opCalls, type Surroundings } from './strace-calls.ts'
import { follow } from './strace-follow.ts'
import { kindOf, opOf, UntoldError, type Doing, type Target } from './strace-ops.ts'
import {
  parseStrace,
  pathOf,
  splitArguments,
  type CallResult,
  type StraceEntry,
} from './strace-output.ts'
import { TracedProcess } from './strace-processes.ts'
import { StateTree, type NameBefore, type StateNode } from './strace-tree.ts'

/** A life that strace showed. Paths are absolute and true. */
export interface StracedLife {
  readonly output: string
  readonly life: number
  /** The state directory. */
  readonly root: string
  /** What was in it before the life. */
  readonly before: readonly NameBefore[]
  readonly ledger: string
  /** Working directory at its start. */
  readonly cwd: string
}

/** A line of an op log. */
export interface LoggedEntry {
  readonly entry: LogEntry
  readonly payload?: Uint8Array
}

/** An op, as strace counts it. */
export interface StracedOp {
  readonly n: number
  readonly kind: Op['kind']
  readonly tid: number
  /** Name of the system call. */
  readonly name: string
  /** Which call of this name of the thread it is, from 1. */
  readonly nth: number
  /** The thread whose call of this name was the first to be its nth. */
  readonly firstAtNth: number
  /** Whether its thread belongs to the process that leads the life. */
  readonly isLeaders: boolean
  /** Absent: under way when the life ended. */
  readonly result?: Exclude<CallResult, { kind: 'unknown' }>
}

/** What a life did. */
export interface StracedLog {
  readonly entries: readonly LoggedEntry[]
  readonly ops: readonly StracedOp[]
  /** Threads that a SIGKILL ended. */
  readonly killed: ReadonlySet<number>
  /** The call with which the process that leads the life ends itself, once it was begun. */
  readonly exit: Pick<StracedOp, 'tid' | 'name' | 'nth' | 'firstAtNth' | 'isLeaders'> | undefined
}

/** The op log of a life. @throws UntoldError (`strace-ops.ts`) with the reason where strace does not tell enough */
export function logOfStrace(life: StracedLife): StracedLog {
  const translator = new Translator(life)
  for (const entry of parseStrace(life.output)) translator.take(entry)
  return translator
}

/** Bytes of an op log file. */
export function encodeLog(entries: readonly LoggedEntry[]): Uint8Array {
  const newline = Buffer.from('\n')
  return Buffer.concat(
    entries.flatMap(({ entry, payload }) => {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`)
      return payload === undefined ? [line] : [line, payload, newline]
    }),
  )
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface OpenOp {
  readonly doing: Doing
  readonly op: Mutable<StracedOp>
  readonly node: number
}

/** How a process ends itself. */
export const exitCall = 'exit_group'

const callsOfOps: ReadonlySet<string> = new Set(opCalls)

class Translator implements StracedLog {
  readonly entries: LoggedEntry[] = []
  readonly ops: Mutable<StracedOp>[] = []
  readonly killed = new Set<number>()
  exit: StracedLog['exit']
  readonly #life: StracedLife
  readonly #tree: StateTree
  readonly #processes = new Map<number, TracedProcess>()
  #leader: TracedProcess | undefined
  /** Calls that make a process and have not ended: their threads. */
  readonly #forking = new Map<number, string>()
  readonly #open = new Map<number, OpenOp>()
  readonly #numbers = new Map<StateNode, number>()
  readonly #counts = new Map<string, number>()
  readonly #first = new Map<string, number>()

  constructor(life: StracedLife) {
    this.#life = life
    this.#tree = new StateTree(life.root, life.before)
  }

  take(entry: StraceEntry): void {
    const { tid } = entry
    if (entry.kind === 'killed') {
      if (entry.signal === 'SIGKILL') this.killed.add(tid)
      return
    }
    const process = this.#process(tid)
    const around = { process, tree: this.#tree, ledger: this.#life.ledger }
    if (entry.kind === 'call') this.#call(entry, around)
    else this.#return(entry, around)
  }

  #call(entry: Extract<StraceEntry, { kind: 'call' }>, around: Surroundings): void {
    const { tid, name, text } = entry
    const nth = (this.#counts.get(`${tid} ${name}`) ?? 0) + 1
    this.#counts.set(`${tid} ${name}`, nth)
    const firstAtNth = this.#first.get(`${name} ${nth}`) ?? tid
    this.#first.set(`${name} ${nth}`, firstAtNth)
    if (/^(clone3?|v?fork)$/.test(name)) this.#forking.set(tid, text)
    const isLeaders = around.process === this.#leader
    const counted = { tid, name, nth, firstAtNth, isLeaders }
    if (name === exitCall && isLeaders) this.exit ??= counted
    if (name.startsWith('mmap')) return this.#maps(text, around)
    const doing = callsOfOps.has(name) ? doingOf(name, text, around) : undefined
    if (doing === undefined) return
    const n = this.ops.length + 1
    const op = { n, kind: kindOf(doing), ...counted }
    this.ops.push(op)
    const target = this.#targetOf(doing)
    const node = target === undefined ? 0 : this.#number(target)
    this.#open.set(tid, { doing, op, node })
    const payload = 'bytes' in doing ? { payload: doing.bytes } : {}
    const bytes = 'bytes' in doing ? { bytes: doing.bytes.byteLength } : {}
    const call = { e: 'call', n, op: opOf(doing, node), form: 'sync', site: 0 } as const
    this.#log({ ...call, at: this.entries.length, ...bytes }, payload.payload)
  }

  /** A mapping that can be stored into, of a file of the state directory. */
  #maps(text: string, { tree }: Surroundings): void {
    const [, , access = '', kind = '', file = ''] = splitArguments(text)
    if (!access.includes('PROT_WRITE') || !kind.includes('MAP_SHARED')) return
    const path = tree.below(pathOf(file) ?? '')
    if (path !== undefined) this.#log({ e: 'mapped', path })
  }

  #return(entry: Extract<StraceEntry, { kind: 'return' }>, around: Surroundings): void {
    const { tid, name, text, result } = entry
    if (this.#forking.delete(tid) && result.kind === 'value' && result.value > 0)
      this.#born(result.value, tid, text)
    const open = this.#open.get(tid)
    this.#open.delete(tid)
    if (result.kind === 'unknown') return
    if (open !== undefined) this.#done(open, result)
    if (result.kind === 'value') follow(name, text, result, around)
  }

  #done({ doing, op, node }: OpenOp, result: Exclude<CallResult, { kind: 'unknown' }>): void {
    op.result = result
    const { n } = op
    const at = this.entries.length
    if (result.kind === 'error') return this.#log({ e: 'done', n, code: result.code, at })
    if (doing.kind === 'write' || doing.kind === 'mark') {
      this.#wrote(doing, result.value)
      return this.#log({ e: 'done', n, written: result.value, at })
    }
    const made = this.#apply(doing, result)
    const number =
      made === undefined
        ? node
        : this.#number({ path: 'path' in doing ? doing.path : '', node: made })
    this.#log({
      e: 'done',
      n,
      ...(number === 0 ? {} : { node: number }),
      ...(made === undefined ? {} : { created: true }),
      at: this.entries.length,
    })
  }

  #wrote(doing: Extract<Doing, { kind: 'write' | 'mark' }>, written: number): void {
    if (doing.kind === 'mark') return
    const { file, offset, moves } = doing
    const end = offset + written
    if (moves) file.offset = end
    if (file.node !== undefined && written > 0) file.node.size = Math.max(file.node.size, end)
  }

  /** Does to the tree what the call did; returns what it made. */
  #apply(doing: Doing, result: CallResult): StateNode | undefined {
    const tree = this.#tree
    switch (doing.kind) {
      case 'open': {
        // The kernel's own name of what was opened, links followed.
        const path = tree.below((result.kind === 'value' ? result.path : undefined) ?? '')
        const known = tree.at(path ?? doing.path)
        if (known === undefined) return tree.make(path ?? doing.path, 'file')
        if (doing.truncate) known.size = 0
        return undefined
      }
      case 'truncate':
        if (doing.on.node !== undefined) doing.on.node.size = doing.length
        return undefined
      case 'rename':
        if (doing.from === undefined)
          throw new UntoldError('a file that was renamed into the state directory')
        if (doing.to === undefined) tree.remove(doing.from)
        else tree.rename(doing.from, doing.to)
        return undefined
      case 'link': {
        const node = doing.from === undefined ? undefined : tree.at(doing.from)
        if (node === undefined)
          throw new UntoldError('a file that was linked into the state directory')
        if (doing.to !== undefined) tree.link(node, doing.to)
        return undefined
      }
      case 'unlink':
      case 'rmdir':
        tree.remove(doing.path)
        return undefined
      case 'mkdir':
        return tree.make(doing.path, 'directory')
      case 'symlink':
        return tree.make(doing.path, 'symlink', doing.target)
      default:
        return undefined
    }
  }

  #targetOf(doing: Doing): Target | undefined {
    const named = (path: string | undefined): Target | undefined => {
      const node = path === undefined ? undefined : this.#tree.at(path)
      return path === undefined || node === undefined ? undefined : { path, node }
    }
    switch (doing.kind) {
      case 'open': {
        const node = this.#tree.followed(doing.path)
        return node === undefined ? undefined : { path: doing.path, node }
      }
      case 'rename':
      case 'link':
        return named(doing.from)
      case 'unlink':
      case 'rmdir':
        return named(doing.path)
      case 'mkdir':
      case 'symlink':
      case 'mark':
        return undefined
      default:
        return doing.on
    }
  }

  /** The number of a file or directory in the log. */
  #number({ path, node }: Target): number {
    if (node === undefined) return 0
    const known = this.#numbers.get(node)
    if (known !== undefined) return known
    const number = this.#numbers.size + 1
    this.#numbers.set(node, number)
    this.#log({ e: 'node', node: number, ino: node.ino, path })
    return number
  }

  #process(tid: number): TracedProcess {
    const known = this.#processes.get(tid)
    if (known !== undefined) return known
    const [parent] = this.#forking
    if (parent !== undefined) return this.#born(tid, ...parent)
    const { cwd, life, root } = this.#life
    const leader = new TracedProcess(cwd)
    leader.open(3, { isLedger: true, offset: undefined, appends: true }, false)
    this.#processes.set(tid, leader)
    if (this.#leader === undefined) {
      this.#leader = leader
      const head = { stream: '1', life, pid: tid, order: 'serial', node: straceNode } as const
      this.#log({ e: 'log', version: 1, ...head, directory: root })
    }
    return leader
  }

  /** A process or thread begins: known by its first call, or by its parent's return, whichever strace shows first. */
  #born(tid: number, parent: number, flags: string): TracedProcess {
    const known = this.#processes.get(tid)
    if (known !== undefined) return known
    const process = this.#process(parent)
    const child = flags.includes('CLONE_FILES') ? process : process.fork()
    this.#processes.set(tid, child)
    return child
  }

  #log(entry: LogEntry, payload?: Uint8Array): void {
    this.entries.push({ entry, ...(payload === undefined ? {} : { payload }) })
  }
}
