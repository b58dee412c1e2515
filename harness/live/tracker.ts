/**
 * Knows every group that is alive, so that all of them can be killed at once, from a signal handler too.
 */
import { killGroup } from './process-state.ts'
import type { Warden } from './warden.ts'

export class Tracker {
  readonly #groups = new Set<number>()
  readonly #warden: Warden
  #stopped = false

  constructor(warden: Warden) {
    this.#warden = warden
  }

  /** True once everything was killed: what ends now says nothing. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** Groups that are alive. */
  get alive(): number {
    return this.#groups.size
  }

  /** A process was started as the leader of its group. One that starts after {@link killAll} is killed at once. */
  began(pid: number): void {
    this.#groups.add(pid)
    if (this.#stopped) killGroup(pid)
    else this.#warden.began(pid)
  }

  /** Its group is gone. */
  ended(pid: number): void {
    this.#groups.delete(pid)
    if (!this.#stopped) this.#warden.ended(pid)
  }

  /** Kills all groups, now, whatever state they are in. */
  killAll(): void {
    this.#stopped = true
    for (const pid of this.#groups) killGroup(pid)
  }
}
