/** Random workloads for the abstract runtime: small, of every kind of task. */
import type { Random } from '../../../harness/seed.ts'
import type { OutsideAct, StepTask, Task, Workload } from '../../../harness/workload.ts'

/** Which parts a workload may have. */
export interface Shape {
  readonly size: number
  readonly budget?: boolean
  readonly deadline?: boolean
  readonly cancel?: boolean
  /** No waits, poison and commands. */
  readonly isPlain?: boolean
}

/** A workload drawn from `random`. */
export function drawWorkload(random: Random, shape: Shape): Workload {
  const drawer = new Drawer(random, shape)
  const root = drawer.task(3)
  const outside: OutsideAct[] = drawer.signals.map((name) => ({
    kind: 'signal',
    name,
    payload: 'p',
  }))
  if (shape.cancel === true) outside.push({ kind: 'cancel' })
  return {
    root,
    inFlightMax: 1,
    outside,
    ...(shape.budget === true ? { budget: random.below(drawer.cost * 3 + 1) } : {}),
    ...(shape.deadline === true ? { deadlineMs: random.below(200) } : {}),
  }
}

class Drawer {
  readonly signals: string[] = []
  cost = 0
  readonly #random: Random
  readonly #shape: Shape
  #left: number
  #ids = 0

  constructor(random: Random, shape: Shape) {
    this.#random = random
    this.#shape = shape
    this.#left = shape.size
  }

  task(depth: number): Task {
    if (depth === 0 || this.#left <= 1) return this.#leaf()
    const of = (): readonly Task[] =>
      Array.from({ length: 1 + this.#random.below(3) }, () => this.task(depth - 1))
    switch (this.#random.below(7)) {
      case 0:
      case 1:
        return { kind: 'sequence', of: of() }
      case 2:
      case 3:
        return { kind: 'parallel', of: of() }
      case 4:
        return { kind: 'loop', id: this.#id('l'), iterations: of() }
      case 5:
        return this.#child(depth)
      default:
        return {
          kind: 'tools',
          id: this.#id('t'),
          calls: Array.from({ length: 1 + this.#random.below(3) }, () => this.#step('c')),
        }
    }
  }

  #child(depth: number): Task {
    const id = this.#id('child')
    const before = this.cost
    const of = this.task(depth - 1)
    const isTight = this.#shape.budget === true && this.#random.chance(0.3)
    const budget = this.#random.below((this.cost - before) * 3 + 1)
    return { kind: 'child', id, of, ...(isTight ? { budget } : {}) }
  }

  #leaf(): Task {
    if (this.#shape.isPlain !== true && this.#random.chance(0.35))
      switch (this.#random.below(4)) {
        case 0:
          return { kind: 'timer', id: this.#id('w'), afterMs: this.#random.below(50) }
        case 1: {
          const name = `go${this.#random.below(2)}`
          this.signals.push(name)
          return { kind: 'signal', id: this.#id('w'), name }
        }
        case 2:
          return { kind: 'command', id: this.#id('x'), effect: this.#effect() }
        default:
          return { kind: 'poison', id: this.#id('p'), kills: this.#random.below(3) }
      }
    return this.#step('s')
  }

  #step(prefix: string): StepTask {
    this.#left -= 1
    const cost = this.#shape.budget === true ? this.#random.below(4) : 0
    this.cost += cost
    const fails = this.#random.chance(0.2) ? 1 + this.#random.below(2) : 0
    return { kind: 'step', id: this.#id(prefix), effect: this.#effect(), cost, fails }
  }

  #effect(): 'keyed' | 'once' | 'none' {
    return this.#random.pick(['keyed', 'keyed', 'once', 'once', 'none'])
  }

  #id(prefix: string): string {
    this.#ids += 1
    return `${prefix}${this.#ids}`
  }
}
