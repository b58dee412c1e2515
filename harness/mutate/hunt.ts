/**
 * The hunt for one mutant: cases of its scenarios, one after the other, until one shows it or the budget of cases is used up.
 *
 *   H1  nothing is caught in a group whose control did not hold: a mutant that fails by itself is broken, not caught. Only
 *       where the workload kills its own process is the control a case like any other
 *   H2  the hunt ends with the first breach whose verdict is one of the mutant's own; a breach with another verdict is
 *       remembered, and the hunt goes on
 *   H3  which cases run, and their order, depend on the seed and the numbers asked for, never on how many run at once
 *
 * The mutant's own scenarios come first, with several workloads each, then all others once, then its own again: what another
 * scenario finds is told too.
 */
import { planCases, workloadOfSeed, type Group, type Origin } from '../campaign/group.ts'
import type { PlannedCase } from '../campaign/group.ts'
import { askedCase, judgeCase, runControl, type CaseReport } from '../campaign/trial.ts'
import type { Finding } from '../checkers/finding.ts'
import type { History } from '../history.ts'
import type { LiveCase } from '../live/case.ts'
import type { LiveEngine } from '../live/engine.ts'
import { livesPoisoned, modelOf } from '../model.ts'
import type { Control, Scenario } from '../scenario.ts'
import { deriveSeed } from '../seed.ts'
import { missingClaims } from '../system.ts'
import { isBreach, type Breach } from '../verdict.ts'
import type { Mutant } from './mutant.ts'

export interface HuntOptions {
  readonly seed: string
  /** Cases after which the mutant has survived; controls do not count. */
  readonly cases: number
  /** Every scenario that there is. */
  readonly scenarios: readonly Scenario[]
  /** Told of every case that was judged. */
  readonly onCase?: (report: CaseReport) => void
  /** True when no further case is to be started. */
  readonly isOver?: () => boolean
}

/** A case that shows a mutant. */
export interface Catch {
  readonly verdict: Breach
  /** True where the verdict is one of the mutant's own. */
  readonly isOwn: boolean
  readonly finding: Finding
  /** Of the case in the mutated system. */
  readonly token: string
  /** The *sometimes* or the fault class that made the case. */
  readonly origin: string
  /** How many cases it took, this one included. */
  readonly cases: number
}

export interface Hunted {
  /** The first with a verdict of the mutant's own; where there is none, the first of all. */
  readonly found: Catch | undefined
  readonly cases: number
  /** What the controls that did not hold came to, one sentence each. */
  readonly brokenControls: readonly string[]
}

/** Cases of one group before the next one has its turn: its directed cases and some of each fault class. */
const casesPerGroup = 16
/** Workloads of each scenario of the mutant's own before the other scenarios have their turn. */
const ownRounds = 4

/** Hunts a mutant in an engine whose system it was planted in. */
export async function hunt(
  engine: LiveEngine,
  mutant: Mutant,
  options: HuntOptions,
): Promise<Hunted> {
  const hunter = new Hunter(engine, mutant, options)
  for (const group of groupsOf(engine, mutant, options)) {
    await hunter.searchGroup(group)
    if (hunter.isOver) break
  }
  return hunter
}

function* groupsOf(engine: LiveEngine, mutant: Mutant, options: HuntOptions): Generator<Group> {
  const { system } = engine
  const runnable = options.scenarios.filter(
    ({ needs }) => missingClaims(system, needs).length === 0,
  )
  const own = mutant.scenarios.flatMap((name) => runnable.filter((each) => each.name === name))
  const others = runnable.filter((each) => !own.includes(each))
  for (let number = 0; ; number++) {
    const round = number === ownRounds ? [...others, ...own] : own
    for (const scenario of round) {
      const seed = deriveSeed(options.seed, 'case', scenario.name, system.name, number)
      yield { scenario, system, seed, workload: workloadOfSeed(scenario, system, seed) }
    }
  }
}

class Hunter implements Hunted {
  found: Catch | undefined
  cases = 0
  readonly brokenControls: string[] = []
  readonly #engine: LiveEngine
  readonly #mutant: Mutant
  readonly #options: HuntOptions
  #groups = 0

  constructor(engine: LiveEngine, mutant: Mutant, options: HuntOptions) {
    this.#engine = engine
    this.#mutant = mutant
    this.#options = options
  }

  /** True where there is nothing left to look for, or no case left to look with. */
  get isOver(): boolean {
    if (this.found?.isOwn === true || this.#options.isOver?.() === true) return true
    // A mutant whose every control breaks would never use up its cases.
    const isHopeless = this.cases === 0 && this.#groups >= groupsWithoutCasesMax
    return isHopeless || this.cases >= this.#options.cases
  }

  async searchGroup(group: Group): Promise<void> {
    this.#groups += 1
    const { report, control, history } = await runControl(this.#engine, group)
    if (livesPoisoned(modelOf(group.workload)) > 0) this.#take(report)
    else if (control === undefined)
      this.brokenControls.push(`${group.scenario.name} without a fault: ${whatOf(report)}`)
    if (control !== undefined && history !== undefined && !this.isOver)
      await this.#search(group, control, history)
  }

  async #search(group: Group, control: Control, calm: History): Promise<void> {
    const plans = planned(planCases(group, control))
    let left = Math.min(casesPerGroup, this.#options.cases - this.cases)
    for await (const run of this.#engine.runCases(plans.asked(group))) {
      const tried = judgeCase(group, plans.next(), run, calm)
      if (tried.kind === 'case') {
        left -= 1
        this.#take(tried.report)
      }
      if (left <= 0 || this.isOver) return
    }
  }

  #take(report: CaseReport): void {
    this.cases += 1
    this.#options.onCase?.(report)
    const { verdict, judgement, token, origin } = report
    if (isBreach(verdict) && judgement?.finding !== undefined)
      this.#note({ verdict, finding: judgement.finding, token, origin: originText(origin) })
  }

  #note(caught: Pick<Catch, 'verdict' | 'finding' | 'token' | 'origin'>): void {
    const isOwn = this.#mutant.verdicts.includes(caught.verdict)
    if (this.found === undefined || isOwn) this.found = { ...caught, isOwn, cases: this.cases }
  }
}

/** Groups whose control broke, one after the other, before a mutant is given up. */
const groupsWithoutCasesMax = 3

interface Planned {
  /** The cases as the engine takes them: it runs ahead of what was judged. */
  readonly asked: (group: Group) => Generator<LiveCase>
  /** Where the case came from that comes next out of the engine. */
  readonly next: () => Origin
}

/** Draws may miss (the fault does not fire): beyond this many in a group, it is given up. */
const drawsPerGroupMax = 4 * casesPerGroup

function planned(plans: Iterable<PlannedCase>): Planned {
  const taken: PlannedCase[] = []
  return {
    next: () => (taken.shift() as PlannedCase).origin,
    asked: function* asked(group) {
      let drawn = 0
      for (const plan of plans) {
        if (drawn >= drawsPerGroupMax) return
        taken.push(plan)
        yield askedCase(group, String(drawn), plan)
        drawn += 1
      }
    },
  }
}

function whatOf({ verdict, judgement, trouble }: CaseReport): string {
  const what = trouble?.message ?? judgement?.finding?.what ?? judgement?.reasons.join('; ') ?? ''
  return `${verdict} ${what}`
}

function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'control':
      return "the workload's own poison"
    case 'corpus':
      return `corpus ${origin.file}`
    case 'directed':
      return `directed: ${origin.sometimes}`
    case 'class':
      return `class ${origin.name}`
  }
}
