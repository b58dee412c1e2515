/**
 * The lives of a failing case, row by row: its ops between the marks that the ledger ordered, the crash, what survived, what ran
 * again, and the op that is guilty.
 *
 *   T1  the order is the ledger's: ops of a life stand before the first mark that they came before, so nothing rests on clocks
 *   T2  what a crash undid is in it, and said to be gone; what the life did behind the crash is not
 *   T3  no row holds a time or a process id: the same case gives the same timeline
 */
import type { CaseReport } from '../campaign/trial.ts'
import { tellOp } from '../campaign/told.ts'
import type { SiteOf } from '../corpus/op-fingerprint.ts'
import { tracedMark } from '../corpus/traced-mark.ts'
import type { Fault } from '../fault.ts'
import { faultWords } from '../fault-words.ts'
import type { Mark } from '../mark.ts'
import type { Trace, TracedOp } from '../trace.ts'
import type { Timeline } from './result/result.ts'
import { markWords } from './mark-words.ts'

type Row = Timeline['rows'][number]

/** Rows that are kept; the middle of a longer one is left out. */
const rowsMax = 600
const headRows = 150

/** The timeline of a recorded case. `guiltyOp`: number of the guilty op in the life that the last crash ended. */
export function timelineOf(report: CaseReport, siteOf: SiteOf, guiltyOp?: number): Timeline {
  const { run, asked, judgement } = report
  const { entries } = run
  const view = new LivesView(report, siteOf, guiltyOp)
  const finding = judgement?.finding
  const rows: Row[] = []
  const effects = new Map<string, number>()
  for (const [index, { mark }] of entries.entries()) {
    rows.push(...view.opsBefore(mark))
    const flags: string[] = [
      ...recordFlags(
        mark,
        index,
        entries.map((entry) => entry.mark),
      ),
    ]
    if (mark.mark === 'effect') {
      const before = effects.get(mark.step)
      if (before !== undefined && before !== mark.life) flags.push('again')
      effects.set(mark.step, before ?? mark.life)
    }
    if (finding?.index === index) flags.push('broken')
    if (finding?.since === index) flags.push('relied')
    rows.push(...view.rowOf(mark, flags))
  }
  for (const life of new Set(entries.map(({ mark }) => mark.life))) rows.push(...view.rest(life))
  const schedule = run.landed?.schedule ?? asked.schedule
  const lives = run.lives.map(({ life, slot, code, signal, done }) => ({
    life,
    faults: (schedule[slot - 1] ?? []).map((fault) => faultWords(fault)).join(', '),
    end: signal !== null ? 'killed' : done ? 'done' : `exit ${code ?? '?'}`,
  }))
  return cut(lives, rows)
}

/** A timeline with the middle left out where it has too many rows. */
export function cut(lives: Timeline['lives'], rows: readonly Row[]): Timeline {
  const left = Math.max(0, rows.length - rowsMax)
  const kept =
    left === 0
      ? rows
      : [...rows.slice(0, headRows), ...rows.slice(rows.length - (rowsMax - headRows))]
  return { lives, rows: [...kept], left }
}

/** Whether the records of an ack are in what the next life found. */
function recordFlags(mark: Mark, index: number, all: readonly Mark[]): readonly string[] {
  if (mark.mark !== 'ack') return []
  const later = all
    .slice(index + 1)
    .find((each) => each.mark === 'recovered' && each.life !== mark.life)
  if (later?.mark !== 'recovered') return []
  const found = new Set(later.hashes)
  return mark.hashes.every((hash) => found.has(hash)) ? ['survived'] : ['lost']
}

/** Where a life's ops stand, and how far they were told. */
interface Told {
  readonly ops: readonly TracedOp[]
  next: number
}

class LivesView {
  readonly #report: CaseReport
  readonly #siteOf: SiteOf
  readonly #guiltyOp: number | undefined
  readonly #told = new Map<number, Told>()
  readonly #crashes: ReadonlyMap<number, Crash>

  constructor(report: CaseReport, siteOf: SiteOf, guiltyOp: number | undefined) {
    this.#report = report
    this.#siteOf = siteOf
    this.#guiltyOp = guiltyOp
    this.#crashes = crashesOf(report)
    for (const [life, traces] of report.run.traces ?? [])
      this.#told.set(life, { ops: opsOf(traces, this.#crashes.get(life)), next: 0 })
  }

  /** Ops that a mark has behind it; for a mark of the worker, its own op is the last of them and becomes the mark's row. */
  opsBefore(mark: Mark): readonly Row[] {
    const told = this.#told.get(mark.life)
    if (told === undefined) return []
    if (mark.mark === 'exit') return this.rest(mark.life)
    const end =
      mark.mark === 'fault'
        ? told.ops.findIndex((op, index) => index >= told.next && op.n >= mark.op)
        : told.ops.findIndex(
            (op, index) => index >= told.next && tracedMark(op)?.mark === mark.mark,
          )
    if (end < 0) return []
    return this.#take(mark.life, told, end)
  }

  rest(life: number): readonly Row[] {
    const told = this.#told.get(life)
    return told === undefined ? [] : this.#take(life, told, told.ops.length)
  }

  rowOf(mark: Mark, flags: readonly string[]): readonly Row[] {
    const { name, text, records, kind } = markWords(mark)
    const told = this.#told.get(mark.life)
    const op = kind === 'mark' ? told?.ops[told.next] : undefined
    const isOwn = op !== undefined && tracedMark(op)?.mark === mark.mark
    if (isOwn && told !== undefined) told.next += 1
    const own = isOwn ? this.#opParts(mark.life, op) : { flags: [] }
    return [
      {
        life: mark.life,
        kind,
        name,
        text,
        ...own,
        ...(records === undefined ? {} : { records: records.map((hash) => hash.slice(0, 12)) }),
        flags: [...own.flags, ...flags],
      },
    ]
  }

  #take(life: number, told: Told, end: number): readonly Row[] {
    const ops = told.ops.slice(told.next, end)
    told.next = Math.max(told.next, end)
    return ops.map((op) => ({
      life,
      kind: 'op' as const,
      name: op.op.kind,
      text: tellOp(op),
      ...this.#opParts(life, op),
    }))
  }

  #opParts(life: number, op: TracedOp): Pick<Row, 'op' | 'site' | 'flags'> {
    const site = this.#siteOf(op.frames)
    const crash = this.#crashes.get(life)
    const isCrash = crash !== undefined && op.stream === crash.stream && op.n === crash.op
    const gone = this.#report.run.missing?.get(life) ?? []
    const isGone = gone.some(({ n, stream }) => n === op.n && stream === op.stream)
    const isGuilty = isCrashed(this.#crashes, life) && op.n === this.#guiltyOp
    return {
      op: op.n,
      ...(site === undefined ? {} : { site }),
      flags: [
        ...(isCrash ? ['crash'] : []),
        ...(isGone ? ['gone'] : []),
        ...(isGuilty ? ['guilty'] : []),
      ],
    }
  }
}

/** Where a life ended in a crash. */
interface Crash {
  readonly stream: string
  readonly op: number
  readonly isBefore: boolean
}

function crashesOf({ run, asked }: CaseReport): ReadonlyMap<number, Crash> {
  const schedule = run.landed?.schedule ?? asked.schedule
  const crashes = new Map<number, Crash>()
  for (const { life, slot } of run.lives) {
    const fault = schedule[slot - 1]?.findLast(isCrash)
    if (fault === undefined) continue
    const { stream, op, phase } = fault.at
    crashes.set(life, { stream, op, isBefore: phase.kind === 'before' })
  }
  return crashes
}

function isCrash(fault: Fault): fault is Extract<Fault, { kind: 'kill' | 'power-loss' }> {
  return fault.kind === 'kill' || fault.kind === 'power-loss'
}

/** True for the last life that a crash ended: guilt is about its ops. */
function isCrashed(crashes: ReadonlyMap<number, Crash>, life: number): boolean {
  return life === Math.max(...crashes.keys())
}

/** T2: ops of all streams in the order of their calls, up to the crash. */
function opsOf(traces: readonly Trace[], crash: Crash | undefined): readonly TracedOp[] {
  const ops = traces
    .flatMap((trace) => trace.ops)
    .toSorted((left, right) => left.called.at - right.called.at)
  if (crash === undefined) return ops
  const at = ops.findIndex(({ stream, n }) => stream === crash.stream && n === crash.op)
  return at < 0 ? ops : ops.slice(0, at + 1)
}
