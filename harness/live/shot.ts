/**
 * A kill at a random time that always lands inside the run.
 *
 * Time on a clock is a bad aim: most of a short worker's life is its start, and the rest is over before a timer fires. So
 * the moment is drawn as an op phase of the run, from its recorded length, plus some microseconds in which the worker goes on.
 * The warden, a process of its own, watches the worker's count file grow and kills it that long after the phase was reached:
 * wherever it then is, in an op, between two, in the middle of a write.
 *
 * Why it always lands: the hooks hold the worker before the last op of the run (`await-shot`), so it cannot be done before
 * the shot; every phase that can be drawn comes before that op, so the shot is always triggered; and the shot kills by the
 * pid of a child that the harness has not yet waited for, so it cannot hit anybody else. A run that is shorter than its
 * record (another order of ops) ends without a shot: not fired, and drawn again.
 */
import { random } from '../seed.ts'
import type { CountedOps, RandomKill } from './case.ts'
import type { CaseContext, Started } from './case-context.ts'
import { countFilePath, phaseBytes, readCount } from './count.ts'

/** Microseconds that the worker goes on, at most, after the drawn phase: many ops on a fast disk, a part of one on a slow one. */
const spinUsMax = 300

/** A shot that was ordered. */
export interface Shooting {
  /** Resolves with whether it has fallen, when that is known: at the latest after the end of the process. */
  readonly fell: Promise<boolean>
  /** What the process had done when it died; call it after its end. */
  readonly count: () => CountedOps | undefined
  readonly life: number
}

/** Orders the shot at a process that was just started in the lane `counted`. */
export function aim(context: CaseContext, started: Started, kill: RandomKill): Shooting {
  const numbers = random(context.asked.seed, 'timing', kill.life, kill.draw ?? 0)
  const phases = 1 + numbers.below(Math.max(1, 2 * (kill.ops - 1)))
  const path = countFilePath(started.trace)
  const { fell, callOff } = context.host.warden.shoot({
    pid: started.pid,
    path,
    bytes: phases * phaseBytes,
    spinUs: numbers.below(spinUsMax),
  })
  // The answer to a shot that fell is already under way when the process is seen dead: it comes first.
  void started.ended.then(callOff)
  return { life: started.life, fell, count: () => readCount(path) }
}
