/** What the hooks read from the environment at start (`../life.ts`), and what they hand on to threads and children. */
import { hookVariables, systemVariables } from '../life.ts'
import { decodeHookFaults } from './fault.ts'
import type { HookFault, WireFault } from './fault.ts'

export type Lane = 'plain' | 'counted' | 'recording'
export type Order = 'serial' | 'native'
export interface Settings {
  /** Absolute path of the state directory. */
  readonly directory: string
  readonly lane: Lane
  readonly order: Order
  /** Op stream of this thread. */
  readonly stream: string
  readonly life: number
  /** Where op logs and count files go; absent: nowhere, and only the plain lane is possible. */
  readonly traceDirectory: string | undefined
  readonly faults: readonly (HookFault | WireFault)[]
  /** Path of the ledger, where the harness gave it. */
  readonly ledger: string | undefined
}

/**
 * Threads of one process share its environment; their stream is `P.0.<thread id>`. The zero keeps them apart from child
 * processes `P.1`, `P.2` …; thread ids count the threads of a process in order of construction.
 */
export function threadStream(processStream: string, threadId: number): string {
  return `${processStream}.0.${threadId}`
}

/** `undefined` where the environment has no state directory: then there is nothing to hook. */
export function readSettings(env: NodeJS.ProcessEnv): Settings | undefined {
  const directory = env[systemVariables.directory]
  if (directory === undefined || directory === '') return undefined
  const lane = env[hookVariables.lane] ?? 'plain'
  const order = env[hookVariables.order] ?? 'serial'
  if (lane !== 'plain' && lane !== 'counted' && lane !== 'recording') throw unknown('lane', lane)
  if (order !== 'serial' && order !== 'native') throw unknown('order', order)
  return {
    directory,
    lane,
    order,
    stream: env[hookVariables.stream] ?? '1',
    life: Number(env[systemVariables.life] ?? '1'),
    traceDirectory: env[hookVariables.traceDirectory],
    faults: decodeHookFaults(env[hookVariables.faults]),
    ledger: env[systemVariables.ledger],
  }
}

function unknown(what: string, value: string): Error {
  return new Error(`killpoint hooks: unknown ${what} '${value}' in the environment`)
}

/** The part of an environment that the harness wrote. */
export function ownVariables(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('KILLPOINT_')))
}
