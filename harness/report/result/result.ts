/** A result as the rest of the program knows it: reading, writing, and the small questions that every report asks. */
import { readFileSync, writeFileSync } from 'node:fs'
import * as v from 'valibot'
import { UsageError } from '../../errors.ts'
import { writing } from '../write-trouble.ts'
import type { ResultFile } from './result-type.ts'
import { resultSchema, resultSchemaName, resultVersion } from './schema.ts'

/** What `result.json` holds. */
export type Result = ResultFile
/** Cases as columns. */
export type CaseColumns = Result['cases']
/** What is known of one scenario over one system. */
export type Coverage = Result['coverage'][number]
/** What was explored of one scenario over one system. */
export type Explored = Result['explored'][number]
/** The ops of a control. */
export type TraceColumns = Result['traces'][number]
/** One kind of failure. */
export type ResultFailure = Result['failures'][number]
/** The lives of a failing case, row by row. */
export type Timeline = NonNullable<ResultFailure['timeline']>

/** The text of the file of a result: one line a member, so that a diff says which of them changed. */
export function stringifyResult(result: Result): string {
  const members = Object.entries(result)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return `{\n${members.join(',\n')}\n}\n`
}

/** Writes a result. @throws HarnessError `OUTPUT_WRITE` */
export function writeResult(file: string, result: Result): void {
  writing(file, () => writeFileSync(file, stringifyResult(result)))
}

/** Reads a result. @throws UsageError `RESULT_INVALID`, `RESULT_VERSION` */
export function readResult(file: string): Result {
  return parseResult(readText(file), file)
}

/**
 * The result in a text; `name` is for messages.
 *
 * @throws UsageError `RESULT_INVALID` with everything that is wrong, `RESULT_VERSION` with both versions
 */
export function parseResult(text: string, name: string): Result {
  const value = parseJson(text, name)
  const { schema, version } = (value ?? {}) as { schema?: unknown; version?: unknown }
  if (schema === resultSchemaName && typeof version === 'number' && version !== resultVersion)
    throw new UsageError(
      'RESULT_VERSION',
      `${name} is a result of version ${version}; this build reads ${resultVersion}`,
      { hint: 'run the campaign again with this killpoint, or read it with the one that wrote it' },
    )
  const parsed = v.safeParse(resultSchema, value)
  if (parsed.success) {
    const wrong = columnMistakes(parsed.output.cases)
    if (wrong.length === 0) return parsed.output
    throw invalid(name, wrong)
  }
  throw invalid(
    name,
    parsed.issues.slice(0, 8).map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`),
  )
}

/** A token in two: everything up to the schedule, and the schedule. */
export function splitToken(token: string): readonly [prefix: string, schedule: string] {
  let at = 0
  for (let field = 0; field < scheduleField; field += 1) at = token.indexOf(':', at) + 1
  return [token.slice(0, at), token.slice(at)]
}

/** `kp1:SCENARIO:SYSTEM:SEED:PROFILE:` stand before the schedule. */
const scheduleField = 5

/** Text of a file that somebody named. @throws UsageError `RESULT_INVALID` where it cannot be read */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError('RESULT_INVALID', `${file} cannot be read: ${String(error)}`, {
      hint: 'give the path of a result.json that run, gate, validate or explore wrote',
      cause: error,
    })
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw invalid(name, [`it is no JSON: ${String(error)}`])
  }
}

function columnMistakes(cases: CaseColumns): readonly string[] {
  const { length } = cases.group
  const columns = ['slot', 'origin', 'verdict', 'finding', 'schedule', 'lives', 'kills'] as const
  const ragged = columns.filter((name) => cases[name].length !== length)
  const outside = (
    [
      ['group', cases.groups.length],
      ['origin', cases.origins.length],
      ['verdict', cases.verdicts.length],
      ['finding', cases.findings.length],
    ] as const
  ).filter(([name, size]) => cases[name].some((place) => place >= size))
  return [
    ...ragged.map(
      (name) => `cases.${name}: ${cases[name].length} entries where there are ${length} cases`,
    ),
    ...outside.map(([name]) => `cases.${name}: a place that its list does not have`),
  ]
}

function invalid(name: string, wrong: readonly string[]): UsageError {
  return new UsageError(
    'RESULT_INVALID',
    `${name} is no result of a campaign:\n${wrong.map((each) => `  ${each}`).join('\n')}`,
    { hint: 'a result is the result.json that run, gate, validate or explore wrote' },
  )
}
