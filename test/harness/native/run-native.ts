/** Starts small programs under the native hooks, as the live engine does, and hands back what they left. */
import { execFileSync, spawn, type StdioOptions } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import type { HookAct, HookFault } from '../../../harness/hooks/fault.ts'
import type { Lane } from '../../../harness/hooks/settings.ts'
import { hookVariables, systemVariables } from '../../../harness/life.ts'
import { buildNativeHooks } from '../../../harness/native/build.ts'
import { encodeNativeFaults } from '../../../harness/native/faults.ts'
import { readTraces, type Trace } from '../../../harness/trace.ts'

/** The native hooks of this host. */
export const hooks = await buildNativeHooks()

/** Path of the real interpreter, not of a shell script that finds it; empty where there is none. */
export const python = interpreter()

function interpreter(): string {
  try {
    const asked = ['-c', 'import sqlite3, sys; print(sys.executable)']
    return execFileSync('python3', asked, { encoding: 'utf8' }).trim()
  } catch {
    // Not installed, or without SQLite: tests that need it say so.
    return ''
  }
}

/** Why these tests cannot run on this host; `undefined` where they can. CI fails on it. */
export const whyNot: string | undefined =
  hooks.kind === 'missing'
    ? `native hooks: ${hooks.why}`
    : python === ''
      ? 'python3 with sqlite3 is not installed'
      : undefined

const created: string[] = []
afterAll(() => {
  for (const directory of created) rmSync(directory, { recursive: true, force: true })
})

/** A directory of its own for a test, removed at the end. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-native-'))
  created.push(directory)
  return directory
}

/** Path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

export interface NativeOrder {
  readonly file?: string
  readonly args: readonly string[]
  readonly lane?: Lane
  readonly faults?: readonly HookFault[]
  readonly environment?: Readonly<Record<string, string>>
  /** Called while it runs. */
  readonly meanwhile?: (pid: number, place: NativePlace) => Promise<void>
}

export interface NativePlace {
  readonly state: string
  readonly trace: string
  readonly ledger: string
}

export interface NativeRun extends NativePlace {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly marks: readonly Record<string, unknown>[]
  readonly traces: readonly Trace[]
}

/** Runs a program under the native hooks in a place of its own. */
export async function runNative(order: NativeOrder): Promise<NativeRun> {
  if (hooks.kind === 'missing') throw new Error(hooks.why)
  const root = scratch()
  const [state, trace] = [join(root, 'state'), join(root, 'trace')]
  for (const path of [state, trace]) mkdirSync(path)
  const ledger = join(root, 'ledger.jsonl')
  const descriptor = openSync(ledger, 'a')
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', descriptor]
  const child = spawn(order.file ?? python, order.args, {
    stdio,
    detached: true,
    env: {
      PATH: process.env['PATH'],
      TMPDIR: root,
      ...order.environment,
      LD_PRELOAD: hooks.library,
      [systemVariables.directory]: state,
      [systemVariables.ledger]: ledger,
      [systemVariables.life]: '1',
      [hookVariables.lane]: order.lane ?? 'recording',
      [hookVariables.nativeDirectory]: trace,
      [hookVariables.nativeFaults]: encodeNativeFaults(order.faults ?? []),
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)))
  const closed = new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (code, signal) => resolve([code, signal])),
  )
  await order.meanwhile?.(child.pid ?? 0, { state, trace, ledger })
  const [code, signal] = await closed
  closeSync(descriptor)
  const marks = readFileSync(ledger, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const traces = await readTraces(trace)
  return { state, trace, ledger, code, signal, stdout, stderr, marks, traces }
}

/** A fault at an op of the only stream. */
export function faultAt(n: number, act: HookAct, text = 'X'): HookFault {
  return { text, at: { kind: 'op', stream: '1', n }, act }
}
