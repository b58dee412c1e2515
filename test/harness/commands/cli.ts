/** The command line as a user has it: a process of its own, of what `build.ts` built from the sources before any test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Its entry. */
export const built: string = fileURLToPath(new URL('../../../dist/harness/cli.js', import.meta.url))

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts a command in a directory. */
export function startCli(
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env
  return spawn(process.execPath, [built, ...args], {
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
): Promise<Said> {
  return await said(startCli(args, cwd, environment))
}
