/**
 * Finds runs in a directory and reads them, whole or as far as they can be read. Nothing is ever written: runs are read through
 * the public readers of `killpoint/journal`, which own nothing.
 */
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import {
  fileJournal,
  runIdOfDirectoryName,
  type JournalBackend,
  type SalvagedImage,
} from '../../src/journal-entry.ts'
import { HarnessError, UsageError } from '../errors.ts'

/** What a directory holds: one run that was asked for, or all of them. */
export type Found =
  | { readonly kind: 'run'; readonly directory: string; readonly image: SalvagedImage }
  | { readonly kind: 'runs'; readonly directory: string; readonly images: readonly SalvagedImage[] }

/**
 * Reads a directory of runs, one run of it, or the directory of a run; of a case that a replay kept, too. `listed`: of several runs
 * only the one whose id this is, found by looking at all; it never becomes a path.
 *
 * @throws UsageError `RUN_UNKNOWN`, HarnessError `RUN_UNREADABLE`
 */
export async function readRuns(path: string, runId?: string, listed?: string): Promise<Found> {
  const directory = resolve(path)
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw unknown(`there is no directory ${directory}`)
  // What `replay --keep` leaves of a case.
  const kept = join(directory, 'state')
  if (existsSync(kept) && existsSync(join(directory, 'workload.json')))
    return await readRuns(kept, runId, listed)
  if (runId !== undefined) return await readOne(directory, runId)
  const itself = runIdOfDirectoryName(basename(directory))
  if (itself !== undefined) {
    const image = await salvaged(dirname(directory), itself)
    if (image !== undefined) return { kind: 'run', directory: dirname(directory), image }
  }
  const images = await readAll(directory, listed)
  if (images.length > 0 || listed !== undefined) return { kind: 'runs', directory, images }
  throw unknown(`there is no run in ${directory}`)
}

async function readOne(directory: string, runId: string): Promise<Found> {
  const image = await salvaged(directory, runId)
  if (image !== undefined) return { kind: 'run', directory, image }
  throw unknown(`there is no run ${JSON.stringify(runId)} in ${directory}`)
}

async function readAll(directory: string, listed?: string): Promise<readonly SalvagedImage[]> {
  const images: SalvagedImage[] = []
  await reading(async () => {
    for await (const { runId } of fileJournal({ dir: directory }).list?.() ?? []) {
      if (listed !== undefined && runId !== listed) continue
      const image = await salvaged(directory, runId)
      if (image !== undefined) images.push(image)
    }
  })
  return images.toSorted((left, right) => (left.runId < right.runId ? -1 : 1))
}

async function salvaged(directory: string, runId: string): Promise<SalvagedImage | undefined> {
  const journal: JournalBackend = fileJournal({ dir: directory })
  return await reading(async () => await journal.salvage?.(runId))
}

/** Errors of the reader are told as what they are: not a fault of this program. */
async function reading<Result>(body: () => Promise<Result>): Promise<Result> {
  try {
    return await body()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    if (code === 'NOT_A_JOURNAL' || code === 'INVALID_ARGUMENT')
      throw unknown(String(message), error)
    if (typeof code !== 'string') throw error
    throw new HarnessError('RUN_UNREADABLE', String(message), { cause: error })
  }
}

function unknown(message: string, cause?: unknown): UsageError {
  return new UsageError('RUN_UNKNOWN', message, {
    hint: 'give the directory that a file journal was given, and the id of a run in it',
    ...(cause === undefined ? {} : { cause }),
  })
}
