/**
 * The track record as a machine reads it, beside the page: what each mutant came to, so that a later run can tell which of them
 * went from caught to anything else.
 */
import { existsSync, readFileSync } from 'node:fs'
import { array, literal, number, object, optional, safeParse, string } from 'valibot'
import { UsageError } from '../errors.ts'
import { engineOf } from './mutant.ts'
import { verdictOf, wordOf, type MutantReport } from './outcome.ts'

const recordSchema = object({
  version: literal(1),
  date: string(),
  machine: string(),
  seed: string(),
  cases: number(),
  kills: number(),
  mutants: array(
    object({
      id: string(),
      class: string(),
      needs: string(),
      engine: string(),
      outcome: string(),
      verdict: optional(string()),
      invariant: optional(string()),
      origin: optional(string()),
      cases: optional(number()),
      token: optional(string()),
      kills: optional(object({ cases: number(), verdict: optional(string()) })),
    }),
  ),
})

/** What one mutant came to. */
export interface RecordedMutant {
  readonly id: string
  readonly class: string
  readonly needs: string
  readonly engine: string
  readonly outcome: string
  readonly verdict?: string | undefined
  readonly invariant?: string | undefined
  readonly origin?: string | undefined
  readonly cases?: number | undefined
  readonly token?: string | undefined
  readonly kills?: { readonly cases: number; readonly verdict?: string | undefined } | undefined
}

/** What was found, when, where and with what. */
export interface MutantsRecord {
  readonly version: 1
  readonly date: string
  readonly machine: string
  readonly seed: string
  readonly cases: number
  readonly kills: number
  readonly mutants: readonly RecordedMutant[]
}

/** What a record says besides its mutants. */
export type RecordHead = Omit<MutantsRecord, 'version' | 'mutants'>

/** The record of a run over all mutants. */
export function recordOf(reports: readonly MutantReport[], head: RecordHead): MutantsRecord {
  return {
    version: 1,
    ...head,
    mutants: reports.map(({ mutant, outcome, kills }) => ({
      id: mutant.id,
      class: mutant.class,
      needs: mutant.needs,
      engine: engineOf(mutant),
      outcome: outcome.kind,
      ...('by' in outcome
        ? {
            verdict: outcome.by.verdict,
            invariant: outcome.by.finding.invariant,
            origin: outcome.by.origin,
            cases: outcome.by.cases,
            token: outcome.by.token,
          }
        : {}),
      ...(kills === undefined ? {} : { kills: killsOf(kills) }),
    })),
  }
}

function killsOf({ cases, found }: NonNullable<MutantReport['kills']>): RecordedMutant['kills'] {
  return found === undefined ? { cases } : { cases: found.cases, verdict: found.verdict }
}

/** Reads a record; `undefined` where there is none. @throws UsageError `RESULT_INVALID` */
export function readRecord(path: string): MutantsRecord | undefined {
  if (!existsSync(path)) return undefined
  const parsed = safeParse(recordSchema, parse(path))
  if (parsed.success) return parsed.output
  throw new UsageError('RESULT_INVALID', `${path} is no track record of mutants`, {
    hint: 'write it anew: npm run track-record',
  })
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new UsageError('RESULT_INVALID', `${path} is no JSON`, {
      hint: 'write it anew: npm run track-record',
      cause,
    })
  }
}

/** What the record says was caught and is not any more, one sentence each. `all`: every mutant was hunted. */
export function regressions(
  record: MutantsRecord | undefined,
  reports: readonly MutantReport[],
  { all }: { readonly all: boolean },
): readonly string[] {
  const now = new Map(reports.map((report) => [report.mutant.id, report]))
  return (record?.mutants ?? []).flatMap(({ id, outcome, verdict }): readonly string[] => {
    if (outcome !== 'caught') return []
    const report = now.get(id)
    if (report === undefined) return all ? [`${id} was caught (${verdict}), and is gone`] : []
    if (report.outcome.kind === 'caught') return []
    const found = verdictOf(report.outcome)
    const what = `${wordOf(report.outcome)}${found === undefined ? '' : ` ${found}`}`
    return [`${id} was caught (${verdict}), and now: ${what}`]
  })
}
