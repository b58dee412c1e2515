/**
 * The pages' own code and style: one script and one style sheet each. A package holds them as built files; a checkout builds them from
 * `page/` when they are asked for, so that sources and pages cannot differ.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** Script and style of the page. */
export interface PageAsset {
  readonly script: string
  readonly style: string
}

/** Pages that there are, by the name of their module: the report, and that of an inspected run. */
export const pageNames = ['main', 'inspected'] as const
/** Name of a page. */
export type PageName = (typeof pageNames)[number]

/** The file in which a build leaves a page, beside this module. */
function builtFile(name: PageName): string {
  return fileURLToPath(new URL(`${name}.asset.json`, import.meta.url))
}

/** The asset: built before, or built now. */
export function pageAsset(name: PageName): PageAsset {
  const built = builtFile(name)
  if (extname(import.meta.url) === '.js' && existsSync(built))
    return JSON.parse(readFileSync(built, 'utf8')) as PageAsset
  return buildPage(fileURLToPath(new URL(`page/${name}.tsx`, import.meta.url)))
}

/** Bundles the page. Its libraries are development dependencies: no user of the package needs them. */
export function buildPage(entry: string): PageAsset {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    outdir: 'page',
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: ['es2022'],
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  })
  const text = (suffix: string): string =>
    outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? ''
  return { script: text('.js'), style: text('.css') }
}

/** Writes the asset for a package; called by the build. */
export function writePageAsset(name: PageName, entry: string): void {
  writeFileSync(builtFile(name), JSON.stringify(buildPage(entry)))
}
