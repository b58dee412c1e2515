/**
 * Makes one file of a worker written in TypeScript or JavaScript, once per campaign.
 *
 * A worker's start is most of what a life costs, so everything that it needs is in one CommonJS file, the hooks first (they
 * must be in place before any other module takes a reference). Modules keep what they are told about themselves:
 * `import.meta.url` and its relatives stay those of the source file. Packages with native code stay on disk and are loaded
 * by absolute path. A module with top-level await cannot be CommonJS and becomes one ES module. The source map lies beside
 * the file, not in it: Node would read it at every start.
 *
 * A dynamic import of a built-in module becomes a `require`, because a script from a code cache cannot import (its cache
 * does not bring back who asked). Where anything else is imported at run time, imports stay and there is no cache.
 *
 * Text that a transform returns is bundled in place of a file's own: planted bugs never touch the sources.
 */
import { createRequire, isBuiltin } from 'node:module'
import { readFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { BuildFailure, BuildOptions, ImportKind, Message, Plugin } from 'esbuild'
import type { Program } from '../system.ts'
import { TroubleError } from './trouble.ts'

/** Returns the text to bundle for the file at an absolute path, or `undefined` for its own. */
export type SourceTransform = (path: string, text: string) => string | undefined

export interface BundleOrder {
  readonly program: Extract<Program, { kind: 'script' }>
  /** Where the files go; it exists. */
  readonly directory: string
  /** The hooks; none for a bare worker. */
  readonly preload?: Preload
  readonly transform?: SourceTransform
}

/** The module that installs the hooks, as source and as the built file that child processes are to load. */
export interface Preload {
  readonly entry: string
  readonly built: string
}

export interface Bundle {
  /** The file to run. */
  readonly file: string
  readonly format: 'cjs' | 'esm'
  /** Whether it may start from a code cache. */
  readonly cacheable: boolean
  /** Its source map. */
  readonly map: string
  /** Absolute paths of all sources in it. */
  readonly sources: readonly string[]
}

/**
 * Bundles a worker.
 *
 * @throws TroubleError `bundle`, with every message of the compiler
 */
export async function bundleWorker(order: BundleOrder): Promise<Bundle> {
  const imports = new RuntimeImports()
  try {
    const bundle = await bundleAs(order, 'cjs', imports)
    return imports.found ? await bundleAs(order, 'cjs', undefined) : bundle
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    if (!error.errors.some(isTopLevelAwait)) throw bundleError(order.program.entry, error)
  }
  try {
    return await bundleAs(order, 'esm', undefined)
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    throw bundleError(order.program.entry, error)
  }
}

/** Looks out for imports at run time that `require` cannot stand in for. */
class RuntimeImports {
  found = false

  resolved(path: string, kind: ImportKind, external: boolean): void {
    this.found ||= kind === 'dynamic-import' && external && !isBuiltin(path)
  }

  read(text: string): void {
    this.found ||= /\bimport\(\s*[^\s'"`/*)]/.test(text)
  }
}

/** Bundles as one format; with `imports`, dynamic ones become requires. */
async function bundleAs(
  order: BundleOrder,
  format: 'cjs' | 'esm',
  imports: RuntimeImports | undefined,
): Promise<Bundle> {
  const { program, directory, preload } = order
  const file = join(directory, format === 'cjs' ? 'worker.cjs' : 'worker.mjs')
  const result = await build({
    ...shared,
    format,
    outfile: file,
    absWorkingDir: dirname(program.entry),
    stdin: {
      contents: entryText(program.entry, preload?.entry),
      resolveDir: dirname(program.entry),
    },
    plugins: [resolution(program, imports), sources(order, imports)],
    ...(imports === undefined ? {} : { supported: { 'dynamic-import': false } }),
    ...(format === 'esm' ? { banner: { js: esmBanner } } : {}),
  })
  const inputs = Object.keys(result.metafile?.inputs ?? {})
  return {
    file,
    format,
    cacheable: format === 'cjs' && imports !== undefined,
    map: `${file}.map`,
    sources: inputs
      .filter((path) => path !== '<stdin>')
      .map((path) => join(dirname(program.entry), path)),
  }
}

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: `node${process.versions.node}`,
  sourcemap: 'external',
  sourcesContent: false,
  metafile: true,
  logLevel: 'silent',
  legalComments: 'none',
  minifyWhitespace: true,
  // Node runs every module that is imported, whatever its package says about side effects.
  ignoreAnnotations: true,
  // Errors and classes are known by their names: two of one name must not become `Name` and `Name2`.
  keepNames: true,
}

// External packages are required; `require` does not exist in an ES module.
const esmBanner =
  "import{createRequire as __killpointRequire}from'node:module';const require=__killpointRequire(import.meta.url);"

function entryText(entry: string, preload: string | undefined): string {
  return [...(preload === undefined ? [] : [preload]), entry]
    .map((path) => `import ${JSON.stringify(path)}`)
    .join('\n')
}

/** Puts the user's modules in their places and keeps native packages on disk. */
function resolution(program: BundleOrder['program'], imports: RuntimeImports | undefined): Plugin {
  const modules = program.modules ?? {}
  const external = new Set(program.external)
  const native = new Map<string, boolean>()
  return {
    name: 'killpoint-resolution',
    setup(context) {
      context.onResolve(
        { filter: /^[^./]/ },
        async ({ path, importer, kind, resolveDir, pluginData }) => {
          const replaced = modules[path]
          if (replaced !== undefined) return { path: replaced }
          if (pluginData === resolving || path.startsWith('node:')) return undefined
          const found = await context.resolve(path, {
            importer,
            kind,
            resolveDir,
            pluginData: resolving,
          })
          if (found.external || found.errors.length > 0) return undefined
          const root = packageRoot(found.path)
          if (root === undefined) return undefined
          if (!native.has(root)) native.set(root, isNative(root))
          const stays =
            external.has(packageName(path)) || external.has(path) || native.get(root) === true
          if (stays) imports?.resolved(found.path, kind, true)
          return stays ? { path: found.path, external: true } : undefined
        },
      )
      context.onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({
        path: createRequire(join(resolveDir, 'x.js')).resolve(path),
        external: true,
      }))
    },
  }
}

const resolving = Symbol('resolving')

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** The directory of the installed package that a file is part of. */
function packageRoot(path: string): string | undefined {
  const match = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)
  return match?.[0]
}

function isNative(root: string): boolean {
  if (['binding.gyp', 'prebuilds', 'build/Release'].some((name) => existsSync(join(root, name))))
    return true
  // The addon may be a package of its own for each platform, which is required by a name that is put together.
  const description = join(root, 'package.json')
  if (!existsSync(description)) return false
  const { optionalDependencies = {} } = JSON.parse(readFileSync(description, 'utf8')) as {
    readonly optionalDependencies?: Readonly<Record<string, string>>
  }
  const platform = `${process.platform}-${process.arch}`
  return Object.keys(optionalDependencies).some((name) => name.includes(platform))
}

/** Loads sources through the transform, and settles what they ask about themselves. */
function sources({ transform, preload }: BundleOrder, imports: RuntimeImports | undefined): Plugin {
  return {
    name: 'killpoint-sources',
    setup(context) {
      context.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const own = await readFile(path, 'utf8')
        const text = transform?.(path, own) ?? own
        imports?.read(text)
        const settled = text.includes('import.meta') ? settleImportMeta(text, path) : text
        // The hooks hand their own file on to child processes: that is the built one, not the worker.
        const contents =
          path === preload?.entry
            ? settled.replaceAll('__filename', JSON.stringify(preload.built))
            : settled
        return { contents, loader: loaderOf(path), resolveDir: dirname(path) }
      })
    },
  }
}

function loaderOf(path: string): 'ts' | 'tsx' | 'jsx' | 'js' {
  if (path.endsWith('.tsx')) return 'tsx'
  if (/\.[cm]?ts$/.test(path)) return 'ts'
  return path.endsWith('.jsx') ? 'jsx' : 'js'
}

function settleImportMeta(text: string, path: string): string {
  return text
    .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(path).href))
    .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(path))
    .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(path)))
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

function isTopLevelAwait(message: Message): boolean {
  return message.text.startsWith('Top-level await is currently not supported')
}

function bundleError(entry: string, failure: BuildFailure): TroubleError {
  const lines = failure.errors.map(({ text, location }) =>
    location === null ? text : `${location.file}:${location.line}:${location.column}: ${text}`,
  )
  return new TroubleError(
    {
      kind: 'bundle',
      message: `cannot bundle the worker ${entry}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
      hint: 'fix the sources; a package that must stay on disk as it is goes into `external` of the system',
    },
    failure,
  )
}
