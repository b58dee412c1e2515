/**
 * `killpoint inspect DIR [RUN]`: a run of the reference runtime's file journal as lives, tree and timeline; of a directory of
 * runs, what became of each. Never writes. A damaged run is read up to the damage and around it, and what was left out is said:
 * exit code 2 then, because what is shown is not all there was. With `--web` the same as a page, until Ctrl-C.
 */
import { once } from 'node:events'
import { inspectionOf, summaryOf, type Inspection } from '../inspect/inspection.ts'
import { inspectionText } from '../inspect/inspection-text.ts'
import { readRuns } from '../inspect/read.ts'
import type { ServeOptions } from '../inspect/serve.ts'
import type { Output } from '../report/output.ts'
import { plainTable } from '../report/tables.ts'
import { visible } from '../report/visible.ts'
import { exitCodes } from '../verdict.ts'
import { stopOnSignals } from './stop.ts'

export interface InspectOptions {
  /** Records of the timeline that are told: the last ones. */
  readonly records: number
  /** Serves it as a page. */
  readonly web?: boolean
  /** Of the page; 0 for any. */
  readonly port?: number
}

/** Prints what is there, and gives the exit code. */
export async function inspectCommand(
  path: string,
  runId: string | undefined,
  { records: recordsMax, web = false, port = 0 }: InspectOptions,
  output: Output,
): Promise<number> {
  const found = await readRuns(path, runId)
  if (web) return await serve({ path, runId, port }, output)
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

/** Until somebody ends it. */
async function serve(options: ServeOptions, output: Output): Promise<number> {
  // What it takes to serve is loaded by those alone who ask for it.
  const { serveRuns } = await import('../inspect/serve.ts')
  const stopping = stopOnSignals()
  try {
    const { url, close } = await serveRuns(options)
    output.json({ version: 1, url })
    output.say(`${url}   reads ${options.path} at each look, until Ctrl-C`)
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
    await close()
    return exitCodes.holds
  } finally {
    stopping.forget()
  }
}

function runsText(runs: readonly Inspection[], path: string, { ink }: Output): string {
  const table = plainTable(
    ['run', 'status', 'lives', 'records', 'in doubt', ''],
    ['left', 'left', 'right', 'right', 'right'],
  )
  for (const { runId, status, lives, records, inDoubt, isWhole } of runs.map(summaryOf))
    table.push([visible(runId), status, lives, records, inDoubt, isWhole ? '' : ink.bad('damaged')])
  const [first] = runs
  const lines = table.toString().split('\n')
  return [
    ...lines.map((line) => line.trimEnd()),
    '',
    `one of them: npx killpoint inspect ${path} ${visible(first?.runId ?? '')}`,
  ].join('\n')
}
