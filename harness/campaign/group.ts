/**
 * A group: the cases of one scenario, one system and one workload. They share a seed, so that every first life does the same
 * ops as the control run until its fault, and a crash point of the control is a crash point of the case.
 */
import fc from 'fast-check'
import { UsageError } from '../errors.ts'
import { markTold, tracedMark } from '../corpus/traced-mark.ts'
import type { History } from '../history.ts'
import { isWorkerMark } from '../ledger.ts'
import { nativeNode, straceNode, type Trace, type TracedOp } from '../trace.ts'
import type {
  CasePlan,
  Control,
  ControlMessage,
  ControlOp,
  FaultClass,
  Scenario,
  Sometimes,
} from '../scenario.ts'
import { fastCheckSeed, random, shuffled, type Random } from '../seed.ts'
import { missingClaims, type System } from '../system.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { Task, Workload } from '../workload.ts'
import { PlanKinds } from './plan-kinds.ts'
import { callForPlan, callForPlans, callMember, type Called } from './scenario-calls.ts'

export interface Group {
  readonly scenario: Scenario
  readonly system: System
  readonly seed: string
  /** fast-check's shrink path, where the workload is a shrunk one. */
  readonly path?: string
  readonly workload: Workload
}

/** Where a case came from: printed, and counted. */
export type Origin =
  | { readonly kind: 'control' }
  | { readonly kind: 'corpus'; readonly file: string }
  | { readonly kind: 'directed'; readonly sometimes: string }
  | { readonly kind: 'class'; readonly name: string }

export interface PlannedCase extends CasePlan {
  readonly origin: Origin
}

/** The workload that a seed (and a shrink path) stands for, as far as the system claims to be able to run it. */
export function workloadOfSeed(
  scenario: Scenario,
  system: System,
  seed: string,
  path?: string,
): Workload {
  const parameters = {
    seed: fastCheckSeed(seed),
    numRuns: 1,
    ...(path === undefined ? {} : { path }),
  }
  const called = { scenario, member: 'workload' }
  const [workload] = callMember(called, () => {
    try {
      return fc.sample(scenario.workload, parameters)
    } catch (error) {
      // That there is nothing at the end of a path is the path's fault, not the scenario's.
      if (path !== undefined && /^Error: Unable to replay\b/.test(String(error))) return []
      throw error
    }
  })
  if (workload === undefined) throw drewNothing(scenario, seed, path)
  return system.claims.includes('retry')
    ? workload
    : { ...workload, root: unfailing(workload.root) }
}

function drewNothing({ name }: Scenario, seed: string, path: string | undefined): UsageError {
  if (path === undefined)
    return new UsageError('SCENARIO_INVALID', `scenario ${name}: workload draws nothing`, {
      hint: 'give it an arbitrary that draws workloads',
      details: { scenario: name, member: 'workload' },
    })
  return new UsageError(
    'TOKEN_SYNTAX',
    `the path ${path.replaceAll(':', '.')} leads to no workload of scenario ${name} under seed ${seed}`,
    { hint: 'paste the token whole, as it was printed; it is for the scenario as it was then' },
  )
}

/** The task without attempts that fail: what a system without retries is asked to do. */
function unfailing(task: Task): Task {
  switch (task.kind) {
    case 'step':
      return { ...task, fails: 0 }
    case 'sequence':
    case 'parallel':
      return { ...task, of: task.of.map(unfailing) }
    case 'tools':
      return { ...task, calls: task.calls.map((call) => ({ ...call, fails: 0 })) }
    case 'loop':
      return { ...task, iterations: task.iterations.map(unfailing) }
    case 'child':
      return { ...task, of: unfailing(task.of) }
    default:
      return task
  }
}

/** Fault classes and sometimes properties that this system can be given, and those it cannot, with the claims it lacks. */
export function applicable<Item extends FaultClass | Sometimes>(
  items: readonly Item[],
  system: System,
): { readonly run: readonly Item[]; readonly skipped: readonly { item: Item; missing: string }[] } {
  const run: Item[] = []
  const skipped: { item: Item; missing: string }[] = []
  for (const item of items) {
    const missing = missingOf(item, system)
    if (missing === '') run.push(item)
    else skipped.push({ item, missing })
  }
  return { run, skipped }
}

function missingOf(item: FaultClass | Sometimes, system: System): string {
  const isUnseen = system.program.kind === 'executable' || system.unseenStore === true
  if ('needsOps' in item && isUnseen) return 'ops that can be seen'
  const hasService = (system.services ?? []).some(({ scope }) => scope === 'case')
  if ('needsService' in item && !hasService) return 'a service of scope case'
  return missingClaims(system, item.needs ?? []).join(', ')
}

/**
 * The cases of a group in the order in which they run, without end: directed ones, then the classes in rounds, each as often
 * in a round as it weighs; of a class, first what the group has seen least of (`plan-kinds.ts`).
 */
export function* planCases(group: Group, control: Control): Generator<PlannedCase> {
  const seen = new Set<string>()
  const isNew = ({ schedule, randomKill }: CasePlan): boolean => {
    const key = randomKill === undefined ? stringifySchedule(schedule) : JSON.stringify(randomKill)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  }
  const { scenario, system, seed } = group
  const kinds = new PlanKinds(control)
  for (const sometimes of applicable(scenario.sometimes, system).run) {
    const called = { scenario, member: `sometimes ${JSON.stringify(sometimes.name)}.directed` }
    for (const plan of callForPlans(called, () => listed(sometimes.directed?.(control)))) {
      if (!isNew(plan)) continue
      kinds.take(plan)
      yield { ...plan, origin: { kind: 'directed', sometimes: sometimes.name } }
    }
  }
  let sources = applicable(scenario.faults, system).run.map((faultClass) =>
    plansOf(scenario, faultClass, control, random(seed, 'schedule', faultClass.name), kinds),
  )
  while (sources.length > 0) {
    const empty = new Set<Source>()
    for (const source of oneRound(sources)) {
      const next = empty.has(source) ? undefined : nextNew(source.plans, isNew)
      if (next === undefined) {
        empty.add(source)
        continue
      }
      kinds.take(next)
      yield { ...next, origin: { kind: 'class', name: source.name } }
    }
    sources = sources.filter((source) => !empty.has(source))
  }
}

function listed(given: CasePlan | readonly CasePlan[] | undefined): readonly CasePlan[] {
  if (given === undefined) return []
  return [given].flat()
}

interface Source {
  readonly name: string
  readonly weight: number
  readonly plans: Iterator<CasePlan>
}

/** Each as often as it weighs, and all of them once before any comes again: a round that is cut short leaves nobody out. */
function oneRound(sources: readonly Source[]): readonly Source[] {
  const turns = sources.flatMap((source) =>
    Array.from({ length: source.weight }, (_, turn) => ({
      source,
      at: turn / source.weight,
    })),
  )
  return turns.sort((left, right) => left.at - right.at).map(({ source }) => source)
}

/** Draws that bring nothing new are given up after this many in a row. */
const staleDrawsMax = 50

function nextNew(
  plans: Iterator<CasePlan>,
  isNew: (plan: CasePlan) => boolean,
): CasePlan | undefined {
  for (let stale = 0; stale < staleDrawsMax; stale++) {
    const { value, done } = plans.next()
    if (done === true) return undefined
    if (isNew(value)) return value
  }
  return undefined
}

function plansOf(
  scenario: Scenario,
  faultClass: FaultClass,
  control: Control,
  numbers: Random,
  kinds: PlanKinds,
): Source {
  const { name, weight = 1 } = faultClass
  return { name, weight, plans: orderPlans(scenario, faultClass, control, numbers, kinds) }
}

/** Draws of a class that are compared: enough to see most of its kinds. */
const drawsAhead = 16

function* orderPlans(
  scenario: Scenario,
  faultClass: FaultClass,
  control: Control,
  numbers: Random,
  kinds: PlanKinds,
): Generator<CasePlan> {
  const { series, all } = faultClass
  const called = (member: string): Called => ({
    scenario,
    member: `faults ${JSON.stringify(faultClass.name)}.${member}`,
  })
  if (series !== undefined) yield* callForPlans(called('series'), () => series(control, numbers))
  else if (all !== undefined) {
    const plans = [...callForPlans(called('all'), () => all(control))]
    yield* kinds.rarestFirst(shuffled(plans, numbers), Infinity)
  } else {
    const draw = (): CasePlan | undefined => faultClass.draw(control, numbers)
    yield* kinds.rarestFirst(drawPlans(called('draw'), draw), drawsAhead)
  }
}

function* drawPlans(called: Called, draw: () => CasePlan | undefined): Generator<CasePlan> {
  for (;;) {
    const plan = callForPlan(called, draw)
    if (plan === undefined) return
    yield plan
  }
}

/** What a control run's trace says about where faults can be put. */
export function controlOf(workload: Workload, trace: Trace): Control {
  const { ops, node } = trace
  const messages = controlMessages(trace)
  return {
    workload,
    ops: ops.map(controlOp),
    ...(messages.length === 0 ? {} : { messages }),
    ...(node === nativeNode || node === straceNode ? { isNative: true } : {}),
    ...(node === straceNode ? { killsOnly: true } : {}),
  }
}

function controlMessages({ ops, messages }: Trace): readonly ControlMessage[] {
  return messages.map(({ m, kind, bytes, called }) => {
    const before = ops.findLast((op) => op.called.position < called.position)
    return { m, kind, bytes, op: before?.n ?? 0 }
  })
}

/** The same for a program without hooks: its ops are the marks that it left in the ledger. */
export function controlOfMarks(workload: Workload, history: History): Control {
  const ops = history.entries
    .filter((entry) => entry.mark.life === 1 && isWorkerMark(entry.mark))
    .map(({ mark }, index): ControlOp => {
      const length = JSON.stringify(mark).length + 1
      return { n: index + 1, op: { kind: 'mark', length }, ...markTold({ ...mark }) }
    })
  return { workload, ops, afterOnly: true }
}

function controlOp(traced: TracedOp): ControlOp {
  return { n: traced.n, op: traced.op, ...tracedMark(traced) }
}
