/**
 * Which fault strikes which op of one stream: the faults' bookkeeping, without their actions.
 *
 *  F1  A fault that does not fit the op at its address (a lie at a write, any error at a mark, more bytes than it writes) does not
 *      fire, and is not proven: the case is no case.
 *  F2  A sticky error and a full disk decide later ops too; they are proven once, when they first strike.
 */
import type { Primitive, WritePrimitive } from './primitive.ts'
import type { ErrorCode, HookAct, HookFault } from './fault.ts'
import type { OpenFile } from './files.ts'

/** What is put in place of an op. */
export type Injected =
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly drop?: boolean }
  | { readonly kind: 'lie' }
  | { readonly kind: 'short'; readonly bytes: number }
  | { readonly kind: 'kill-inside'; readonly bytes: number }

export interface Injection {
  readonly fault: HookFault
  readonly act: Injected
}

export interface Faults {
  /** Whether any fault is addressed to a read. */
  readonly reads: boolean
  /** Whether the sizes of files matter. */
  readonly quota: boolean
  /** The number of the next op after `count` that a fault can touch; `Infinity` if none. */
  readonly due: (count: number) => number
  /** Faults addressed to op n. */
  readonly at: (n: number) => readonly HookFault[]
  readonly read: (r: number) => HookFault | undefined
  /** Whether a fault takes the place of op n. Changes nothing. */
  readonly decides: (n: number, primitive: Primitive) => boolean
  /** What takes the place of op n; asked once for each, before it begins, for what it changes is remembered. */
  readonly injection: (n: number, primitive: Primitive) => Injection | undefined
  /** Notes that the completion of op n is held back, if a fault says so. */
  readonly slowDown: (n: number, primitive: Primitive) => void
  readonly slow: (n: number) => SlowFault | undefined
  /** True the first time it is asked for this fault. */
  readonly fires: (fault: HookFault) => boolean
}

/** A fault that holds a completion back. */
export type SlowFault = HookFault & { readonly act: Extract<HookAct, { kind: 'slow' }> }

type OpClass = 'write' | 'sync' | 'other'

/** The faults of `all` that concern `stream`. */
export function createFaults(all: readonly HookFault[], stream: string): Faults {
  const own = all.filter((fault) => fault.at.stream === stream)
  if (own.length === 0) return noFaults
  return new StreamFaults(own)
}

const none: readonly HookFault[] = []

const noFaults: Faults = {
  reads: false,
  quota: false,
  due: () => Infinity,
  at: () => none,
  read: () => undefined,
  decides: () => false,
  injection: () => undefined,
  slowDown: () => undefined,
  slow: () => undefined,
  fires: () => true,
}

class StreamFaults implements Faults {
  readonly reads: boolean
  readonly quota: boolean
  readonly #ops = new Map<number, HookFault[]>()
  readonly #reads = new Map<number, HookFault>()
  readonly #fired = new Set<HookFault>()
  readonly #sticky = new Map<OpClass, Injection>()
  /** Files whose last write was cut short by a full disk: the next write to them fails. */
  readonly #cut = new Map<OpenFile, Injection>()
  readonly #quota: HookFault | undefined
  #stickyRead: HookFault | undefined
  #room = Infinity
  /** By op: syncs whose completion is held back. */
  readonly #slow = new Map<number, SlowFault>()

  constructor(own: readonly HookFault[]) {
    for (const fault of own) {
      const { at } = fault
      if (at.kind === 'op') this.#ops.set(at.n, [...(this.#ops.get(at.n) ?? []), fault])
      if (at.kind === 'read') this.#reads.set(at.n, fault)
      if (at.kind === 'quota') {
        this.#quota = fault
        this.#room = at.bytes
      }
    }
    this.reads = this.#reads.size > 0
    this.quota = this.#quota !== undefined
  }

  due(count: number): number {
    if (this.#quota !== undefined || this.#slow.size + this.#sticky.size + this.#cut.size > 0)
      return 0
    let next = Infinity
    for (const n of this.#ops.keys()) if (n > count && n < next) next = n
    return next
  }

  at(n: number): readonly HookFault[] {
    return this.#ops.get(n) ?? none
  }

  read(r: number): HookFault | undefined {
    const fault = this.#reads.get(r) ?? this.#stickyRead
    if (fault?.act.kind === 'error' && fault.act.sticky === true) this.#stickyRead = fault
    return fault
  }

  decides(n: number, primitive: Primitive): boolean {
    return this.#choose(n, primitive) !== undefined || this.#slowAt(n, primitive) !== undefined
  }

  injection(n: number, primitive: Primitive): Injection | undefined {
    const chosen = this.#choose(n, primitive)
    const { write, kind } = primitive
    // The ledger is on no disk of the system's.
    if (this.#quota !== undefined && write !== undefined && kind !== 'mark' && chosen === undefined)
      this.#room -= write.grows()
    if (chosen !== undefined) this.#remember(chosen, primitive)
    return chosen
  }

  slowDown(n: number, primitive: Primitive): void {
    const fault = this.#slowAt(n, primitive)
    if (fault !== undefined) this.#slow.set(n, fault)
  }

  slow(n: number): SlowFault | undefined {
    return this.#slow.get(n)
  }

  fires(fault: HookFault): boolean {
    if (this.#fired.has(fault)) return false
    this.#fired.add(fault)
    return true
  }

  #slowAt(n: number, primitive: Primitive): SlowFault | undefined {
    if (classOf(primitive) !== 'sync') return undefined
    return this.at(n).find((fault): fault is SlowFault => fault.act.kind === 'slow')
  }

  #choose(n: number, primitive: Primitive): Injection | undefined {
    for (const fault of this.at(n)) {
      const act = fitting(fault, primitive)
      if (act !== undefined) return { fault, act }
    }
    if (primitive.kind === 'mark') return undefined
    const { write } = primitive
    const cut = write === undefined ? undefined : this.#cut.get(write.file)
    return cut ?? this.#sticky.get(classOf(primitive)) ?? this.#overQuota(write)
  }

  #overQuota(write: WritePrimitive | undefined): Injection | undefined {
    const fault = this.#quota
    if (fault === undefined || fault.act.kind !== 'error' || write === undefined) return undefined
    const grows = write.grows()
    if (grows <= this.#room) return undefined
    const fits = write.bytes().byteLength - (grows - this.#room)
    return {
      fault,
      act: fits > 0 ? { kind: 'short', bytes: fits } : { kind: 'error', code: fault.act.code },
    }
  }

  /** What an injection means for later ops. */
  #remember({ fault, act }: Injection, primitive: Primitive): void {
    if (fault.at.kind === 'quota') {
      if (act.kind === 'short') this.#room = 0
      return
    }
    if (fault.act.kind === 'lie' && fault.act.sticky === true) {
      this.#sticky.set('sync', { fault, act: { kind: 'lie' } })
    }
    if (fault.act.kind !== 'error') return
    const file = primitive.write?.file
    const later: Injection = { fault, act: plainError(fault.act) }
    if (act.kind === 'short' && file !== undefined) this.#cut.set(file, later)
    if (act.kind === 'error' && file !== undefined) this.#cut.delete(file)
    if (fault.act.sticky === true) this.#sticky.set(classOf(primitive), later)
  }
}

function fitting(fault: HookFault, primitive: Primitive): Injected | undefined {
  const { act } = fault
  const { kind, write } = primitive
  if (act.kind === 'kill-inside') {
    // A torn line in the ledger would damage the witness, not the system: at a mark the kill comes before it.
    const bytes = kind === 'mark' ? 0 : act.bytes
    const isThere = write === undefined || bytes <= write.bytes().byteLength
    return isThere ? { kind: 'kill-inside', bytes } : undefined
  }
  if (kind === 'mark') return undefined
  const isShort = (bytes: number): boolean =>
    bytes > 0 && write !== undefined && bytes < write.bytes().byteLength
  switch (act.kind) {
    case 'error':
      if (act.drop === true && classOf(primitive) !== 'sync') return undefined
      if (act.bytes === undefined || act.bytes === 0) return plainError(act)
      return isShort(act.bytes) ? { kind: 'short', bytes: act.bytes } : undefined
    case 'short':
      return isShort(act.bytes) ? { kind: 'short', bytes: act.bytes } : undefined
    case 'lie':
      return classOf(primitive) === 'sync' ? { kind: 'lie' } : undefined
    case 'kill':
    case 'stop':
    case 'terminate':
    case 'slow':
      return undefined
  }
}

function plainError(act: Extract<HookAct, { kind: 'error' }>): Injected {
  return { kind: 'error', code: act.code, ...(act.drop === true ? { drop: true } : {}) }
}

function classOf(primitive: Primitive): OpClass {
  if (primitive.write !== undefined) return 'write'
  return primitive.kind === 'sync' ||
    primitive.kind === 'datasync' ||
    primitive.kind === 'sync-directory'
    ? 'sync'
    : 'other'
}
