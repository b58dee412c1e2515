/** What a command knows of the project that it runs in: systems and scenarios by name, and where things are kept. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadConfig, type Config } from '../config.ts'
import { UsageError } from '../errors.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import { loadModule } from './backend-module.ts'

export interface Project {
  /** The directory of the configuration; paths in it are relative to here. */
  readonly directory: string
  /** Absent where there is no configuration. */
  readonly config?: Config
  /** Those that are run. */
  readonly scenarios: readonly Scenario[]
  /** Those that ship, whether they are run here or not: a token may name one. */
  readonly shipped?: readonly Scenario[]
  readonly systems: readonly System[]
  /** Directory of the corpus. */
  readonly corpus: string
  /** Where failures that were found here are kept, so that a replay has something to compare with. */
  readonly records: string
}

/** A project that has a configuration. */
export type ConfiguredProject = Project & { readonly config: Config }

/** Directory of a project for what killpoint writes by itself; nothing in it need be kept. */
export const scratchName = '.killpoint'

/**
 * Reads the project in a directory. `shipped` are the scenarios that come with killpoint.
 *
 * @throws UsageError `CONFIG_MISSING`, `CONFIG_INVALID`
 */
export async function openProject(
  directory: string,
  shipped: readonly Scenario[],
): Promise<ConfiguredProject> {
  const { config, directory: found } = await loadConfig(directory)
  return { ...projectOf(found, shipped, config), config }
}

/** The same, for commands that can do without a configuration. */
export async function openAnyProject(
  directory: string,
  shipped: readonly Scenario[],
): Promise<Project> {
  try {
    return await openProject(directory, shipped)
  } catch (error) {
    if (error instanceof UsageError && error.code === 'CONFIG_MISSING')
      return projectOf(directory, shipped)
    throw error
  }
}

function projectOf(directory: string, shipped: readonly Scenario[], config?: Config): Project {
  return {
    directory,
    ...(config === undefined ? {} : { config }),
    scenarios: config?.scenarios ?? shipped,
    shipped,
    systems: config?.systems ?? [],
    corpus: resolve(directory, config?.corpus ?? join('killpoint', 'corpus')),
    records: join(directory, scratchName, 'failures'),
  }
}

/** All scenarios that are known here: the project's own, and those that ship and are not named like one of them. */
export function knownScenarios({ scenarios, shipped = [] }: Project): readonly Scenario[] {
  const own = new Set(scenarios.map(({ name }) => name))
  return [...scenarios, ...shipped.filter(({ name }) => !own.has(name))]
}

/** The scenario of a name; throws UsageError `NAME_UNKNOWN`. */
export function findScenario(project: Project, name: string): Scenario {
  const known = knownScenarios(project)
  const found = known.find((each) => each.name === name)
  if (found !== undefined) return found
  throw unknown('scenario', name, known)
}

/**
 * The system of a name, or of the path of a module that holds one.
 *
 * @throws UsageError `NAME_UNKNOWN`, `MODULE_INVALID`
 */
export async function findSystem({ systems, directory }: Project, name: string): Promise<System> {
  const found = systems.find((each) => each.name === name)
  if (found !== undefined) return found
  if (looksLikePath(name) && existsSync(resolve(directory, name)))
    return await loadModule(directory, name)
  throw unknown('system', name, systems)
}

/**
 * The scenarios and systems that `--only` and `--skip` leave; each name is that of a scenario or of a system.
 *
 * @throws UsageError `NAME_UNKNOWN`, `OPTION_INVALID` where nothing is left
 */
export function chooseBoth(
  { scenarios, systems }: Pick<Project, 'scenarios' | 'systems'>,
  {
    only = [],
    skip = [],
  }: { readonly only?: readonly string[]; readonly skip?: readonly string[] },
): { readonly scenarios: readonly Scenario[]; readonly systems: readonly System[] } {
  const known = [...scenarios, ...systems]
  for (const name of [...only, ...skip])
    if (known.every((each) => each.name !== name)) throw unknown('scenario or system', name, known)
  return {
    scenarios: left('scenario', scenarios, only, skip),
    systems: left('system', systems, only, skip),
  }
}

function left<Item extends { readonly name: string }>(
  what: string,
  known: readonly Item[],
  only: readonly string[],
  skip: readonly string[],
): readonly Item[] {
  const named = known.filter(({ name }) => only.includes(name))
  const chosen = (named.length > 0 ? named : known).filter(({ name }) => !skip.includes(name))
  if (chosen.length > 0) return chosen
  throw new UsageError('OPTION_INVALID', `no ${what} is left after --only and --skip`)
}

function looksLikePath(name: string): boolean {
  return name.includes('/') || /\.[cm]?[jt]s$/.test(name)
}

function unknown(
  what: string,
  name: string,
  known: readonly { readonly name: string }[],
): UsageError {
  const names = known.map((each) => each.name)
  return new UsageError('NAME_UNKNOWN', `there is no ${what} ${JSON.stringify(name)}`, {
    hint:
      names.length === 0
        ? `no ${what} is known here; run the command in the directory of killpoint.config.ts`
        : `known are ${names.join(', ')}`,
  })
}
