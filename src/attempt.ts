/**
 * One attempt of a unit that has a body: a step, a tool call, a command.
 *
 *   A1  the body begins only where no life recorded a result, and, of a `once` effect, where none began
 *   A2  the intent, where there is one, is durable before the body begins; the cancel is looked for again after it
 *   A3  the result is one record; what the body comes to after it was given up is recorded by nobody
 */
import { assertAmounts, type Amounts } from './amounts.ts'
import { callBody, type Came } from './body.ts'
import { BudgetExceededError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { recordError } from './recorded-error.ts'
import type { IntentRecord, SettleRecord } from './records.ts'
import type { Scope } from './scope.ts'
import type { Unit, UnitOptions } from './unit.ts'

/** What a unit came to, without its place. */
export type BodyOutcome = Pick<SettleRecord, 'status' | 'value' | 'error' | 'spend'>

interface Place {
  readonly key: string
  readonly args: string
}

/** One attempt: delivered if it is recorded, else performed and recorded. */
export function performUnit(scope: Scope, unit: Unit): Promise<JsonValue | undefined> {
  const key = attemptKey(unit)
  return scope.settle({ key, kind: unit.kind, args: unit.options.args }, (args) =>
    perform(scope, unit, { key, args }),
  )
}

/** The intent of a unit, or `undefined` where it needs none. */
export function intentOf(unit: Unit, key: string, args: string): IntentRecord | undefined {
  const { effect = 'none', reserve } = unit.options
  if (effect !== 'once' && reserve === undefined) return undefined
  return {
    type: 'intent',
    key,
    kind: unit.kind,
    args,
    effect,
    ...(reserve === undefined ? {} : { reserve }),
  }
}

function attemptKey({ base, attempt }: Unit): string {
  return attempt === 1 ? base : `${base}~${attempt}`
}

async function perform(scope: Scope, unit: Unit, place: Place): Promise<void> {
  const { key } = place
  const { options, hasIntent = false } = unit
  const inDoubt = scope.recorded.intents.get(key) ?? []
  const intent = hasIntent ? undefined : intentOf(unit, key, place.args)
  // What comes before the body is a beginning too.
  if (inDoubt.length > 0 || intent !== undefined || unit.attempt > 1)
    await scope.mayBegin(key, { hasBegun: hasIntent })
  if (inDoubt.length > 0) await unit.onInDoubt?.({ key, signal: scope.signal })
  if (inDoubt.length > 0 && isOnce(options, inDoubt))
    return settle(scope, unit, place, unknownOutcome(unit, inDoubt.at(-1)?.reserve))
  if (unit.attempt > 1) await delay(scope, key, unit.delayMs ?? 0)
  if (intent !== undefined) {
    const refused = refusal(scope, key, intent, inDoubt)
    if (refused !== undefined) return settle(scope, unit, place, refused)
    await scope.commit(intent)
  }
  // The intent took a sync, and a cancel may have been acknowledged meanwhile (A2).
  const hasBegun = hasIntent || intent !== undefined
  if (!scope.mayBeginNow()) {
    await scope.mayBegin(key, { hasBegun })
    // Nothing comes between the last look, which takes no turn, and the body's first line.
    while (scope.run.mailbox?.hasNews() === true)
      await scope.mayBegin(key, { hasBegun, hasLooked: true })
  }
  await settle(scope, unit, place, await outcomeOf(scope, unit, key))
}

/** What was promised when it began holds, whatever the code says now. */
function isOnce({ effect }: UnitOptions, inDoubt: readonly IntentRecord[]): boolean {
  return effect === 'once' || inDoubt.some((intent) => intent.effect === 'once')
}

async function delay(scope: Scope, key: string, ms: number): Promise<void> {
  if (ms === 0) return
  const { clock } = scope.run
  await clock.until(clock.now() + ms, scope.signal)
  await scope.mayBegin(key)
}

async function settle(
  scope: Scope,
  unit: Unit,
  { key, args }: Place,
  outcome: BodyOutcome,
): Promise<void> {
  const { also } = unit.options
  let came = outcome
  let following: readonly IntentRecord[] = []
  try {
    if (outcome.status === 'done') following = also?.(outcome.value) ?? []
  } catch (error) {
    const { value: _, ...kept } = outcome
    came = { ...kept, status: 'failed', error: recordError(error) }
  }
  const record: SettleRecord = { type: 'settle', key, kind: unit.kind, args, ...came }
  await scope.commitSettlement(record, following)
}

async function outcomeOf(scope: Scope, unit: Unit, key: string): Promise<BodyOutcome> {
  const { effect, reserve } = unit.options
  const { activity } = scope.run
  let spent: Amounts | undefined = reserve
  let came: Came
  activity.begin()
  try {
    came = await callBody(scope, unit, key, (amounts) => {
      assertAmounts(amounts, `spend of ${key}`, ['tokens', 'money'])
      spent = { ...amounts }
    })
  } finally {
    activity.end()
  }
  const spend = spent === undefined ? {} : { spend: spent }
  switch (came.kind) {
    case 'value':
      return came.value === undefined
        ? { status: 'done', ...spend }
        : { status: 'done', value: came.value, ...spend }
    case 'thrown':
      return { status: 'failed', error: recordError(came.error), ...spend }
    case 'timeout':
      if (effect === 'once') return { ...unknownOutcome(unit, undefined), ...spend }
      return { status: 'failed', error: recordError(came.error), ...spend }
  }
}

function unknownOutcome(unit: Unit, reserved: Amounts | undefined): BodyOutcome {
  return {
    status: 'unknown',
    error: {
      name: 'OutcomeUnknownError',
      code: 'OUTCOME_UNKNOWN',
      message: `${unit.kind} ${unit.base} began and its result was never recorded: it may have happened or not. It is not repeated, because its effect is declared once`,
    },
    // What it may have spent stays charged in full.
    ...(reserved === undefined ? {} : { spend: reserved }),
  }
}

/** What the unit comes to where the budget does not cover it: nothing began, so only earlier attempts in doubt are charged. */
function refusal(
  scope: Scope,
  key: string,
  { reserve }: IntentRecord,
  inDoubt: readonly IntentRecord[],
): BodyOutcome | undefined {
  if (reserve === undefined) return undefined
  try {
    scope.run.budget.assertFree(key, reserve)
    return undefined
  } catch (error) {
    if (!(error instanceof BudgetExceededError)) throw error
    return { status: 'failed', error: recordError(error), spend: inDoubt.at(-1)?.reserve ?? {} }
  }
}
