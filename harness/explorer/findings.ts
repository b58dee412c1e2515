/**
 * What a shard found, sorted by what it shows; and whose fault it is.
 *
 * Where one op alone is not there and the run fails, that op is guilty: with it the crash would have been harmless. Where several
 * are missing nobody is named; a simpler state of the same kind usually is among the findings.
 */
import type { Judgement } from '../checkers/check.ts'
import type { DiskModel } from '../disk-model/model.ts'
import type { CrashState } from '../disk-model/states.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { History } from '../history.ts'
import { describeOp } from '../op.ts'
import type { Guilt, ShardFinding } from './job.ts'
import type { Stem } from './lives.ts'

/** Findings of one kind that are kept. */
const keptMax = 3

/** Raw positions of ops, by number. */
export type Sites = ReadonlyMap<number, readonly string[]>

/** Crash state of a finding, and the life that it is of. */
export interface Crashed {
  readonly victim: { readonly model: DiskModel; readonly stem: Stem }
  readonly state: CrashState
  /** Of the ops that were recorded without them. */
  readonly sites: Sites
}

/** The findings of a shard. */
export class Findings {
  readonly #kept = new Map<string, ShardFinding[]>()
  readonly #counts = new Map<string, number>()

  /** Adds what a judgement says of a case; `crashed` where its last fault is a crash. */
  add(stem: Stem, judgement: Judgement, history: History, crashed?: Crashed): void {
    const { verdict, finding, reasons } = judgement
    const guilt = crashed === undefined ? undefined : guiltOf(crashed, judgement, history)
    const shows = finding?.invariant ?? reasons[0]
    // One hang stands for all: to be sure of each takes minutes.
    const cause = hangs(history) ? 'hangs' : (guilt?.frames.join() ?? kindsOf(stem))
    const fingerprint = [verdict, shows, cause].join(' ')
    this.#counts.set(fingerprint, (this.#counts.get(fingerprint) ?? 0) + 1)
    this.#keep({
      schedule: stringifySchedule(stem.schedule),
      op: crashed?.state.point.position.op ?? 0,
      missing: crashed?.state.missing.length ?? 0,
      verdict,
      ...(finding === undefined ? {} : { invariant: finding.invariant }),
      what: finding?.what ?? reasons.join('; '),
      details: finding?.details ?? [],
      ...(guilt === undefined ? {} : { guilt }),
      fingerprint,
      count: 1,
    })
  }

  /** All that were added. */
  get count(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** The simplest of each kind, with how many there are. */
  list(): readonly ShardFinding[] {
    return [...this.#kept.values()].flat().map((finding) => ({
      ...finding,
      count: this.#counts.get(finding.fingerprint) ?? 1,
    }))
  }

  /** The simplest of each kind alone. */
  simplest(): readonly ShardFinding[] {
    return [...this.#kept.values()].flatMap(([first]) => first ?? [])
  }

  #keep(finding: ShardFinding): void {
    const kept = this.#kept.get(finding.fingerprint) ?? []
    kept.push(finding)
    kept.sort(simplestFirst)
    this.#kept.set(finding.fingerprint, kept.slice(0, keptMax))
  }
}

/** Order of findings of one kind: few ops missing, few faults, early. */
export function simplestFirst(left: ShardFinding, right: ShardFinding): number {
  const lives = (finding: ShardFinding): number => finding.schedule.split(',').length
  return (
    lives(left) - lives(right) ||
    left.missing - right.missing ||
    left.op - right.op ||
    left.schedule.length - right.schedule.length ||
    (left.schedule < right.schedule ? -1 : 1)
  )
}

/** The one op that is not there, if it is one. */
function guiltOf(
  { state, victim, sites }: Crashed,
  { finding }: Judgement,
  history: History,
): Guilt | undefined {
  const [unit, ...more] = state.missing
  if (unit === undefined || more.length > 0) return undefined
  const { traced } = unit
  const { life } = victim.stem.standing
  const reliedOn = finding?.since === undefined ? undefined : opOf(finding.since, victim, history)
  return {
    life,
    op: traced.n,
    text: describeOp(traced.op),
    frames: traced.frames.length > 0 ? traced.frames : (sites.get(traced.n) ?? []),
    ...(reliedOn === undefined ? {} : { reliedOn }),
  }
}

/** The op of the mark at a place of the ledger, where it is one of the crashed life. */
function opOf(
  index: number,
  { model, stem }: Crashed['victim'],
  history: History,
): number | undefined {
  const { life } = stem.standing
  const start = history.lives.get(life)?.startedIndex
  if (start === undefined || history.entries[index]?.mark.life !== life) return undefined
  return model.markOps[index - start - 1]
}

function hangs(history: History): boolean {
  return history.of('wedged').length > 0
}

function kindsOf(stem: Stem): string {
  return stem.schedule
    .map((faults) =>
      faults
        .map((fault) => ('errno' in fault ? `${fault.kind} ${fault.errno}` : fault.kind))
        .join('~'),
    )
    .join()
}
