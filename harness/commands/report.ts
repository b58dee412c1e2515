/** `killpoint report FILE...`: tells results again, joins those of shards, writes reports. A pure function of the files. */
import { UsageError } from '../errors.ts'
import type { Output } from '../report/output.ts'
import { attachmentOf, type Attachment } from '../report/result/attachments.ts'
import { mergeResults } from '../report/result/merge.ts'
import { parseResult, readText, type Result } from '../report/result/result.ts'
import { sayResult } from './result.ts'
import { writeReports, type ReportOptions } from './write-reports.ts'

/** Options of the command. */
export interface ReportCommandOptions extends ReportOptions {
  readonly merge?: boolean
}

/**
 * Reports on results, and gives the exit code of their verdict.
 *
 * @throws UsageError `RESULT_INVALID`, `RESULT_VERSION`, `RESULT_MISMATCH`, `OPTION_INVALID`
 */
export function reportCommand(
  files: readonly string[],
  options: ReportCommandOptions,
  directory: string,
  output: Output,
): number {
  const results: Result[] = []
  const attachments: Attachment[] = []
  for (const file of files) {
    const text = readText(file)
    const attachment = attachmentOf(text)
    if (attachment === undefined) results.push(parseResult(text, file))
    else attachments.push(attachment)
  }
  if (results.length > 1 && options.merge !== true)
    throw new UsageError('OPTION_INVALID', `${results.length} results, and no --merge`, {
      hint: 'add --merge to join the results of shards',
    })
  const result = attached(mergeResults(results), attachments)
  output.json(result)
  const environment = options.environment ?? process.env
  const { notes, trouble } = writeReports(result, { ...options, environment }, directory, output)
  sayResult(result, output, { notes })
  if (trouble !== undefined) throw trouble
  return result.exitCode
}

function attached(result: Result, attachments: readonly Attachment[]): Result {
  const audits = attachments.flatMap((each) => each.audits ?? [])
  const mutants = attachments.flatMap((each) => each.mutants ?? [])
  return {
    ...result,
    ...(audits.length === 0 ? {} : { audits: [...(result.audits ?? []), ...audits] }),
    ...(mutants.length === 0 ? {} : { mutants: [...(result.mutants ?? []), ...mutants] }),
  }
}
