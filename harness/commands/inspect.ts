/**
 * `killpoint inspect DIR [RUN]`: a run of the reference runtime's file journal as lives, tree and timeline; of a directory of
 * runs, what became of each. Never writes. A damaged run is read up to the damage and around it, and what was left out is said:
 * exit code 2 then, because what is shown is not all there was.
 */
import { inspectionOf, type Inspection } from '../inspect/inspection.ts'
import { inspectionText } from '../inspect/inspection-text.ts'
import { readRuns } from '../inspect/read.ts'
import type { Output } from '../report/output.ts'
import { plainTable } from '../report/tables.ts'
import { exitCodes } from '../verdict.ts'

export interface InspectOptions {
  /** Records of the timeline that are told: the last ones. */
  readonly records: number
}

/** Prints what is there, and gives the exit code. */
export async function inspectCommand(
  path: string,
  runId: string | undefined,
  { records: recordsMax }: InspectOptions,
  output: Output,
): Promise<number> {
  const found = await readRuns(path, runId)
  if (found.kind === 'run') {
    const inspection = inspectionOf(found.directory, found.image)
    output.json({ version: 1, ...inspection })
    output.say(inspectionText(inspection, { ink: output.ink, recordsMax }))
    return inspection.isWhole ? exitCodes.holds : exitCodes.inconclusive
  }
  const runs = found.images.map((image) => inspectionOf(found.directory, image))
  output.json({ version: 1, directory: found.directory, runs: runs.map(summaryOf) })
  output.say(runsText(runs, path, output))
  return runs.every(({ isWhole }) => isWhole) ? exitCodes.holds : exitCodes.inconclusive
}

function summaryOf({ runId, status, isWhole, lives, records, repeats }: Inspection): object {
  const inDoubt = repeats.filter(({ kind }) => kind === 'in-doubt').length
  return { runId, status, isWhole, lives: lives.length, records: records.length, inDoubt }
}

function runsText(runs: readonly Inspection[], path: string, { ink }: Output): string {
  const table = plainTable(
    ['run', 'status', 'lives', 'records', 'in doubt', ''],
    ['left', 'left', 'right', 'right', 'right'],
  )
  for (const { runId, status, lives, records, repeats, isWhole } of runs)
    table.push([
      runId,
      status,
      lives.length,
      records.length,
      repeats.filter(({ kind }) => kind === 'in-doubt').length,
      isWhole ? '' : ink.bad('damaged'),
    ])
  const [first] = runs
  const lines = table.toString().split('\n')
  return [
    ...lines.map((line) => line.trimEnd()),
    '',
    `one of them: npx killpoint inspect ${path} ${first?.runId ?? ''}`,
  ].join('\n')
}
