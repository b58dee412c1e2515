/**
 * Functions of a scenario, called so that what goes wrong in them is told of them: they are a user's, and neither the harness nor the
 * system under test is to be blamed for what they throw or give.
 */
import { inspect } from 'node:util'
import { HarnessError, UsageError } from '../errors.ts'
import { parseSchedule } from '../fault-parse.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { CasePlan, Scenario } from '../scenario.ts'

/** A function of a scenario, by the place where it stands. */
export interface Called {
  readonly scenario: Pick<Scenario, 'name'>
  /** `faults "kill".draw` */
  readonly member: string
}

/** What a function of a scenario gives. @throws UsageError `SCENARIO_INVALID` where it throws */
export function callMember<Value>(called: Called, call: () => Value): Value {
  try {
    return call()
  } catch (error) {
    if (error instanceof UsageError || error instanceof HarnessError) throw error
    const what = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error)
    throw invalid(called, `threw ${what}`, 'correct that function of the scenario', error)
  }
}

/** The plan that a function of a scenario gives. @throws UsageError `SCENARIO_INVALID` where it throws or gives what is none */
export function callForPlan(
  called: Called,
  call: () => CasePlan | undefined,
): CasePlan | undefined {
  const plan = callMember(called, call)
  return plan === undefined ? undefined : checkedPlan(called, plan)
}

/** The plans that a function of a scenario gives, one after the other; the same holds for each of them. */
export function* callForPlans(
  called: Called,
  call: () => Iterable<CasePlan>,
): Generator<CasePlan, undefined> {
  const plans = callMember(called, () => call()[Symbol.iterator]())
  for (;;) {
    const next = callMember(called, () => plans.next())
    if (next.done === true) return undefined
    yield checkedPlan(called, next.value)
  }
}

function checkedPlan(called: Called, plan: CasePlan): CasePlan {
  try {
    const text = stringifySchedule(plan.schedule)
    // A kill at a random time is none of the grammar; it becomes one when it has landed.
    if (plan.randomKill === undefined) parseSchedule(text)
    return plan
  } catch (error) {
    const found = inspect(plan, {
      depth: 4,
      compact: true,
      breakLength: Infinity,
      maxStringLength: 60,
    })
    const hint =
      'a plan is { schedule }, a list of the faults of each life; undefined stands for none'
    throw invalid(called, `gave ${found}, which is no plan of a case`, hint, error)
  }
}

function invalid(
  { scenario, member }: Called,
  what: string,
  hint: string,
  cause: unknown,
): UsageError {
  return new UsageError('SCENARIO_INVALID', `scenario ${scenario.name}: ${member} ${what}`, {
    hint,
    details: { scenario: scenario.name, member },
    cause,
  })
}
