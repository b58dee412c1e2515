/**
 * The page's own code and style: one script and one style sheet. A package holds them as a built file; a checkout builds them from
 * `page/` when they are asked for, so that sources and page cannot differ.
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

/** The file in which a build leaves them, beside this module. */
const built = fileURLToPath(new URL('page.asset.json', import.meta.url))

/** The asset: built before, or built now. */
export function pageAsset(): PageAsset {
  if (extname(import.meta.url) === '.js' && existsSync(built))
    return JSON.parse(readFileSync(built, 'utf8')) as PageAsset
  return buildPage(fileURLToPath(new URL('page/main.tsx', import.meta.url)))
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
export function writePageAsset(entry: string): void {
  writeFileSync(built, JSON.stringify(buildPage(entry)))
}
