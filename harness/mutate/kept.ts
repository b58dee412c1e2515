/**
 * Results of a run over mutants, kept as they come, so that one that was broken off goes on where it was: lines of JSON, the first
 * one saying what they are results of. Under other sources, another seed or other numbers none of them counts.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Mutant } from './mutant.ts'
import type { MutantReport } from './outcome.ts'

type Line = { readonly id: string } & Omit<MutantReport, 'mutant'>

/** Results that are kept in a file. */
export class KeptResults {
  readonly #path: string

  /** `resumes`: what is there and has the same `key` stays. */
  constructor(path: string, key: string, resumes: boolean) {
    this.#path = path
    if (resumes && linesOf(path)[0] === key) return
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${key}\n`)
  }

  /** Those of these mutants that have a result, with it. */
  of(mutants: readonly Mutant[]): readonly MutantReport[] {
    const known = new Map(
      linesOf(this.#path)
        .slice(1)
        .flatMap((text): readonly (readonly [string, Line])[] => {
          const line = lineOf(text)
          return line === undefined ? [] : [[line.id, line]]
        }),
    )
    return mutants.flatMap((mutant): readonly MutantReport[] => {
      const line = known.get(mutant.id)
      if (line === undefined) return []
      const { outcome, kills } = line
      return [{ mutant, outcome, ...(kills === undefined ? {} : { kills }) }]
    })
  }

  /** Keeps one. */
  add({ mutant: { id }, ...result }: MutantReport): void {
    const line: Line = { id, ...result }
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }
}

function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
}

/** The last line of a run that was killed may be torn: it is hunted again. */
function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
