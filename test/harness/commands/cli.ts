/** The command line as a user has it: a process of its own, of what `built.ts` built from the sources before any test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const built = [fileURLToPath(new URL('../../../dist/harness/cli.js', import.meta.url))]

/** The same from the sources, for projects whose configuration imports sources of these tests. */
export const fromSources: readonly string[] = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../../../harness/cli.ts', import.meta.url)),
]

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts a command in a directory. `program`: what is started, by default what was built. */
export function startCli(
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
  program: readonly string[] = built,
): ChildProcess {
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env
  return spawn(process.execPath, [...program, ...args], {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Waits for a command's end. */
export async function said(child: ChildProcess): Promise<Said> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += String(chunk)))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** Runs a command to its end. */
export async function cli(
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
  program: readonly string[] = built,
): Promise<Said> {
  return await said(startCli(args, cwd, environment, program))
}
