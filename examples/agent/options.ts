/**
 * The command line, and what an earlier life of the run says where the command line is silent.
 */
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemCode } from '../../src/errors.ts'
import type { JournalBackend } from '../../src/journal.ts'
import { decodeRecords, type BeginRecord } from '../../src/records.ts'
import { assertRunId } from '../../src/run-id.ts'
import type { Task } from './agent.ts'
import { isBelow, listFolders } from './folder.ts'

export const usage = `usage: npm run example -- [options]

Reads folders of text files and writes a report on them. Kill it at any time and start it again: it goes on where it was.

  --input DIR   folder to read, may be given several times   (default: docs and src of this project)
  --run ID      name of the run                              (default: example)
  --dir DIR     where runs and reports are kept              (default: .killpoint/example)
  --tokens N    budget of the run                            (default: 2000000)
  --slow MS     pause before each answer and tool call, so that there is time to kill it
  --verbose     print every tool call
  --help`

/** Bad input: the message is for the person who typed it. */
export class UsageError extends Error {}

export interface Options {
  readonly dir: string
  readonly runId: string
  /** Absent where none was given. */
  readonly inputs?: readonly string[]
  readonly tokens?: number
  readonly slowMs: number
  readonly verbose: boolean
}

/** Reads the arguments; `undefined` where only help was asked for. Throws `UsageError` and `InvalidArgumentError`. */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parse(args)
  if (values.help === true) return undefined
  const runId = values.run ?? 'example'
  assertRunId(runId)
  return {
    dir: resolve(values.dir ?? join('.killpoint', 'example')),
    runId,
    ...(values.input === undefined ? {} : { inputs: values.input }),
    ...(values.tokens === undefined ? {} : { tokens: wholeNumber('--tokens', values.tokens) }),
    slowMs: wholeNumber('--slow', values.slow ?? '0'),
    verbose: values.verbose === true,
  }
}

function parse(args: readonly string[]): ReturnType<typeof parseKnown> {
  try {
    return parseKnown(args)
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`)
  }
}

interface Values {
  readonly input?: string[]
  readonly run?: string
  readonly dir?: string
  readonly tokens?: string
  readonly slow?: string
  readonly verbose?: boolean
  readonly help?: boolean
}

function parseKnown(args: readonly string[]): Values {
  const { values } = parseArgs({
    args: [...args],
    options: {
      input: { type: 'string', multiple: true },
      run: { type: 'string' },
      dir: { type: 'string' },
      tokens: { type: 'string' },
      slow: { type: 'string' },
      verbose: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  return values
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new UsageError(`${name} takes a whole number, got ${JSON.stringify(text)}`)
}

/** What a run is about, and whether an earlier life began it. */
export interface Assignment {
  readonly task: Task
  readonly tokens: number
  readonly begun: boolean
}

/**
 * A run that was begun is about what it began with, unless the command line says otherwise; the runtime then compares the
 * two. Folders of a new run are looked at first, so that a wrong path begins nothing.
 */
export async function assignmentOf(options: Options, backend: JournalBackend): Promise<Assignment> {
  const begin = await beginOf(options.runId, backend)
  const begun = begin !== undefined
  const inputs =
    options.inputs === undefined
      ? ((begin?.task as Task | undefined)?.inputs ?? (await foldersAt(projectFolders, true)))
      : await foldersAt(options.inputs, !begun)
  const tokens = options.tokens ?? begin?.budget?.tokens ?? 2_000_000
  return { task: { inputs }, tokens, begun }
}

async function beginOf(runId: string, backend: JournalBackend): Promise<BeginRecord | undefined> {
  const image = await backend.read(runId)
  const [first] = decodeRecords(image?.records ?? [])
  return first?.record.type === 'begin' ? first.record : undefined
}

const projectFolders = ['docs', 'src'].map((name) =>
  fileURLToPath(new URL(`../../${name}`, import.meta.url)),
)

async function foldersAt(paths: readonly string[], isNew: boolean): Promise<readonly string[]> {
  const folders: string[] = []
  for (const path of paths) folders.push(isNew ? await folderAt(path) : await pathOf(path))
  const distinct = [...new Set(folders)].filter(
    (folder, _, all) => !all.some((other) => isBelow(folder, other)),
  )
  if (isNew) await assertText(distinct)
  return distinct.sort()
}

async function folderAt(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    if (!(await stat(real)).isDirectory())
      throw new UsageError(`${path} is not a folder; give the folder that it is in`)
    await readdir(real)
    return real
  } catch (error) {
    if (error instanceof UsageError || systemCode(error) === undefined) throw error
    throw new UsageError(reasonOf(path, systemCode(error)))
  }
}

/** The folder of a run that was begun may be gone by now. */
async function pathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return resolve(path)
    throw error
  }
}

function reasonOf(path: string, code: string | undefined): string {
  if (code === 'ENOENT') return `there is no folder ${path} (looked at ${resolve(path)})`
  if (code === 'EACCES') return `the folder ${path} may not be read: no permission`
  if (code === 'ENOTDIR') return `${path} is not a folder`
  return `the folder ${path} cannot be read (${code})`
}

async function assertText(folders: readonly string[]): Promise<void> {
  const { parts, leftOut } = await listFolders(folders)
  if (parts.length > 0) return
  const seen = leftOut.slice(0, 3).map(({ path, reason }) => `\n  ${path}: ${reason}`)
  const more = leftOut.length > 3 ? `\n  and ${leftOut.length - 3} more` : ''
  throw new UsageError(`no text file in ${folders.join(', ')}${seen.join('')}${more}`)
}
