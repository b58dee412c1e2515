/**
 * The disk door of one thread: numbers its ops, lets faults strike at them, and tells an observer.
 *
 *  D1  Every op that changes or syncs state in the state directory, and every write to the ledger, passes `perform` (or, in
 *      native order, `launch`) exactly once and gets the next number.
 *  D2  Between the number and the op nothing else of this thread runs: an op is one uninterrupted piece of JavaScript.
 *  D3  A fault is written to the ledger before it acts, by the original binding, so a fault that acted is always proven.
 *  D4  After SIGKILL to the own process no further JavaScript of this thread runs.
 *  D5  Without a fault or an observer an op costs one addition and one comparison (`count`, `due`).
 *
 * D4: on Linux `kill` flags every thread of the process before it returns, so this thread never comes back from the call;
 * a thread that is in the middle of a system call may finish that call (a page-cache write stops at a page boundary), and one
 * running on another core may enter one more. In serial order there is no such thread unless the program made one. On macOS
 * the signal is taken on the way out of the system call as well; the wait behind it is there for the case that it is not.
 */
import type { CallForm, ReadKind } from '../op.ts'
import type { Disk } from './disk.ts'
import type { HookAct, HookFault, HookPhase } from './fault.ts'
import type { Gate } from './gate.ts'
import type { StateDirectory } from './paths.ts'
import { createFaults } from './faults.ts'
import type { Faults, Injection } from './faults.ts'
import { reserve, settle } from './files.ts'
import type { OpenFile } from './files.ts'
import type { Primitive } from './primitive.ts'
import { LateDeliveries, nextTurn } from './later.ts'

/** What became of an op. */
export interface Outcome {
  readonly error?: unknown
  readonly value?: unknown
  readonly dropped?: boolean
  readonly lied?: boolean
}

/** Watches a door: the op log, or the count file. */
export interface Observer {
  readonly begin: (n: number, primitive: Primitive, form: CallForm) => void
  readonly end: (n: number, primitive: Primitive, outcome: Outcome) => void
  /** The program is about to be told of op `n`, and of those from `from` on where one call made them. */
  readonly told: (n: number, from?: number) => void
  readonly read: (r: number, kind: ReadKind, path: string, error: unknown) => void
  readonly opened: (file: OpenFile, fd: number) => void
  readonly closed: (file: OpenFile) => void
  readonly forked: (stream: string) => void
  readonly fault: (n: number, text: string, read: boolean) => void
  /** Runs `call` as a continuation of op `n`: ops without a program frame of their own inherit its site. */
  readonly within: (n: number, call: () => void) => void
}

export interface DoorOptions {
  readonly stream: string
  readonly life: number
  readonly order: 'serial' | 'native'
  readonly directory: StateDirectory
  readonly disk: Disk
  readonly gate: Gate
  readonly faults: readonly HookFault[]
  readonly observer: Observer | undefined
  /** Absolute path of the ledger, where it is known: who opens it there writes marks too. */
  readonly ledgerPath?: string | undefined
  /** Appends a line to the ledger by the original binding; false where there is none. */
  readonly ledger: (line: string) => boolean
  readonly signal: (name: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM') => void
}

export class Door {
  /** Ops numbered so far. */
  count = 0
  /** Reads numbered so far. */
  reads = 0
  /** The first op that may not take the short way. */
  due = 0
  readonly options: DoorOptions
  readonly gate: Gate
  readonly disk: Disk
  /** By descriptor: what the program has open, as far as it went through this thread. */
  readonly files: (OpenFile | undefined)[] = []
  readonly #faults: Faults
  readonly #observer: Observer | undefined
  readonly #injectedErrors = new WeakSet<object>()
  /** Whether positions of descriptors are kept. */
  readonly #tracks: boolean
  readonly #late = new LateDeliveries()

  constructor(options: DoorOptions) {
    this.options = options
    this.gate = options.gate
    this.disk = options.disk
    this.#faults = createFaults(options.faults, options.stream)
    this.#observer = options.observer
    this.#tracks = options.observer !== undefined || this.#faults.quota
    this.#plan()
  }

  /** Whether reads are numbered: only where somebody asks for it. */
  get watchesReads(): boolean {
    return this.#tracks || this.#faults.reads
  }

  get observer(): Observer | undefined {
    return this.#observer
  }

  /** Whether a fault made this error. */
  isInjected(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#injectedErrors.has(error)
  }

  /** Numbers a primitive, runs it now, and returns its raw result. Throws the error that the caller shall see. */
  perform(primitive: Primitive, form: CallForm): unknown {
    const n = this.#number()
    const outcome = this.#execute(n, primitive, form)
    if (outcome.error !== undefined) throw outcome.error
    return outcome.value
  }

  /**
   * Numbers a primitive and hands it to the thread pool: `start` returns at once, and `finish` is to be called with the outcome
   * before the program learns of it. Returns `undefined` where a fault decides the outcome, which is then in `decided`.
   */
  launch(primitive: Primitive, form: CallForm): Launch {
    const n = this.#number()
    if (this.#faults.decides(n, primitive)) {
      return { n, decided: this.#execute(n, primitive, form), finish: () => undefined }
    }
    this.#faults.injection(n, primitive)
    this.#begin(n, primitive, form)
    this.#strike(n, 'before')
    return {
      n,
      decided: undefined,
      finish: (outcome) => {
        this.#end(n, primitive, outcome)
        this.#strike(n, 'after')
      },
    }
  }

  /** Numbers a read and runs it. */
  look<T>(kind: ReadKind, path: string, fail: (code: string) => Error, run: () => T): T {
    const r = ++this.reads
    const fault = this.#faults.read(r)
    let failure: unknown
    try {
      if (fault !== undefined) {
        this.#prove(fault, r, true)
        if (fault.act.kind === 'error') throw fail(fault.act.code)
        this.#act(fault.act, 'before')
      }
      return run()
    } catch (error) {
      failure = error
      throw error
    } finally {
      this.#observer?.read(r, kind, path, failure)
    }
  }

  /**
   * Runs `tell`, which tells the program of the completion of op `n` (or of a call that is no op), in its turn. `from`: the first op of
   * a call that made several.
   */
  later(n: number | undefined, tell: () => void, from: number | undefined = n): void {
    if (n === undefined) {
      nextTurn(tell)
      return
    }
    const observer = this.#observer
    const told = (): void => {
      observer?.told(n, from)
      if (observer === undefined) tell()
      else observer.within(n, tell)
    }
    const fault = this.#faults.slow(n)
    if (fault === undefined) {
      nextTurn(told)
      return
    }
    this.#prove(fault, n, false)
    this.#late.hold(fault.act.ops, told)
  }

  #number(): number {
    this.#late.pass()
    return ++this.count
  }

  #plan(): void {
    this.due = this.#observer === undefined ? this.#faults.due(this.count) : 0
  }

  #execute(n: number, primitive: Primitive, form: CallForm): Outcome {
    if (form !== 'sync') this.#faults.slowDown(n, primitive)
    const injection = this.#faults.injection(n, primitive)
    this.#begin(n, primitive, form)
    this.#strike(n, 'before')
    const outcome =
      injection === undefined ? attempt(primitive.run) : this.#inject(n, primitive, injection)
    this.#end(n, primitive, outcome)
    this.#strike(n, 'after')
    if (this.due !== Infinity) this.#plan()
    return outcome
  }

  #begin(n: number, primitive: Primitive, form: CallForm): void {
    this.#observer?.begin(n, primitive, form)
    const { write } = primitive
    if (!this.#tracks || write === undefined) return
    reserve(write.file, write.position, write.offset(), write.bytes().byteLength)
  }

  #end(n: number, primitive: Primitive, outcome: Outcome): void {
    this.#observer?.end(n, primitive, outcome)
    const { write } = primitive
    if (!this.#tracks || write === undefined) return
    const written = outcome.error === undefined ? Number(outcome.value) : 0
    settle(write.file, write.position, write.bytes().byteLength, written)
  }

  /** The outcome that a fault puts in place of the op's own. */
  #inject(n: number, primitive: Primitive, injection: Injection): Outcome {
    this.#prove(injection.fault, n, false)
    const { act } = injection
    switch (act.kind) {
      case 'error': {
        const error = primitive.fail(act.code)
        this.#injectedErrors.add(error)
        return { error, dropped: act.drop === true && isSync(primitive) }
      }
      case 'lie':
        return { lied: true }
      case 'short':
        return attempt(() => primitive.write?.some(act.bytes))
      case 'kill-inside':
        primitive.write?.some(act.bytes)
        return this.#die()
    }
  }

  #strike(n: number, phase: HookPhase): void {
    for (const fault of this.#faults.at(n)) {
      if (!('phase' in fault.act) || fault.act.phase !== phase) continue
      this.#prove(fault, n, false)
      this.#act(fault.act, phase)
    }
  }

  #act(act: HookAct, phase: HookPhase): void {
    if (!('phase' in act) || act.phase !== phase) return
    switch (act.kind) {
      case 'kill':
        return this.#die()
      case 'stop':
        return this.options.signal('SIGSTOP')
      case 'terminate':
        return this.options.signal('SIGTERM')
    }
  }

  #die(): never {
    for (;;) this.options.signal('SIGKILL')
  }

  #prove(fault: HookFault, n: number, read: boolean): void {
    const { life, stream, ledger } = this.options
    if (!this.#faults.fires(fault) || fault.text === '') return
    this.#observer?.fault(n, fault.text, read)
    ledger(`${JSON.stringify({ mark: 'fault', life, fault: fault.text, stream, op: n })}\n`)
  }
}

export interface Launch {
  readonly n: number
  readonly decided: Outcome | undefined
  readonly finish: (outcome: Outcome) => void
}

/** Runs `call` and keeps what came of it. */
export function attempt(call: () => unknown): Outcome {
  try {
    return { value: call() }
  } catch (error) {
    return { error }
  }
}

function isSync(primitive: Primitive): boolean {
  return (
    primitive.kind === 'sync' ||
    primitive.kind === 'datasync' ||
    primitive.kind === 'sync-directory'
  )
}
