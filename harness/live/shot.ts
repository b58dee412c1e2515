/**
 * A kill at a random time that always lands inside the run.
 *
 * Time on a clock is a bad aim: most of a short worker's life is its start, and the rest is over before a timer fires. So
 * an op of the run is drawn, and the hooks hold the worker there. The warden, a process of its own that does nothing else at
 * that moment, lets it go on and kills it some microseconds later (or that long after it was seen to move): wherever it then
 * is, in that op, in one of the next, between two, in the middle of a write.
 *
 * Why it always lands:
 *  1  the drawn op is one of the recorded run, so the worker comes there; its start takes no part in the race;
 *  2  it is held again before the last op of the run, so it cannot be done before the shot;
 *  3  it kills by the pid of a child that the harness has not yet waited for, so it cannot hit anybody else.
 *  4  below the process a life is one stream, whatever it is made of (`native/shim.c`, N1): there it kills all of it, as an exact kill
 *     does. No child goes on to an op behind the shot.
 * A run that is shorter than its record (another order of ops) ends without a shot: not fired, and drawn again.
 */
import { join } from 'node:path'
import { position } from '../fault.ts'
import type { Fault } from '../fault.ts'
import { random } from '../seed.ts'
import type { Random } from '../seed.ts'
import type { CountedOps, LiveCase, RandomKill } from './case.ts'
import type { CaseContext, Started } from './case-context.ts'
import { countFilePath, readCount } from './count.ts'

/** Microseconds that the worker goes on, at most: some ops in memory, a part of one on a disk. */
const spinUsMax = 120

/** What the processes of a life with native hooks share (`native/shim.c`), in its trace directory. */
const nativeStateName = 'native.state'

/** A shot at one process. */
export class Shooting {
  readonly life: number
  /** Resolves with whether it has fallen, when that is known: at the latest after the end of the process. */
  readonly fell: Promise<boolean>
  /** Whether the process was held before the last op, and so died exactly there. */
  atLastOp = false
  readonly #context: CaseContext
  readonly #target: Started
  readonly #kill: RandomKill
  readonly #path: string
  readonly #nativeState: string
  #released = false
  #settle: (fell: boolean) => void = () => undefined

  /** For a process that was just started in the lane `counted`, and will be held at the op of {@link shotAt}. */
  constructor(context: CaseContext, target: Started, kill: RandomKill) {
    this.life = target.life
    this.#context = context
    this.#target = target
    this.#kill = kill
    this.#path = countFilePath(target.trace)
    this.#nativeState = join(target.trace, nativeStateName)
    this.fell = new Promise((resolve) => (this.#settle = resolve))
    // Where it ends before it is handed over, no shot will ever fall.
    void target.ended.then(() => this.#released || this.#settle(false))
  }

  /** Hands the held process over: the warden lets it go on. */
  release(): void {
    this.#released = true
    const { asked, host } = this.#context
    const numbers = draws(asked, this.#kill)
    const { fell, callOff } = host.warden.shoot({
      pid: this.#target.pid,
      spinUs: numbers.below(spinUsMax),
      ...(numbers.chance(0.5) ? { sign: this.#path } : {}),
      ...(host.command.native === undefined
        ? {}
        : { takesGroup: asked.descendants !== 'stay', nativeState: this.#nativeState }),
    })
    // The answer to a shot that fell is under way before the process is seen dead: it comes first.
    void this.#target.ended.then(callOff)
    void fell.then(this.#settle)
  }

  /** The process is held before the last op. */
  reachedEnd(): void {
    this.atLastOp = true
  }

  /** What the process had done when it died; call it after its end. */
  count(): CountedOps | undefined {
    return readCount(this.#path)
  }
}

/** The op before which the process is held until the shot is aimed. */
export function shotAt(asked: LiveCase, kill: RandomKill): number {
  return 1 + draws(asked, kill, 'op').below(Math.max(1, kill.ops - 1))
}

/**
 * The same for an executable without hooks, whose ops are its marks: a kill after one of them, drawn from their number. It
 * lands unless the run ends first.
 */
export function killFromOutside(asked: LiveCase, kill: RandomKill): Fault {
  return { kind: 'kill', at: position(shotAt(asked, kill), 'after'), lost: [] }
}

/** The same under strace: before the op itself. */
export function killAtOp(asked: LiveCase, kill: RandomKill): Fault {
  return { kind: 'kill', at: position(shotAt(asked, kill)), lost: [] }
}

function draws({ seed }: LiveCase, { life, draw = 0 }: RandomKill, what = 'delay'): Random {
  return random(seed, 'timing', life, draw, what)
}
