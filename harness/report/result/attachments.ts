/** What other commands give with `--json` and a report can show: the audit of the syncs, the hunt for planted bugs. */
import * as v from 'valibot'
import type { Result } from './result.ts'

/** Sections that are put into a result. */
export type Attachment = Pick<Result, 'audits' | 'mutants'>

const text = v.string()

const auditSchema = v.object({
  results: v.array(
    v.object({
      system: text,
      audit: v.object({
        sites: v.array(
          v.object({
            site: text,
            text,
            calls: v.number(),
            fate: text,
            breach: v.exactOptional(
              v.object({ verdict: text, invariant: v.exactOptional(text), token: text }),
            ),
          }),
        ),
        skipped: v.array(v.object({ scenario: text, why: text })),
      }),
    }),
  ),
})

const mutantsSchema = v.object({
  score: v.looseObject({}),
  mutants: v.array(
    v.object({
      id: text,
      class: text,
      kind: text,
      cases: v.exactOptional(v.number()),
      by: v.exactOptional(
        v.looseObject({ verdict: v.exactOptional(text), cases: v.exactOptional(v.number()) }),
      ),
    }),
  ),
})

/** The sections in the text of a file; `undefined` where it is neither an audit nor a hunt. */
export function attachmentOf(file: string): Attachment | undefined {
  const value = parse(file)
  const audit = v.safeParse(auditSchema, value)
  if (audit.success)
    return {
      audits: audit.output.results.map(({ system, audit: { sites, skipped } }) => ({
        system,
        skipped,
        sites: sites.map(({ breach, ...site }) => ({ ...site, ...breach })),
      })),
    }
  const hunt = v.safeParse(mutantsSchema, value)
  if (!hunt.success) return undefined
  return {
    mutants: hunt.output.mutants.map(({ id, class: of, kind, cases, by }) => ({
      id,
      class: of,
      outcome: kind,
      ...(by?.verdict === undefined ? {} : { verdict: by.verdict }),
      ...((by?.cases ?? cases) === undefined ? {} : { cases: by?.cases ?? cases }),
    })),
  }
}

function parse(file: string): unknown {
  try {
    return JSON.parse(file) as unknown
  } catch {
    // Whoever reads it as a result says what is wrong with it.
    return undefined
  }
}
