/** One line on how far long work is. */
import type { ShardProgress } from '../explorer/job.ts'

/** What is known of it. */
export interface Progressed {
  readonly done: number
  /** About how many there will be, where that is known. */
  readonly expected?: number
  readonly failed: number
  /** Of the explorer. */
  readonly findings?: number
  readonly elapsedMs: number
  /** Of the budget; absent where there is none. */
  readonly leftMs?: number
  /** Scenarios that the explorer has not begun. */
  readonly scenariosLeft?: number
  readonly what: string
}

/** `120/~700 cases  0 failed  31/s  ~19 s left  loop × file`. */
export function progressLine({
  done,
  expected,
  failed,
  findings = 0,
  elapsedMs,
  leftMs,
  scenariosLeft,
  what,
}: Progressed): string {
  const perSecond = elapsedMs < rateFromMs ? undefined : (done * 1_000) / elapsedMs
  const left = shorter(leftMs, remaining(done, expected, perSecond))
  return [
    `${done}${expected === undefined ? '' : `/~${expected}`} cases`,
    `${failed} failed`,
    ...(findings === 0 ? [] : [`${findings} findings`]),
    ...(perSecond === undefined ? [] : [`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`]),
    ...(left === undefined ? [] : [`~${duration(left)} left`]),
    ...(scenariosLeft === undefined ? [] : [`${scenariosLeft} to explore`]),
    what,
  ].join('  ')
}

/** What is known of an exploration. */
export interface ExplorationProgressed extends ShardProgress {
  readonly scenario: string
  readonly system: string
  /** Since the first word about this scenario. */
  readonly elapsedMs: number
  /** Of the budget; absent where there is none. */
  readonly leftMs?: number
  /** Scenarios that are not begun. */
  readonly scenariosLeft: number
}

/** `400 cases checked  findings 0  40/s  20/60 crash points  ~800 cases left there  ~20 s left  scenarios to come 3  loop × file`. */
export function explorationLine(told: ExplorationProgressed): string {
  const { through, done, of, checked, findings, elapsedMs, scenariosLeft, scenario, system } = told
  const perSecond = elapsedMs < rateFromMs ? undefined : (checked * 1_000) / elapsedMs
  // How many states the points to come have is not known before they are reached: as many as those behind.
  const isCrash = through === 'crash points' && done > 0
  const casesLeft = isCrash ? Math.round((checked * (of - done)) / done) : undefined
  const goesMs = done === 0 ? undefined : (elapsedMs * (of - done)) / done
  const left = shorter(told.leftMs, isCrash ? goesMs : undefined)
  return [
    `${checked} cases checked`,
    `findings ${findings}`,
    ...(perSecond === undefined ? [] : [`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`]),
    `${done}/${of} ${through}`,
    ...(casesLeft === undefined ? [] : [`~${casesLeft} cases left there`]),
    ...(left === undefined ? [] : [`~${duration(left)} left`]),
    `scenarios to come ${scenariosLeft}`,
    `${scenario} × ${system}`,
  ].join('  ')
}

/** Before that a rate says nothing. */
const rateFromMs = 1_000

function remaining(
  done: number,
  expected: number | undefined,
  perSecond: number | undefined,
): number | undefined {
  if (expected === undefined || perSecond === undefined || perSecond === 0) return undefined
  return (Math.max(0, expected - done) * 1_000) / perSecond
}

function shorter(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined) return right
  return right === undefined ? left : Math.min(left, right)
}

/** `45 s`, `3 min`, `2.5 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 100) return `${seconds} s`
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3_600).toFixed(1)} h`
}
