/**
 * Finds out how a process of a system is started, and prepares it: a script is bundled with the hooks, an executable is taken
 * as it is.
 */
import { createRequire } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildPreload } from '../hooks/build.ts'
import type { DoorKind } from '../hooks/build.ts'
import { buildNativeHooks } from '../native/build.ts'
import type { Program, System } from '../system.ts'
import { bundleWorker } from './bundle.ts'
import type { Preload } from './bundle.ts'
import { withCodeCache } from './code-cache.ts'
import type { StartCommand } from './host.ts'
import { startFlags } from './node-flags.ts'
import { digestOfFiles } from './sources.ts'
import type { LiveOptions, ResolvedOptions } from './options.ts'
import { TroubleError } from './trouble.ts'

type Script = Extract<Program, { kind: 'script' }>
type Executable = Extract<Program, { kind: 'executable' }>

/** In the harness's own environment: `off` (every executable is driven by its marks), `shim` or `strace` (that lane or none). */
export const nativeVariable = 'KILLPOINT_NATIVE'

/**
 * Prepares the start command of a system; files that it needs go into `directory`.
 *
 * @throws TroubleError `bundle`, `spawn`
 */
export async function startCommand(
  system: System,
  options: LiveOptions,
  resolved: ResolvedOptions,
  directory: string,
): Promise<StartCommand> {
  const { program } = system
  if (program.kind === 'executable') return await executable(program, options)
  if (!existsSync(program.entry)) throw missing(program.entry)
  const native = await nativeBelow(system, options)
  // Below the process, or in it: ops that both number would be two.
  const hooked = options.hooks !== false && native === undefined
  const node = [...(await startFlags(resolved.node)), ...(program.nodeArguments ?? [])]
  if (program.bundle === false) return await loaded(program, options, resolved, node)
  const { file, cacheable, sources } = await bundleWorker({
    program,
    directory,
    ...(hooked ? { preload: await hooks(options.door) } : {}),
    ...(options.transform === undefined ? {} : { transform: options.transform }),
  })
  const cached = cacheable && options.codeCache !== false
  const main = cached ? await withCodeCache(file, system, resolved.node, node) : file
  return {
    file: resolved.node,
    arguments: [...node, main],
    hooked: hooked || native !== undefined,
    sources: digestOfFiles(sources, dirname(program.entry)),
    ...(native === undefined ? {} : { native }),
  }
}

/** The native hooks, for a script whose store is files that native code writes: `node:fs` does not show them. */
async function nativeBelow(
  { unseenStore, services = [] }: System,
  options: LiveOptions,
): Promise<string | undefined> {
  if (options.below !== true || unseenStore !== true || services.length > 0) return undefined
  return await nativeLibrary(options)
}

/** The native hooks, where this host can build them and nobody turned them off. */
export async function nativeLibrary(options: LiveOptions = {}): Promise<string | undefined> {
  if (options.hooks === false || !isAllowed('shim')) return undefined
  const built = await buildNativeHooks()
  return built.kind === 'built' ? built.library : undefined
}

/** Whether executables may have their ops seen in this lane. */
export function isAllowed(lane: 'shim' | 'strace'): boolean {
  const forced = process.env[nativeVariable] ?? ''
  return forced === '' || forced === lane
}

async function executable(
  { file, arguments: args = [], cwd, native = true }: Executable,
  options: LiveOptions,
): Promise<StartCommand> {
  const library = native ? await nativeLibrary(options) : undefined
  return {
    file,
    arguments: args,
    sources: digestOfFiles([file, ...args].map((each) => resolve(cwd ?? '.', each))),
    hooked: library !== undefined,
    ...(library === undefined ? {} : { native: library }),
    ...(native && options.hooks !== false && isAllowed('strace')
      ? { mayTrace: library === undefined ? whyNoHooks() : '' }
      : {}),
    ...(cwd === undefined ? {} : { cwd }),
  }
}

function whyNoHooks(): string {
  return isAllowed('shim') ? 'this host cannot build them' : `${nativeVariable}=strace`
}

async function hooks(door: DoorKind = 'binding'): Promise<Preload> {
  const name = door === 'binding' ? 'preload' : 'preload-public'
  const source = new URL(`../hooks/${name}${extname(import.meta.url)}`, import.meta.url)
  return { entry: fileURLToPath(source), built: await buildPreload(door) }
}

/** Where bundling cannot work: the sources are loaded as they are, TypeScript through tsx. Five times the start-up. */
async function loaded(
  { entry, modules }: Script,
  options: LiveOptions,
  resolved: ResolvedOptions,
  node: readonly string[],
): Promise<StartCommand> {
  if (options.transform !== undefined || modules !== undefined)
    throw new TroubleError({
      kind: 'bundle',
      message: `${entry} is not to be bundled, but its sources or modules are to be replaced`,
      hint: 'let it be bundled, with what must stay on disk in `external`',
    })
  const hooked = options.hooks !== false
  const preload = hooked ? ['--require', await buildPreload(options.door)] : []
  const hasHelper = /\.[cm]?tsx?$/.test(entry)
  const loader = hasHelper ? ['--import', tsx(entry)] : []
  const all = [...node, ...preload, ...loader, entry]
  return {
    file: resolved.node,
    arguments: all,
    sources: digestOfFiles([entry]),
    hooked,
    hasHelper,
  }
}

function tsx(entry: string): string {
  for (const from of [entry, fileURLToPath(import.meta.url)]) {
    try {
      return pathToFileURL(createRequire(from).resolve('tsx')).href
    } catch {
      // Not installed there: the next place may have it, and below that is said.
    }
  }
  throw new TroubleError({
    kind: 'bundle',
    message: `${entry} is TypeScript and not to be bundled, and tsx is not installed`,
    hint: 'npm i -D tsx, or let it be bundled',
  })
}

function missing(entry: string): TroubleError {
  return new TroubleError({
    kind: 'bundle',
    message: `the worker ${entry} does not exist`,
    hint: 'give the absolute path of the module that runs one life',
  })
}
