/**
 * How long a life takes until it is back, of one case in four: the ledger is looked at while it comes back, which costs the harness a
 * little, and nothing that is judged depends on it.
 */
import { statSync } from 'node:fs'
import { random } from '../seed.ts'
import type { Meanwhile } from './attend.ts'
import type { LifeFacts, LiveCase } from './case.ts'
import type { Started } from './case-context.ts'
import { filesOf } from './rot.ts'

const oneIn = 4

/** Whether the lives of a case are timed: the seed says. */
export function isTimed({ seed, id, lane = 'plain' }: LiveCase): boolean {
  return lane === 'plain' && random(seed, 'sample', 'timed recovery', id).below(oneIn) === 0
}

/** Times one life; made before its process is started. */
export class TimedRecovery {
  readonly #bytes: number
  readonly #startMs: number
  #ms: number | undefined

  constructor(stateDirectory: string) {
    // What a life left running may still be at it.
    const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
    this.#bytes = filesOf(stateDirectory).reduce((sum, path) => sum + sizeOf(path), 0)
    this.#startMs = performance.now()
  }

  /** What to do while the process runs. */
  watch(started: Started): Meanwhile {
    return {
      isPending: () => this.#ms === undefined && started.end === undefined,
      step: () => {
        // Seen behind its end, it says nothing about when it was back.
        if (started.told.back && started.end === undefined)
          this.#ms = performance.now() - this.#startMs
        return Promise.resolve()
      },
    }
  }

  /** What was seen; `undefined` where the life ended first. */
  get found(): LifeFacts['recovery'] {
    return this.#ms === undefined ? undefined : { bytes: this.#bytes, ms: this.#ms }
  }
}
