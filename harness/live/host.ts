/**
 * What all cases of a campaign share: the system ready to start, and the machinery around it.
 */
import type { RunningService, System } from '../system.ts'
import type { OrphanFinder } from './orphans.ts'
import type { ResolvedOptions } from './options.ts'
import type { Sighting } from './sighting.ts'
import type { Tracker } from './tracker.ts'
import type { Turnstile } from './turnstile.ts'
import type { Warden } from './warden.ts'

/** How a process of the system is started. */
export interface StartCommand {
  readonly file: string
  readonly arguments: readonly string[]
  /** Hash of what it runs, as far as it can be told: equal for equal sources. */
  readonly sources: string
  /** Working directory; absent: the case's own. */
  readonly cwd?: string
  /** Whether the hooks are inside, or below: without them nothing can happen at an op. */
  readonly hooked: boolean
  /** Path of the native hooks that are preloaded into it, and count for `hooked`. */
  readonly native?: string
  /** Path of the strace that shows its ops (`native/strace-lane.ts`), and counts for `hooked`; never beside `native`. */
  readonly strace?: string
  /** Set where it may be run under strace if nobody else sees its ops: why there are no native hooks, empty where there are. */
  readonly mayTrace?: string
  /** Whether a helper of its loader, and none of the worker's own, may outlive it by a moment: tsx has its compiler in a process. */
  readonly hasHelper?: boolean
}

export interface Host {
  readonly system: System
  readonly options: ResolvedOptions
  readonly command: StartCommand
  /** What every process is told. */
  readonly environment: Readonly<Record<string, string>>
  /** Services of scope `campaign`, by name. */
  readonly services: ReadonlyMap<string, RunningService>
  /** Text that no other campaign on this machine has. */
  readonly campaign: string
  /** The campaign's scratch directory. */
  readonly scratch: string
  readonly tracker: Tracker
  readonly warden: Warden
  readonly orphans: OrphanFinder
  readonly turnstile: Turnstile
  readonly sighting: Sighting
}
