/** Writes the reports that options and environment ask for, all of them from the result. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { dirname, relative, resolve } from 'node:path'
import { annotations } from '../report/annotations.ts'
import { writeHtml } from '../report/html/write.ts'
import { junit } from '../report/junit.ts'
import type { Output } from '../report/output.ts'
import { stringifyResult, type Result } from '../report/result/result.ts'
import { summary } from '../report/summary.ts'
import { writing } from '../report/write-trouble.ts'

/** Where reports go. Paths are relative to the working directory. */
export interface ReportOptions {
  /** JUnit XML. */
  readonly junit?: string
  /** The result. */
  readonly result?: string
  /** The page. */
  readonly html?: string
  /** Folders of failures. */
  readonly artifacts?: string
  readonly json?: boolean
  /** Environment to look at in place of the process's own: for tests. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** What came of writing them. */
export interface WrittenReports {
  /** A line for each that was written. */
  readonly notes: readonly string[]
  /** The first that could not be: to be thrown when the result was told. */
  readonly trouble?: unknown
}

/** Writes them, each whatever becomes of the others. */
export function writeReports(
  result: Result,
  options: ReportOptions,
  directory: string,
  output: Output,
): WrittenReports {
  const environment = options.environment ?? (result.command === 'gate' ? process.env : {})
  const written: string[] = []
  let trouble: unknown
  const write = (what: string, file: string | undefined, into: (path: string) => void): void => {
    if (file === undefined) return
    const path = resolve(file)
    try {
      writing(path, () => {
        mkdirSync(dirname(path), { recursive: true })
        into(path)
      })
      written.push(`${what}: ${relative(process.cwd(), path)}`)
    } catch (error) {
      trouble ??= error
    }
  }
  write('result', options.result, (path) => writeFileSync(path, stringifyResult(result)))
  write('JUnit', options.junit, (path) => writeFileSync(path, junit(result)))
  write('page', options.html, (path) => writeHtml(path, result))
  const folders = result.failures.filter(({ artifact }) => artifact !== undefined).length
  if (options.artifacts !== undefined && folders > 0)
    written.push(`artifacts: ${folders} in ${options.artifacts}`)
  const { GITHUB_STEP_SUMMARY: summaryFile, GITHUB_ACTIONS: actions } = environment
  if (summaryFile !== undefined && summaryFile !== '') appendFileSync(summaryFile, summary(result))
  if (actions === 'true')
    for (const line of annotations(result, prefixOf(directory))) output.say(line)
  return { notes: written, ...(trouble === undefined ? {} : { trouble }) }
}

/** Path of a project in its repository, where it is not the root: annotations are relative to the repository. */
function prefixOf(directory: string): string {
  try {
    return execFileSync('git', ['rev-parse', '--show-prefix'], {
      cwd: directory,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
  } catch {
    // No git, or no checkout: the project is taken for the root.
    return ''
  }
}
