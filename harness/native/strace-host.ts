/**
 * Does strace work on this host? It is tried: a small shell program is recorded, killed before one of its ops, and the evidence is
 * looked at. A strace that is not installed, a kernel that forbids tracing (a container without `SYS_PTRACE`, `ptrace_scope` 3), or
 * one that injects nothing says so here, before any case.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aimBefore, whyNotKilled, type StraceAim } from './strace-lane.ts'
import type { StracedLog } from './strace-log.ts'
import { StracedLife } from './straced-life.ts'

/** The strace to run, or why there is none. */
export type Strace =
  | { readonly kind: 'works'; readonly file: string }
  | { readonly kind: 'missing'; readonly why: string }

let finding: Promise<Strace> | undefined

/** Tries it, once per process. */
export function findStrace(): Promise<Strace> {
  return (finding ??= tryStrace())
}

/** The same with another strace, for whoever asks what is said where it does not work. */
export async function tryStrace(file = 'strace'): Promise<Strace> {
  if (process.platform !== 'linux')
    return { kind: 'missing', why: `it is for Linux, and this is ${process.platform}` }
  const root = mkdtempSync(join(tmpdir(), 'killpoint-strace-'))
  try {
    const why = await whyNot(file, root)
    return why === undefined ? { kind: 'works', file } : { kind: 'missing', why }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Two lines in a file; the kill falls before the second. */
const program = { file: '/bin/sh', arguments: ['-c', 'echo first >> line; echo second >> line'] }

async function whyNot(file: string, root: string): Promise<string | undefined> {
  const whole = await tried(file, join(root, 'whole'))
  if (typeof whole === 'string') return whole
  const second = whole.log.ops.filter(({ kind }) => kind === 'write').at(-1)
  if (whole.text !== 'first\nsecond\n' || second === undefined)
    return `it showed ${whole.log.ops.length} ops of a program that writes two lines`
  const aim = aimBefore(whole.log, second.n)
  if ('why' in aim) return aim.why
  const struck = await tried(file, join(root, 'struck'), aim)
  if (typeof struck === 'string') return struck
  const why = whyNotKilled(struck.log, second.n)
  if (why !== undefined) return `its kill did not fall: ${why}`
  return struck.text === 'first\n' ? undefined : 'what it killed before a write had written'
}

interface Tried {
  readonly log: StracedLog
  /** What the program left. */
  readonly text: string
}

async function tried(file: string, root: string, aim?: StraceAim): Promise<Tried | string> {
  const [state, ledger] = [join(root, 'state'), join(root, 'ledger')]
  for (const path of [root, state]) mkdirSync(path)
  const descriptor = openSync(ledger, 'a')
  try {
    const life = new StracedLife({ life: 1, state, ledger, cwd: state, trace: root })
    const said = await run(life.command(file, program, aim), state, descriptor)
    if (said !== undefined) return said
    return { log: life.log(), text: readFileSync(join(state, 'line'), 'utf8') }
  } catch (error) {
    return `it showed nothing that can be read: ${(error as Error).message}`
  } finally {
    closeSync(descriptor)
  }
}

/** Resolves with why it did not run. */
async function run(
  { file, arguments: args }: { readonly file: string; readonly arguments: readonly string[] },
  cwd: string,
  ledger: number,
): Promise<string | undefined> {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'ignore', 'pipe', ledger] })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
  return await new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? `there is no ${file} (install it)` : error.message),
    )
    child.once('close', (code, signal) => {
      const ended = code === 0 || signal === 'SIGKILL'
      resolve(ended ? undefined : `${file} ends with ${code ?? signal}: ${firstLine(said)}`)
    })
  })
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}
