/**
 * The contract of a run: what it began with, and keeps. Resuming with another one would mix two runs.
 */
import { assertAmounts, type Amounts } from './amounts.ts'
import { InvalidArgumentError, RunMismatchError } from './errors.ts'
import { assertValue, jsonEqual, type JsonValue } from './json.ts'
import type { BeginRecord } from './records.ts'

/** What a run is about: compared with what it began with wherever a resume gives it again. */
export interface RunContract {
  readonly driver?: string
  readonly task?: JsonValue
  /** Whatever else the run's behaviour depends on: model names, versions, prompts. */
  readonly profile?: JsonValue
  readonly budget?: Amounts
  /** Milliseconds from the first begin to the deadline, which is absolute from then on. */
  readonly deadlineMs?: number
}

/** The contract among other options. @throws InvalidArgumentError, NotJsonError */
export function contractOf(options: RunContract): RunContract {
  const { driver, task, profile, budget, deadlineMs } = options
  if (driver !== undefined) assertValue(driver, 'driver')
  if (task !== undefined) assertValue(task, 'task')
  if (profile !== undefined) assertValue(profile, 'profile')
  if (budget !== undefined) assertAmounts(budget, 'budget')
  if (deadlineMs !== undefined && !(Number.isSafeInteger(deadlineMs) && deadlineMs >= 0))
    throw new InvalidArgumentError(
      `expected deadlineMs in whole milliseconds from 0, got ${deadlineMs}`,
      { hint: 'it counts from the first begin of the run' },
    )
  return {
    ...(driver === undefined ? {} : { driver }),
    ...(task === undefined ? {} : { task }),
    ...(profile === undefined ? {} : { profile }),
    ...(budget === undefined ? {} : { budget: { ...budget } }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  }
}

/** Throws `RunMismatchError` where `contract` gives a member and the run began with another. */
export function assertSameContract(runId: string, begin: BeginRecord, contract: RunContract): void {
  const began: Readonly<Record<string, unknown>> = {
    ...begin,
    deadlineMs: begin.deadline === undefined ? undefined : begin.deadline - begin.at,
  }
  for (const [member, came] of Object.entries(contract)) {
    const recorded = began[member]
    if (recorded !== undefined && jsonEqual(recorded as JsonValue, came as JsonValue)) continue
    throw mismatch(runId, member, { began: shown(recorded), came: shown(came) })
  }
}

/** The error for one member of the contract. */
export function mismatch(
  runId: string,
  member: string,
  { began, came }: { readonly began: string; readonly came: string },
): RunMismatchError {
  return new RunMismatchError(
    `run ${runId} began with ${member} ${began}, it is resumed with ${came}`,
    {
      hint: 'resume it with what it began with, or begin another run under a new id',
      details: { member, began, came },
    },
  )
}

function shown(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value)
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`.toWellFormed()
}
