/**
 * The harness's own programs (hooks, warden, shards), each bundled into one plain file: a start pays for one small read.
 *
 * Built once per process, whatever the number of engines. The name of a file holds the hash of its content, so an older build is never
 * taken for the current one, and two processes that build the same write the same.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { basename, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** How a program is built. */
export interface ProgramForm {
  /** `cjs`, the default, is what `--require` takes. */
  readonly format?: 'cjs' | 'esm'
  /** For what is read at every start of a worker. */
  readonly minify?: boolean
}

const built = new Map<string, Promise<string>>()

/** Path of a built program. `source`: its module as the asking module sees it, without an extension, as a URL. */
export function buildProgram(source: URL, form: ProgramForm = {}): Promise<string> {
  const known = built.get(source.href)
  if (known !== undefined) return known
  const path = builtFrom(source, form)
  built.set(source.href, path)
  return path
}

async function builtFrom(
  source: URL,
  { format = 'cjs', minify = false }: ProgramForm,
): Promise<string> {
  const entry = `${fileURLToPath(source)}${extname(import.meta.url)}`
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format,
    legalComments: 'none',
    logLevel: 'silent',
    minify,
    // Node prints the line that an uncaught error came from.
    ...(minify ? { lineLimit: 120 } : {}),
  })
  const text = result.outputFiles[0]?.text ?? ''
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const directory = join(tmpdir(), `killpoint-${userInfo().uid}`)
  const extension = format === 'cjs' ? 'cjs' : 'mjs'
  const path = join(directory, `${basename(source.pathname)}-${hash}.${extension}`)
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
