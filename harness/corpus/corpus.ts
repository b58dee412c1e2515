/**
 * The corpus: a directory of saved cases. They run before anything else, so that what once broke is seen first when it breaks
 * again.
 */
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { writeTrouble } from '../report/write-trouble.ts'
import { parseSavedCase, savedCaseName, stringifySavedCase, type SavedCase } from './saved-case.ts'

/** One file of a corpus. */
export interface CorpusEntry {
  /** Path of the file. */
  readonly file: string
  readonly saved: SavedCase
}

/**
 * All cases of a directory, by name; none where it does not exist.
 *
 * @throws UsageError `CASE_VERSION` or `CASE_INVALID` for the first file that cannot be used
 */
export async function readCorpus(directory: string): Promise<readonly CorpusEntry[]> {
  const names = (await namesIn(directory)).filter((name) => name.endsWith('.json')).sort()
  return await Promise.all(names.map((name) => readSavedCase(join(directory, name))))
}

/**
 * One saved case.
 *
 * @throws UsageError `CASE_VERSION` or `CASE_INVALID`
 */
export async function readSavedCase(file: string): Promise<CorpusEntry> {
  return { file, saved: parseSavedCase(await textOf(file), file) }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError('CASE_INVALID', `${file} cannot be read: ${(error as Error).message}`, {
      hint: 'a saved case is a file as `--save` writes it, in the corpus directory',
      cause: error,
    })
  }
}

/** Saves a case under a name that its token gives, whole or not at all. Returns the path. @throws HarnessError `OUTPUT_WRITE` */
export async function saveCase(directory: string, saved: SavedCase): Promise<string> {
  const file = join(directory, savedCaseName(saved))
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await mkdir(directory, { recursive: true })
    await writeFile(temporary, stringifySavedCase(saved))
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw writeTrouble(file, error)
  }
  return file
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    const why = `the corpus cannot be read: ${(error as Error).message}`
    throw new UsageError('CASE_INVALID', why, {
      hint: 'it is a directory of saved cases; `corpus` in the configuration names it',
      cause: error,
    })
  }
}
