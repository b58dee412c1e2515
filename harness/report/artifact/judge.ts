/** Judges the history of a stored artifact with the checkers of today. Pure: reads files, starts nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { check, type Judgement } from '../../checkers/check.ts'
import { UsageError } from '../../errors.ts'
import { parseSchedule } from '../../fault-parse.ts'
import { historyOf } from '../../history.ts'
import { readLedger } from '../../ledger.ts'
import { claimNames, type Claim } from '../../system.ts'
import { artifactCaseSchema, type ArtifactCase } from './case-file.ts'

/** What is said of an artifact now, and what was said when it was written. */
export interface JudgedArtifact {
  readonly stored: ArtifactCase
  readonly judgement: Judgement
  /** Whether verdict and invariant are those of then. */
  readonly isSame: boolean
}

/** Judges a folder. @throws UsageError `ARTIFACT_INVALID` with everything that is wrong */
export function judgeArtifact(directory: string): JudgedArtifact {
  const stored = readCase(directory)
  const cut = cutOf(directory)
  if (cut.length > 0) throw invalid(directory, cut)
  const control = historyOf(readLedger(readPart(directory, 'control.jsonl')))
  const judgement = check(
    {
      history: historyOf(readLedger(readPart(directory, 'history.jsonl'))),
      workload: stored.workload,
      system: {
        claims: stored.system.claims as Claim[],
        takeoverMsMax: stored.system.takeoverMsMax,
        ...(stored.system.inFlightMax === undefined
          ? {}
          : { inFlightMax: stored.system.inFlightMax }),
      },
      schedule: parseSchedule(stored.schedule),
      livesMax: stored.livesMax,
      ...(stored.schedule === '-' ? {} : { control }),
    },
    stored.invariants,
  )
  const { verdict, finding } = judgement
  return {
    stored,
    judgement,
    isSame: verdict === stored.verdict && finding?.invariant === stored.invariant,
  }
}

function readCase(directory: string): ArtifactCase {
  const parsed = v.safeParse(artifactCaseSchema, parseJson(directory, 'case.json'))
  if (!parsed.success)
    throw invalid(
      directory,
      parsed.issues.map((issue) => `case.json: ${v.getDotPath(issue) ?? ''}: ${issue.message}`),
    )
  const unknown = parsed.output.system.claims.filter(
    (claim) => !claimNames.includes(claim as Claim),
  )
  if (unknown.length > 0)
    throw invalid(directory, [`case.json: unknown claims ${unknown.join(', ')}`])
  return parsed.output
}

/** What a judgement needs and is not whole. */
function cutOf(directory: string): readonly string[] {
  const { cut = [] } = parseJson(directory, 'manifest.json') as { cut?: { path?: unknown }[] }
  return cut
    .map(({ path }) => String(path))
    .filter((path) => path === 'history.jsonl' || path === 'control.jsonl')
    .map((path) => `${path} was cut when it was written: it cannot be judged`)
}

function parseJson(directory: string, name: string): unknown {
  try {
    return JSON.parse(readPart(directory, name).toString('utf8')) as unknown
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw invalid(directory, [`${name} is no JSON: ${String(error)}`])
  }
}

function readPart(directory: string, name: string): Buffer {
  try {
    return readFileSync(join(directory, name))
  } catch (error) {
    throw invalid(directory, [`${name} cannot be read: ${String(error)}`])
  }
}

function invalid(directory: string, wrong: readonly string[]): UsageError {
  return new UsageError(
    'ARTIFACT_INVALID',
    `${directory} is no artifact of a failure:\n${wrong.map((each) => `  ${each}`).join('\n')}`,
    { hint: 'give one of the folders that `killpoint gate --artifacts DIR` made in DIR' },
  )
}
