/**
 * A saved case: a file that holds everything that is needed to run a case again, in another year and over other code.
 *
 * A token names a workload by its seed and a crash point by its number; both move when scenarios and code change. So the file
 * holds the workload itself and the fingerprint of every op that the schedule names.
 *
 *   V1  reading what was written gives the same value
 *   V2  a file of another version is refused with both versions, a damaged one with everything that is wrong with it
 */
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import { parseSchedule } from '../fault-parse.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { Verdict } from '../verdict.ts'
import type { Workload } from '../workload.ts'
import type { NamedSchedule } from './place.ts'

/** What stands in a file, with the schedule parsed. */
export interface SavedCase {
  /** The token under which it was found. */
  readonly token: string
  readonly scenario: string
  readonly system: string
  readonly seed: string
  readonly path?: string
  readonly profile: string
  readonly workload: Workload
  readonly named: NamedSchedule
  /** What it showed when it was saved. */
  readonly verdict: Verdict
  /** Verdict, invariant and guilty kind of step: what makes two failures the same. */
  readonly failure: string
  /** Hash of the marks of all lives: what makes a replay exact. */
  readonly digest: string
  /** Versions and git state where it was found, one line. */
  readonly found: string
}

/** Version of the format that this build reads and writes. */
export const savedCaseVersion = 1

const schemaName = 'killpoint-case'

const text = v.pipe(v.string(), v.nonEmpty('expected a text'))
const whole = v.pipe(v.number(), v.integer(), v.minValue(1))

const fileSchema = v.object({
  schema: v.literal(schemaName),
  version: v.literal(savedCaseVersion),
  token: text,
  scenario: text,
  system: text,
  seed: text,
  path: v.optional(text),
  profile: text,
  workload: v.looseObject({ root: v.looseObject({ kind: text }), inFlightMax: whole }),
  schedule: text,
  ops: v.array(
    v.object({
      slot: whole,
      stream: text,
      op: whole,
      is: v.pipe(
        v.array(v.object({ like: text, nth: whole, of: whole })),
        v.minLength(1, 'expected at least one likeness'),
      ),
    }),
  ),
  verdict: text,
  failure: text,
  digest: text,
  found: text,
})

/** The text of the file of a case. */
export function stringifySavedCase(saved: SavedCase): string {
  const { named, ...rest } = saved
  const { schedule, ops } = named
  const file = {
    schema: schemaName,
    version: savedCaseVersion,
    ...rest,
    schedule: stringifySchedule(schedule),
    ops,
  }
  return `${JSON.stringify(file, undefined, 2)}\n`
}

/**
 * The case in the text of a file; `name` is for messages.
 *
 * @throws UsageError `CASE_VERSION` for another version, `CASE_INVALID` with everything that is wrong
 */
export function parseSavedCase(content: string, name: string): SavedCase {
  const value = parseJson(content, name)
  refuseOtherVersion(value, name)
  const read = v.safeParse(fileSchema, value)
  if (!read.success)
    throw invalid(
      name,
      read.issues.map((issue) => `${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`),
    )
  const { schema: _schema, version: _version, schedule, ops, path, ...rest } = read.output
  return {
    ...rest,
    ...(path === undefined ? {} : { path }),
    workload: rest.workload as unknown as Workload,
    verdict: rest.verdict as Verdict,
    named: { schedule: parseSchedule(schedule), ops },
  }
}

/** Name of the file of a case, the same for the same token. */
export function savedCaseName({ scenario, token }: Pick<SavedCase, 'scenario' | 'token'>): string {
  return `${scenario}-${createHash('sha256').update(token).digest('hex').slice(0, 10)}.json`
}

function parseJson(content: string, name: string): unknown {
  try {
    return JSON.parse(content)
  } catch (error) {
    throw invalid(name, [`no JSON: ${(error as Error).message}`])
  }
}

function refuseOtherVersion(value: unknown, name: string): void {
  const { schema, version } = (value ?? {}) as { schema?: unknown; version?: unknown }
  if (schema !== schemaName || version === savedCaseVersion) return
  throw new UsageError(
    'CASE_VERSION',
    `${name} is a saved case of version ${String(version)}; this build reads version ${savedCaseVersion}`,
    {
      hint:
        typeof version === 'number' && version > savedCaseVersion
          ? 'use the killpoint version that saved it, or a newer one'
          : 'replay its token with the killpoint version that saved it, and save it again with this one',
      details: { version: String(version), reads: savedCaseVersion },
    },
  )
}

function invalid(name: string, wrong: readonly string[]): UsageError {
  return new UsageError(
    'CASE_INVALID',
    `${name} is no saved case:\n${wrong.map((each) => `  ${each}`).join('\n')}`,
    { hint: 'a saved case is a file that `killpoint run --save` wrote' },
  )
}
