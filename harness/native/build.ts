/**
 * The native hooks, built where they run: one C file, one call of the C compiler, once per version of the file.
 *
 * Nothing is compiled when the package is installed. Where it cannot be built (no Linux, no compiler, no headers) there is a
 * reason, `doctor` prints it, and executables are driven by their marks.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The library to preload, or why there is none. */
export type NativeHooks =
  | { readonly kind: 'built'; readonly library: string }
  | { readonly kind: 'missing'; readonly why: string }

/** Processors whose system calls the shim can make. */
const processors: ReadonlySet<string> = new Set(['x64', 'arm64'])

let building: Promise<NativeHooks> | undefined

/** Builds the native hooks, once per process; a second process finds what the first built. */
export function buildNativeHooks(): Promise<NativeHooks> {
  return (building ??= build())
}

/** The same with another compiler, for whoever asks what is said where there is none. */
export async function build(compiler: string = process.env['CC'] ?? 'cc'): Promise<NativeHooks> {
  if (process.platform !== 'linux')
    return missing(`they are for Linux, and this is ${process.platform}`)
  if (!processors.has(process.arch))
    return missing(`they do not know the processor ${process.arch}`)
  if (!existsSync('/proc/self/fd')) return missing('there is no /proc to ask what a descriptor is')
  const source = sourcePath()
  const hash = createHash('sha256').update(readFileSync(source)).update(process.arch).digest('hex')
  const directory = join(tmpdir(), `killpoint-${userInfo().uid}`)
  const library = join(directory, `native-${hash.slice(0, 16)}.so`)
  if (existsSync(library)) return { kind: 'built', library }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = `${library}.${process.pid}`
  try {
    await promisify(execFile)(compiler, [...flags, '-o', temporary, source, '-ldl'])
    await rename(temporary, library)
    return { kind: 'built', library }
  } catch (error) {
    await rm(temporary, { force: true })
    return missing(whyNot(compiler, error))
  }
}

const flags = ['-std=c11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-pthread']

/** Lines of a compiler's complaint that are shown. */
const linesShown = 3

function whyNot(compiler: string, error: unknown): string {
  const { code, stderr = '' } = error as { code?: unknown; stderr?: string }
  if (code === 'ENOENT')
    return `there is no C compiler \`${compiler}\` (install gcc, or name one in CC)`
  const lines = stderr.trim().split('\n').slice(0, linesShown)
  return `${compiler} cannot build them: ${lines.join(' | ')}`
}

function missing(why: string): NativeHooks {
  return { kind: 'missing', why }
}

/** The source ships with the package, beside the compiled harness. */
function sourcePath(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const beside = join(here, '..', '..', 'native', 'shim.c')
  // From dist/harness/native to native.
  return existsSync(beside) ? beside : join(here, '..', '..', '..', 'native', 'shim.c')
}
