/** What came of crashing the run's life in the control at each of its ops: as many states as there are, one answer a place. */
import type { CrashState } from '../disk-model/states.ts'
import type { Schedule } from '../fault.ts'
import { stringifySchedule } from '../fault-text.ts'
import { outcomeRank, type Verdict } from '../verdict.ts'

/** Where at an op a crash can fall: before it, in the middle, behind it; or the power fails there. */
export type PointPlace = 'before' | 'torn' | 'after' | 'power'

/** The states of one place. */
export interface PointOutcome {
  readonly op: number
  readonly at: PointPlace
  readonly states: number
  /** Those that are no pass. */
  readonly bad: number
  /** The worst. */
  readonly verdict: Verdict
  /** The simplest state with that verdict, in the schedule grammar. */
  readonly schedule: string
}

type Counted = { -readonly [Name in keyof PointOutcome]: PointOutcome[Name] }

/** Counts states by place. */
export class PointMap {
  readonly #outcomes = new Map<string, Counted>()

  /** Adds a state of that life; `before` are the faults of the lives before it. */
  add(before: Schedule, { point, fault }: CrashState, verdict: Verdict): void {
    const { op } = point.position
    const at = placeOf(fault)
    const key = `${op} ${at}`
    const known = this.#outcomes.get(key)
    const bad = outcomeRank(verdict) === 0 ? 0 : 1
    const written = (): string => stringifySchedule([...before, [fault]])
    if (known === undefined) {
      this.#outcomes.set(key, { op, at, states: 1, bad, verdict, schedule: written() })
      return
    }
    known.states += 1
    known.bad += bad
    if (outcomeRank(verdict) < outcomeRank(known.verdict)) return
    const schedule = written()
    if (outcomeRank(verdict) === outcomeRank(known.verdict) && !isSimpler(schedule, known.schedule))
      return
    known.verdict = verdict
    known.schedule = schedule
  }

  /** The places that have states. */
  list(): readonly PointOutcome[] {
    return [...this.#outcomes.values()]
  }
}

/** Places of several shards as one list, by op. */
export function mergePoints(parts: readonly (readonly PointOutcome[])[]): readonly PointOutcome[] {
  const merged = new Map<string, PointOutcome>()
  for (const each of parts.flat()) {
    const key = `${each.op} ${each.at}`
    const known = merged.get(key)
    merged.set(key, known === undefined ? each : joined(known, each))
  }
  return [...merged.values()].sort(
    (left, right) => left.op - right.op || places.indexOf(left.at) - places.indexOf(right.at),
  )
}

const places: readonly PointPlace[] = ['before', 'torn', 'after', 'power']

function joined(left: PointOutcome, right: PointOutcome): PointOutcome {
  const difference = outcomeRank(left.verdict) - outcomeRank(right.verdict)
  // Which of two equals is shown must not depend on who came first.
  const isLeft = difference === 0 ? !isSimpler(right.schedule, left.schedule) : difference > 0
  const { verdict, schedule } = isLeft ? left : right
  return {
    ...left,
    states: left.states + right.states,
    bad: left.bad + right.bad,
    verdict,
    schedule,
  }
}

/** What is shown must not depend on which shard saw it first. */
function isSimpler(schedule: string, than: string): boolean {
  return schedule.length === than.length ? schedule < than : schedule.length < than.length
}

function placeOf(fault: CrashState['fault']): PointPlace {
  if (fault.kind === 'power-loss') return 'power'
  if (fault.lost.length > 0) return 'torn'
  const { kind } = fault.at.phase
  return kind === 'inside' ? 'torn' : kind
}
