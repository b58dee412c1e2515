/** Bundles the preload into one plain CommonJS file, so that a worker's start pays for one small read. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const bundles = new Map<string, Promise<string>>()

/**
 * Path of the built preload. Built once per process; its name holds the hash of its content, so an older build is never taken
 * for the current one.
 */
export function buildPreload(door: DoorKind = 'binding'): Promise<string> {
  return bundled(door === 'binding' ? 'preload' : 'preload-public', 'cjs')
}

/** Where calls are seen: at the internal binding, or, where that cannot be, at the public functions. */
export type DoorKind = 'binding' | 'public'

/** Path of the built program that runs all forms (`forms/main.ts`). */
export function buildForms(): Promise<string> {
  return bundled('forms/main', 'esm')
}

/** Path of the built program that runs all forms of connections (`forms/wire-main.ts`). */
export function buildWireForms(): Promise<string> {
  return bundled('forms/wire-main', 'esm')
}

function bundled(entry: string, format: 'cjs' | 'esm'): Promise<string> {
  const known = bundles.get(entry)
  if (known !== undefined) return known
  const bundle = bundleOf(entry, format)
  bundles.set(entry, bundle)
  return bundle
}

async function bundleOf(entry: string, format: 'cjs' | 'esm'): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`./${entry}${extname(import.meta.url)}`, import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format,
    legalComments: 'none',
    minify: format === 'cjs',
    // Node prints the line that an uncaught error came from.
    lineLimit: 120,
  })
  const text = result.outputFiles[0]?.text ?? ''
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const directory = join(tmpdir(), `killpoint-${userInfo().uid}`)
  const extension = format === 'cjs' ? 'cjs' : 'mjs'
  const path = join(directory, `${entry.replace('/', '-')}-${hash}.${extension}`)
  if ((await readText(path)) === text) return path
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, text)
  await rename(temporary, path)
  return path
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
