/**
 * Waits for the next thing that happens to a process: its end, a hold, the end of its time, or nothing at all for too long.
 *
 * A process that is held says so in the ledger and is then seen stopped: the line is the signal, the state the proof. While
 * a hold may come, or something in the ledger is waited for, the ledger is looked at every millisecond; otherwise nothing runs
 * between start and end.
 */
import type { CaseContext, Started } from './case-context.ts'
import { confirmationFactor } from './options.ts'
import { lookAtGroup, Patience } from './patience.ts'
import type { Hold } from './plan.ts'
import { processState } from './process-state.ts'
import { progressOf } from './progress.ts'

/** What happened. */
export type Happened =
  | { readonly kind: 'ended' }
  | { readonly kind: 'held'; readonly hold: Hold }
  /** The time that the caller gave is over. */
  | { readonly kind: 'overdue' }
  /** No mark and no change to its files for `quietMs`, with nothing else running. */
  | { readonly kind: 'wedged'; readonly quietMs: number }

/** What to wait for, besides the end. */
export interface Attention {
  /** Holds that may come. */
  readonly holds?: readonly Hold[]
  /** Done after every look at the ledger, each to its end before the next look. */
  readonly meanwhile?: readonly Meanwhile[]
  /** Milliseconds from now. */
  readonly withinMs?: number
}

/** Something to do while a process runs, when the ledger says that it is time. */
export interface Meanwhile {
  readonly isPending: () => boolean
  /** Whether a look every millisecond is not enough. */
  readonly isUrgent?: boolean
  readonly step: () => Promise<void>
}

const lookMs = 1

/** Waits for a process that was started by the same case. */
export async function attend(
  context: CaseContext,
  started: Started,
  attention: Attention = {},
): Promise<Happened> {
  const { holds = [], meanwhile = [], withinMs = Infinity } = attention
  const dueMs = performance.now() + withinMs
  const quiet = new QuietWatch(context)
  for (;;) {
    const pending = meanwhile.filter((each) => each.isPending())
    const looks = holds.length > 0 || pending.length > 0
    if (looks) {
      const hold = holdOf(context, started, holds)
      if (hold !== undefined) return { kind: 'held', hold }
      for (const each of pending) await each.step()
    }
    if (started.end !== undefined) return { kind: 'ended' }
    const leftMs = dueMs - performance.now()
    if (leftMs <= 0) return { kind: 'overdue' }
    if (pending.some(({ isUrgent }) => isUrgent)) await turn()
    else await pause(started, Math.min(looks ? lookMs : Infinity, leftMs, quiet.leftMs()))
    if (quiet.isOver() && (await isWedged(context, started, holds)))
      return { kind: 'wedged', quietMs: quiet.limitMs * confirmationFactor }
  }
}

/** The hold at which the process stands. */
function holdOf(context: CaseContext, started: Started, holds: readonly Hold[]): Hold | undefined {
  context.observe()
  const hold = holds.find((each) => hasCome(each, started))
  return hold !== undefined && processState(started.pid) === 'stopped' ? hold : undefined
}

function hasCome({ text, op }: Hold, { told }: Started): boolean {
  return text === '' || told.faults.some((fault) => fault.text === text && fault.op === op)
}

/**
 * Looks again, with no other case running and ten times the patience: false as soon as anything moves. Others may be busy on the
 * machine, so what counts is not the time that passes but what the process had of it (`patience.ts`).
 */
function isWedged(
  context: CaseContext,
  started: Started,
  holds: readonly Hold[],
): Promise<boolean> {
  return context.alone(async () => {
    const { quietMs } = context.host.options
    const stepMs = quietMs / 4
    const before = shownBy(context)
    const patience = new Patience(
      () => lookAtGroup(started.pid, servicesOf(context)),
      stepMs,
      () => performance.now(),
    )
    while (started.end === undefined && patience.hadMs < quietMs * confirmationFactor) {
      await pause(started, stepMs)
      // It may have come to a hold while the other cases ended: nothing moves there before the harness does.
      if (shownBy(context) !== before || holdOf(context, started, holds) !== undefined) return false
      patience.look()
    }
    return started.end === undefined
  })
}

function shownBy({ ledger, directories }: CaseContext): string {
  return progressOf({ ledgerBytes: ledger.size(), state: directories.state })
}

/** Processes of the services, which change when one is killed and started again. */
function servicesOf({ services }: CaseContext): readonly number[] {
  return [...services.values()].flatMap((service) => service.pid?.() ?? [])
}

/** Knows since when nothing has moved. */
class QuietWatch {
  readonly limitMs: number
  readonly #context: CaseContext
  #sinceMs = performance.now()
  #seen: string | undefined

  constructor(context: CaseContext) {
    this.#context = context
    this.limitMs = context.host.options.quietMs
  }

  leftMs(): number {
    return Math.max(0, this.#sinceMs + this.limitMs - performance.now())
  }

  /** True where nothing moved for the whole limit. The first one only shows what to compare with: looking costs time. */
  isOver(): boolean {
    if (this.leftMs() > 0) return false
    const now = shownBy(this.#context)
    const moved = now !== this.#seen
    this.#seen = now
    this.#sinceMs = performance.now()
    return !moved
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Until the process ends, but not longer than this. */
export async function pause(started: Started, ms: number): Promise<void> {
  if (started.end !== undefined) return
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    started.wake = resolve
    if (Number.isFinite(ms)) timer = setTimeout(resolve, ms)
  })
  await over
  clearTimeout(timer)
}
