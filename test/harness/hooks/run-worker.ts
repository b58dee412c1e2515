/** Starts small programs under the preload, as the live engine does, and hands back what they left. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { buildPreload } from '../../../harness/hooks/build.ts'
import { encodeHookFaults } from '../../../harness/hooks/fault.ts'
import type { HookAct, HookFault, WireFault } from '../../../harness/hooks/fault.ts'
import type { Lane, Order } from '../../../harness/hooks/settings.ts'
import { readTraces } from '../../../harness/trace.ts'
import type { Trace } from '../../../harness/trace.ts'

/** Another Node to run workers with, for trying a version by hand. */
export const node = process.env['KILLPOINT_TEST_NODE'] ?? process.execPath

const created: string[] = []
afterAll(() => {
  for (const directory of created) rmSync(directory, { recursive: true, force: true })
})

/** A directory of its own for a test, removed at the end. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-hooks-'))
  created.push(directory)
  return directory
}

export interface WorkerOptions {
  readonly lane?: Lane
  readonly order?: Order
  readonly faults?: readonly (HookFault | WireFault)[]
  readonly args?: readonly string[]
  /** Where state, trace and ledger are; default: a new place. */
  readonly place?: string
  /** Without the preload. */
  readonly bare?: boolean
  /** Called with the process, while it runs. */
  readonly meanwhile?: (pid: number, place: Place) => Promise<void> | void
}

export interface Place {
  readonly state: string
  readonly trace: string
  readonly ledger: string
}

export interface WorkerRun extends Place {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** Lines of the ledger. */
  readonly marks: readonly Record<string, unknown>[]
  readonly traces: readonly Trace[]
}

/** Path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

/** Runs a fixture, or a program at an absolute path, to its end. */
export async function runWorker(program: string, options: WorkerOptions = {}): Promise<WorkerRun> {
  const place = options.place ?? scratch()
  const where: Place = {
    state: join(place, 'state'),
    trace: mkdtempSync(join(place, 'trace-')),
    ledger: join(place, 'ledger'),
  }
  mkdirSync(where.state, { recursive: true })
  const preload = await buildPreload()
  const ledger = openSync(where.ledger, 'a')
  const child = spawn(
    node,
    [isAbsolute(program) ? program : fixture(program), ...(options.args ?? [])],
    {
      env: {
        PATH: process.env['PATH'],
        ...(options.bare === true ? {} : { NODE_OPTIONS: `--require "${preload}"` }),
        KILLPOINT_DIR: where.state,
        KILLPOINT_LIFE: '1',
        KILLPOINT_LEDGER: where.ledger,
        KILLPOINT_TRACE_DIR: where.trace,
        KILLPOINT_LANE: options.lane ?? 'plain',
        KILLPOINT_ORDER: options.order ?? 'serial',
        KILLPOINT_FAULTS: encodeHookFaults(options.faults ?? []),
      },
      stdio: ['ignore', 'pipe', 'pipe', ledger],
    },
  )
  closeSync(ledger)
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr?.on('data', (data: Buffer) => (output.stderr += data.toString()))
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  await options.meanwhile?.(child.pid ?? 0, where)
  const end = await ended
  return {
    ...where,
    ...end,
    ...output,
    marks: readMarks(where.ledger),
    traces: await readTraces(where.trace),
  }
}

/** Lines of a ledger. */
export function readMarks(ledger: string): Record<string, unknown>[] {
  return readFileSync(ledger, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** A fault at op `n` of the main stream. */
export function faultAt(n: number, act: HookAct, stream = '1'): HookFault {
  return { text: `${act.kind}@${n}`, at: { kind: 'op', stream, n }, act }
}

/** Text of a file in the state directory; `undefined` where it is not there. */
export function stateText(run: Place, path: string): string | undefined {
  try {
    return readFileSync(join(run.state, path), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** `T` is stopped, `S` sleeping, `R` running. */
export function processState(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
}

/** Waits for something that another process does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
