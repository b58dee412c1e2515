/**
 * The configuration of a project: which systems are tested, over which scenarios, how much.
 *
 * It is a module, `killpoint.config.ts` (or `.js`, `.mjs`), whose default export is a `Config`. It is bundled before it is
 * loaded, so that TypeScript works without a loader.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { build, type BuildFailure } from 'esbuild'
import { noRoomTrouble } from './live/scratch.ts'
import { TroubleError } from './live/trouble.ts'
import { UsageError } from './errors.ts'
import { importGuarded, UnfinishedImport } from './guarded-import.ts'
import {
  count,
  isObject,
  listMistakes,
  memberMistakes,
  optional,
  text,
  type Member,
  type Members,
} from './members.ts'
import { scenarioMistakes } from './scenario-members.ts'
import type { Scenario } from './scenario.ts'
import { describedMistakes } from './system-members.ts'
import type { System } from './system.ts'

export interface Config {
  readonly systems: readonly System[]
  /** Default: those that ship with killpoint. */
  readonly scenarios?: readonly Scenario[]
  /** Directory of saved cases, relative to the configuration; default `killpoint/corpus`. */
  readonly corpus?: string
  /** Cases per scenario, system and workload in `killpoint run`; default 13. */
  readonly cases?: number
  /** Workloads per scenario and system in `killpoint run`; default 1. */
  readonly workloads?: number
}

/** Types a configuration; gives it back as it is. */
export function defineConfig(config: Config): Config {
  return config
}

/** Names that are looked for, in this order. */
export const configNames: readonly string[] = [
  'killpoint.config.ts',
  'killpoint.config.mts',
  'killpoint.config.js',
  'killpoint.config.mjs',
]

export interface LoadedConfig {
  /** Absolute path of the file. */
  readonly file: string
  /** The directory that it stands in. */
  readonly directory: string
  readonly config: Config
}

/**
 * Loads the configuration of a directory.
 *
 * @throws UsageError `CONFIG_MISSING` with what to do, `CONFIG_INVALID` with everything that is wrong
 */
export async function loadConfig(directory: string): Promise<LoadedConfig> {
  const file = configNames.map((name) => join(directory, name)).find((path) => existsSync(path))
  if (file === undefined)
    throw new UsageError('CONFIG_MISSING', `there is no killpoint.config.ts in ${directory}`, {
      hint: 'run `npx killpoint init`: it writes one, with a worker and a scenario that pass, to start from',
    })
  const config = checkConfig(file, await importBundled(file))
  return { file, directory, config }
}

/**
 * Bundles a module of the user's and imports it; packages stay where they are.
 *
 * @throws UsageError `CONFIG_INVALID` where it cannot be bundled or loaded, its cause what was wrong; TroubleError where there is no
 *   room for the bundle
 */
export async function importBundled(file: string): Promise<Readonly<Record<string, unknown>>> {
  // In the same directory, so that packages and relative URLs are found from there.
  const outfile = join(dirname(file), `.${basename(file)}.${process.pid}.mjs`)
  try {
    await build({
      entryPoints: [file],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'silent',
    })
  } catch (error) {
    const noRoom = noRoomTrouble(dirname(file), error)
    if (noRoom !== undefined) throw new TroubleError(noRoom, error)
    const wrong = buildErrors(error).map((each) => `  ${each}`)
    throw new UsageError('CONFIG_INVALID', [`${file} cannot be bundled:`, ...wrong].join('\n'), {
      cause: error,
    })
  }
  try {
    return await importGuarded(pathToFileURL(outfile).href)
  } catch (error) {
    // The bundle is gone when it is read: the file that it was made of is what there is to look at.
    const why = thrownText(error).replaceAll(outfile, file)
    throw new UsageError('CONFIG_INVALID', `${file} cannot be loaded: ${why}`, {
      hint: isNotInstalled(error)
        ? 'install that package in this project (npm install --save-dev), or correct its name'
        : 'correct what it does when it is imported: it is to say what is tested, and nothing else',
      cause: error,
    })
  } finally {
    await rm(outfile, { force: true })
  }
}

/** What was thrown, in a line or a few: people throw anything. */
function thrownText(thrown: unknown): string {
  if (thrown instanceof UnfinishedImport) return thrown.message
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`
  return `it threw ${inspect(thrown)}`
}

function isNotInstalled(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}

/** What esbuild found wrong, each with its place; one line for anything else. */
export function buildErrors(error: unknown): readonly string[] {
  const errors = (error as Partial<BuildFailure> | undefined)?.errors ?? []
  if (errors.length === 0) return [String(error)]
  return errors.map(({ text, location }) =>
    location === null ? text : `${location.file}:${location.line}:${location.column}: ${text}`,
  )
}

const configMembers: Members = {
  systems: oneAtLeast('system'),
  scenarios: optional(oneAtLeast('scenario')),
  corpus: optional(text),
  cases: optional(count),
  workloads: optional(count),
}

function oneAtLeast(what: string): Member {
  return {
    expected: `a list of at least one ${what}`,
    holds: (value) => Array.isArray(value) && value.length > 0,
  }
}

function checkConfig(file: string, module: Readonly<Record<string, unknown>>): Config {
  const config = module['default']
  const wrong = isObject(config)
    ? [
        ...memberMistakes(config, configMembers),
        ...mistakesIn('systems', config['systems'], describedMistakes),
        ...mistakesIn('scenarios', config['scenarios'], scenarioMistakes),
      ]
    : ['expected a default export made by defineConfig({ systems: [...] })']
  if (wrong.length === 0) return config as Config
  throw new UsageError(
    'CONFIG_INVALID',
    `${file}:\n${wrong.map((each) => `  ${each}`).join('\n')}`,
    {
      hint: 'correct each of them; `npx killpoint init` in an empty directory writes a configuration that is right',
    },
  )
}

function mistakesIn(
  what: string,
  list: unknown,
  mistakes: (item: unknown) => readonly string[],
): readonly string[] {
  return Array.isArray(list) ? listMistakes(what, list, mistakes) : []
}
