/** Bugs to plant into the abstract runtime, at least one per class of failure: where they show, and as what. */
import type { Breach } from '../../../harness/verdict.ts'
import type { Plot } from './case.ts'
import type { Shape } from './workloads.ts'

/** One planted bug. */
export interface Planted {
  /** Plots in which it can show. */
  readonly plots: readonly Plot[]
  /** The verdicts that may be given for it, all others being wrong. */
  readonly verdicts: readonly Breach[]
  /** What the workload must have. */
  readonly shape?: Partial<Shape>
}

const crashes: readonly Plot[] = ['kills', 'clock', 'sigterm']
const overlaps: readonly Plot[] = ['zombie', 'robbery', 'resumers']

const table = {
  /** Forgets a result that the workload had observed. */
  'redo-committed': { plots: crashes, verdicts: ['REDONE'] },
  /** Writes no intent before a `once` effect. */
  'no-intent': { plots: crashes, verdicts: ['REDONE'] },
  /** Derives another key in each life. */
  'random-key': { plots: crashes, verdicts: ['REDONE'] },
  /** Acknowledges results before they are written. */
  'ack-early': { plots: ['kills', 'power'], verdicts: ['LOST_COMMIT'] },
  /** Leaves the last group, acknowledged, out of an image. */
  'lose-acked': { plots: crashes, verdicts: ['LOST_COMMIT'] },
  /** Swaps two records of an image. */
  reorder: { plots: crashes, verdicts: ['PHANTOM'] },
  /** Adds a record to an image. */
  phantom: { plots: crashes, verdicts: ['PHANTOM'] },
  /** Keeps a part of a group that was never acknowledged. */
  'half-batch': { plots: ['kills'], verdicts: ['PHANTOM'] },
  /** Repeats a record in an image. */
  repeat: { plots: crashes, verdicts: ['PHANTOM'] },
  /** Commits the result before the effect. */
  'commit-first': { plots: ['kills'], verdicts: ['LOST_EFFECT', 'DIVERGED'] },
  /** Hands the workload another result than the recorded one. */
  'second-result': { plots: crashes, verdicts: ['DIVERGED'] },
  /** Works with other arguments in a later life. */
  'other-arguments': { plots: crashes, verdicts: ['DIVERGED'] },
  /** Reports a `keyed` step unknown. */
  'lazy-unknown': { plots: crashes, verdicts: ['DIVERGED'], shape: { budget: true } },
  /** Does not look for a newer epoch before it acknowledges. */
  'no-fence': { plots: overlaps, verdicts: ['ZOMBIE_WRITE'] },
  /** Does not close the log for older epochs. */
  'no-seal': { plots: overlaps, verdicts: ['ZOMBIE_WRITE', 'PHANTOM'] },
  /** Opens under the epoch of the owner. */
  'same-epoch': {
    plots: overlaps,
    verdicts: ['ZOMBIE_WRITE', 'LOST_COMMIT', 'PHANTOM', 'REDONE', 'DIVERGED'],
  },
  /** Decides an undecided group again in every open. */
  'undecided-again': { plots: ['kills'], verdicts: ['DIVERGED'] },
  /** Reads on after damage. */
  'accept-damage': { plots: ['rot'], verdicts: ['CORRUPT_ACCEPTED'] },
  /** Takes a journal that it cannot read for a new one. */
  'unreadable-is-new': { plots: ['unreadable'], verdicts: ['CORRUPT_ACCEPTED', 'PHANTOM'] },
  /** Ignores a failed sync whose pages are gone. */
  'swallow-error': { plots: ['storage'], verdicts: ['FALSE_ACK'] },
  /** Gives one message to two waits. */
  'double-consume': { plots: crashes, verdicts: ['REDONE'], shape: { size: 14 } },
  /** Computes the due time anew in each life. */
  'timer-slides': { plots: ['clock', 'kills', 'power'], verdicts: ['REDONE'] },
  /** Fires timers at once. */
  'timer-early': { plots: crashes, verdicts: ['REDONE'] },
  /** Runs a child that settled. */
  'revive-child': { plots: crashes, verdicts: ['BROKEN_TREE'] },
  /** Goes on after an acknowledged cancel. */
  'ignore-cancel': { plots: crashes, verdicts: ['DIVERGED'], shape: { cancel: true } },
  /** Goes on after an acknowledged cancel, and calls that cancelled. */
  'late-cancel': { plots: crashes, verdicts: ['BROKEN_TREE'], shape: { cancel: true } },
  /** Forgets what earlier lives spent. */
  'mint-budget': { plots: crashes, verdicts: ['OVERSPENT'], shape: { budget: true } },
  /** Counts the deadline from each life's start. */
  'deadline-slides': { plots: ['clock'], verdicts: ['OVERSPENT'], shape: { deadline: true } },
  /** Asks the model before all calls are answered. */
  'dangling-call': { plots: crashes, verdicts: ['BROKEN_TRANSCRIPT'] },
  /** Answers an unknown call with a success. */
  'unknown-is-success': { plots: crashes, verdicts: ['BROKEN_TRANSCRIPT'] },
  /** Never ends. */
  endless: { plots: crashes, verdicts: ['WEDGED'] },
  /** Takes a dead owner for alive. */
  'dead-is-alive': { plots: crashes, verdicts: ['WEDGED'] },
  /** Takes the run from a live owner. */
  rob: { plots: ['robbery'], verdicts: ['ZOMBIE_WRITE'] },
  /** Begins steps after SIGTERM. */
  'ignore-sigterm': { plots: ['sigterm'], verdicts: ['WEDGED'] },
} as const satisfies Readonly<Record<string, Planted>>

/** Name of a bug. */
export type Bug = keyof typeof table

/** The table of planted bugs. */
export const bugs: Readonly<Record<Bug, Planted>> = table
