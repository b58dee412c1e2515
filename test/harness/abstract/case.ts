/**
 * Whole cases on the abstract runtime: lives, crashes, zombies, resumers, acts from outside, all drawn from one seed.
 *
 * The driver decides between ops who goes on. Everything that it does to a life is a fault of the schedule grammar and has
 * its line in the ledger, so that the history passes the assumptions of a real case.
 */
import type { CheckContext } from '../../../harness/checkers/context.ts'
import { parseFaults } from '../../../harness/fault-parse.ts'
import type { LifeFaults } from '../../../harness/fault.ts'
import type { Random } from '../../../harness/seed.ts'
import { allClaims } from '../../../harness/system.ts'
import type { OutsideAct, Workload } from '../../../harness/workload.ts'
import { Story } from '../history-builder.ts'
import type { Teller } from '../history-builder.ts'
import type { Bug } from './bugs.ts'
import { Life } from './life.ts'
import type { End, Inner } from './tenure.ts'
import { Store } from './store.ts'
import { drawWorkload } from './workloads.ts'
import type { Shape } from './workloads.ts'

/** What is done to a case. */
export const plots = [
  'kills',
  'power',
  'storage',
  'zombie',
  'resumers',
  'robbery',
  'sigterm',
  'clock',
  'rot',
  'lie',
  'unreadable',
  'mixed',
] as const

/** Name of a plot. */
export type Plot = (typeof plots)[number]

/** Lives without a fault that a case is given. */
const livesMax = 10

/** A case, ready to be judged. */
export function runCase(random: Random, plot: Plot, shape: Shape, bug?: Bug): CheckContext {
  const workload = drawWorkload(random, shape)
  const driver = new Driver(random, workload, bug)
  driver[plot]()
  driver.calm()
  return {
    history: driver.story.history(),
    workload,
    system: { claims: allClaims, takeoverMsMax: 0 },
    schedule: driver.schedule,
    livesMax,
  }
}

interface Running {
  readonly life: Life
  readonly teller: Teller
  state: 'running' | 'stopped' | 'over'
}

class Driver {
  readonly story = new Story()
  readonly schedule: LifeFaults[] = []
  readonly #random: Random
  readonly #workload: Workload
  readonly #bug: Bug | undefined
  readonly #store = new Store()
  readonly #lives = new Map<number, Running>()
  readonly #poisoned = new Map<string, number>()
  readonly #seen = new Set<string>()
  #processes: { act: () => void; isOver: boolean }[] = []
  #acts: OutsideAct[]
  #clock = 1000
  #realMs = 0
  #isEnded = false

  constructor(random: Random, workload: Workload, bug: Bug | undefined) {
    this.#random = random
    this.#workload = workload
    this.#bug = bug
    this.#acts = [...(workload.outside ?? [])]
  }

  /** Some lives are killed, in recovery too. */
  kills(): void {
    for (let count = this.#random.below(5); count > 0 && !this.#isEnded; count -= 1)
      this.#runAndKill(this.#start({}))
  }

  power(): void {
    for (let count = 1 + this.#random.below(4); count > 0 && !this.#isEnded; count -= 1)
      if (this.#random.chance(0.4)) this.#runAndKill(this.#start({}))
      else this.#runAndLosePower(this.#start({}))
  }

  storage(): void {
    for (let count = 1 + this.#random.below(3); count > 0 && !this.#isEnded; count -= 1) {
      const errorAt = 1 + this.#random.below(12)
      const running = this.#start({ errorAt, isDrop: this.#random.chance(0.5) })
      if (this.#random.chance(0.5)) this.#runAndKill(running)
      else this.#run(running)
    }
    if (this.#random.chance(0.5) && !this.#isEnded) this.#runAndLosePower(this.#start({}))
  }

  /** One life stops; its successor ends, or comes as far as it may; both go on. */
  zombie(): void {
    if (this.#random.chance(0.3)) this.#runAndKill(this.#start({}))
    const old = this.#start({})
    this.#run(old, this.#length())
    if (old.state === 'over') return
    const untilEnd = this.#random.chance(0.5)
    old.state = 'stopped'
    this.#fault(old, `Z${old.life.ops + 1}=${untilEnd ? 'done' : '7'}`)
    old.teller.stopped()
    const heir = this.#start({}, 'always')
    if (untilEnd) this.#run(heir)
    else this.#run(heir, this.#length())
    old.teller.continued()
    old.state = 'running'
    if (heir.state !== 'over' && this.#random.chance(0.3)) this.#kill(heir)
    this.#runTogether([old, heir])
  }

  resumers(): void {
    this.#runAndKill(this.#start({}))
    if (this.#isEnded) return
    const takeover = this.#random.pick(['if-dead', 'if-dead', 'always'] as const)
    this.#together(2 + this.#random.below(3), takeover)
  }

  /** A life comes while another one runs. */
  robbery(): void {
    const first = this.#start({})
    this.#run(first, this.#length())
    if (first.state === 'over') return
    const takeover = this.#random.pick(['if-dead', 'always'] as const)
    this.#runTogether([first, this.#start({}, takeover)])
  }

  sigterm(): void {
    const running = this.#start({})
    this.#run(running, this.#length())
    if (running.state === 'over') return
    this.#fault(running, `T${running.life.ops + 1}`)
    running.life.stop()
    if (this.#random.chance(0.2)) this.#runAndKill(running)
    else this.#run(running)
  }

  clock(): void {
    for (let count = 1 + this.#random.below(4); count > 0 && !this.#isEnded; count -= 1) {
      this.#runAndKill(this.#start({}))
      const ms = this.#random.pick([1, 100, 3000, -300])
      this.#clock += ms
      this.#between = `C${ms < 0 ? '' : '+'}${ms}`
    }
  }

  rot(): void {
    this.#runAndKill(this.#start({}))
    this.kills()
    if (this.#isEnded) return
    if (this.#random.chance(0.5)) this.#store.rotLast()
    else this.#store.isDamaged = true
    this.#between = 'R1=byte.5.1'
  }

  lie(): void {
    const liar = this.#start({ lieAt: 1 + this.#random.below(20) })
    if (this.#random.chance(0.4)) this.#runAndKill(liar)
    else this.#runAndLosePower(liar)
    if (this.#isEnded) return
    this.power()
  }

  unreadable(): void {
    this.#runAndKill(this.#start({}))
    if (this.#isEnded) return
    const running = this.#start({ isUnreadable: true })
    this.#fault(running, 'F3=EACCES')
    this.#run(running)
  }

  /** Several of the others, one after the other. */
  mixed(): void {
    for (let count = 1 + this.#random.below(3); count > 0 && !this.#isEnded; count -= 1) {
      const plot = this.#random.pick([
        'kills',
        'power',
        'storage',
        'zombie',
        'resumers',
        'robbery',
        'clock',
        'sigterm',
      ] as const)
      this[plot]()
    }
  }

  /** Lives without a fault until the run ends, and one more that finds it ended. */
  calm(): void {
    for (let count = 2 * livesMax; count > 0 && !this.#isEnded; count -= 1)
      this.#run(this.#start({}))
    this.#flush()
    if (this.#isEnded && this.#random.chance(0.5)) this.#run(this.#start({}))
  }

  #between: string | undefined

  #length(): number {
    return this.#random.below(this.#random.pick([6, 20, 60]))
  }

  #start(inner: Inner, takeover: 'if-dead' | 'always' = 'if-dead'): Running {
    this.#clock += 10
    this.#realMs += 1
    const teller = this.story.start({ clockMs: this.#clock, realMs: this.#realMs, takeover })
    const life = new Life(
      {
        store: this.#store,
        random: this.#random,
        workload: this.#workload,
        teller,
        bug: this.#bug,
        takeover,
        inner,
        poisoned: this.#poisoned,
        seen: this.#seen,
        isAlive: (other) => this.#lives.get(other)?.state === 'running',
        nonce: () => this.story.nonce(),
        startProcess: (act) => this.#startProcess(act),
      },
      this.#clock,
    )
    const running: Running = { life, teller, state: 'running' }
    this.#lives.set(life.n, running)
    if (this.#between !== undefined) this.#fault(running, this.#between)
    this.#between = undefined
    return running
  }

  #startProcess(act: () => void): { readonly isOver: () => boolean } {
    const process = { act, isOver: false }
    this.#processes.push(process)
    return { isOver: () => process.isOver }
  }

  #fault(running: Running, text: string): void {
    this.schedule.push(parseFaults(text))
    running.teller.fault(text, running.life.ops)
  }

  /** One op of one life. */
  #step(running: Running): void {
    this.#realMs += 1
    if (this.#realMs > 20_000)
      throw new Error(
        JSON.stringify({ workload: this.#workload, marks: this.story.marks.slice(-40) }),
      )
    this.#tick()
    const faults = this.story.marks.length
    const end = running.life.advance()
    // Faults inside of a life write their own line.
    for (const mark of this.story.marks.slice(faults))
      if (mark.mark === 'fault') this.schedule.push(parseFaults(mark.fault))
    if (end === 'wait') this.#act('signal', 0.3)
    else if (end !== undefined) this.#over(running, end)
    else this.#act(undefined, 0.03)
  }

  #over(running: Running, end: End): void {
    running.state = 'over'
    if (this.#store.owner === running.life.n) this.#store.owner = undefined
    if (end === 'done') this.#isEnded = true
    if (end === 'self-kill') running.teller.died(this.#realMs)
    else running.teller.exit({ done: 0, refused: 75, 'gave-up': 74 }[end], this.#realMs)
  }

  #run(running: Running, ops = Number.POSITIVE_INFINITY): void {
    for (let done = 0; done < ops && running.state === 'running'; done += 1) this.#step(running)
  }

  #runTogether(list: readonly Running[]): void {
    for (;;) {
      const open = list.filter(({ state }) => state === 'running')
      if (open.length === 0) return
      this.#run(this.#random.pick(open), 1 + this.#random.below(5))
    }
  }

  #together(count: number, takeover: 'if-dead' | 'always'): void {
    if (this.#between !== undefined) this.#run(this.#start({}))
    if (this.#isEnded) return
    this.#between = `N${count}`
    const list = Array.from({ length: count }, () => this.#start({}, takeover))
    if (this.#random.chance(0.3)) {
      const [first] = list
      if (first !== undefined) {
        this.#run(first, this.#length())
        if (first.state === 'running') this.#kill(first)
      }
    }
    this.#runTogether(list)
  }

  #runAndKill(running: Running): void {
    this.#run(running, this.#length())
    if (running.state === 'running') this.#kill(running)
  }

  #kill(running: Running): void {
    running.life.leaveTail()
    this.#fault(running, `K${running.life.ops + 1}`)
    this.#bury(running)
  }

  #runAndLosePower(running: Running): void {
    this.#run(running, this.#length())
    if (running.state !== 'running') return
    running.life.leaveTail()
    this.#store.losePower(this.#random)
    this.#processes = []
    this.#fault(running, `P${running.life.ops + 1}`)
    this.#bury(running)
  }

  #bury(running: Running): void {
    running.state = 'over'
    if (this.#store.owner === running.life.n && this.#bug !== 'dead-is-alive')
      this.#store.owner = undefined
    running.teller.died(this.#realMs)
  }

  /** Other processes go on at their own speed. */
  #tick(): void {
    for (const process of this.#processes)
      if (!process.isOver && this.#random.chance(0.2)) {
        process.isOver = true
        process.act()
      }
    this.#processes = this.#processes.filter(({ isOver }) => !isOver)
  }

  #flush(): void {
    for (const process of this.#processes) process.act()
    this.#processes = []
  }

  /** The next act from outside happens with this probability. */
  #act(kind: OutsideAct['kind'] | undefined, probability: number): void {
    if (!this.#random.chance(probability)) return
    const act = this.#acts.find((each) => kind === undefined || each.kind === kind)
    if (act === undefined) return
    this.#acts = this.#acts.filter((each) => each !== act)
    const teller = this.story.start({ verb: act.kind, realMs: this.#realMs, clockMs: this.#clock })
    const isSilent = this.#random.chance(0.1)
    if (act.kind === 'signal') {
      const message = `m${this.story.nonce()}`
      this.#store.inbox.push({ name: act.name, message })
      if (!isSilent) teller.mark({ mark: 'signal-acked', name: act.name, message })
    } else {
      const won = !this.#store.isEnded
      if (won) this.#store.isCancelled = true
      if (!isSilent) teller.mark({ mark: 'cancel-acked', won })
    }
    if (isSilent) teller.died(this.#realMs)
    else teller.exit(0, this.#realMs)
  }
}
