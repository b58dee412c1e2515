/**
 * Puts down a life in a process of its own that shows nothing for too long: no mark, no change to its directory.
 *
 * The live engine's patience, in one go: what counts is not the time that passes but what the process had of the machine
 * (`patience.ts`), so a life is never put down because others are busy, and one that goes on showing something goes on.
 */
import { lookAtGroup, Patience } from './patience.ts'
import { killGroup } from './process-state.ts'

/** Looks in the time that a life may be quiet. */
const looks = 20

/**
 * Watches the group of `pid` until the returned function is called, which says whether it was put down. `progress`: a text that changes
 * with whatever it shows.
 */
export function endWhenQuiet(
  pid: number,
  progress: () => string,
  quietMsMax: number,
): () => boolean {
  const stepMs = quietMsMax / looks
  const begin = (): Patience =>
    new Patience(
      () => lookAtGroup(pid),
      stepMs,
      () => performance.now(),
    )
  // What there is to compare with is first looked at when a step has passed: most lives have ended by then.
  let seen: string | undefined
  let patience: Patience | undefined
  let isPutDown = false
  const watch = setInterval(() => {
    const now = progress()
    if (patience === undefined || now !== seen) {
      seen = now
      patience = begin()
      return
    }
    patience.look()
    if (patience.hadMs < quietMsMax) return
    isPutDown = true
    killGroup(pid)
  }, stepMs)
  return () => {
    clearInterval(watch)
    return isPutDown
  }
}
