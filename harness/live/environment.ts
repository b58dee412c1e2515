/**
 * Assembles the environment of one process. Nothing is inherited but what a program cannot do without: variables of the
 * machine would make cases differ from host to host, and some are dear (a bundle of extra CA certificates that Node reads at
 * its start costs more than the start itself).
 */
import { hookVariables, systemVariables } from '../life.ts'
import type { System } from '../system.ts'

/** What every process sees of the harness's own environment, where it is set. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot'] as const

/** Marks every process of a case and its descendants: `CAMPAIGN/CASE`. Orphans are found by it, and by nothing else. */
export const markerVariable = 'KILLPOINT_CASE'

/** What one process is told. Absent members are not set. */
export interface Told {
  readonly verb: 'run' | 'signal' | 'cancel'
  readonly runId: string
  readonly seed: string
  /** Path of the workload's JSON file. */
  readonly workload: string
  /** Path of the ledger. */
  readonly ledger: string
  /** The state directory. */
  readonly directory: string
  readonly clockMs: number
  readonly takeover: 'if-dead' | 'always'
  readonly life: number
  /** JSON. */
  readonly signal?: string
  /** JSON. */
  readonly identity: string
  readonly lane: string
  readonly order: string
  /** Faults for the hooks, as these take them; empty for none. */
  readonly faults: string
  /** Native hooks, and the directory of this life for them. */
  readonly native?: { readonly library: string; readonly directory: string }
  /** Absent: the process leaves no traces. */
  readonly traceDirectory?: string
  readonly stream: string
}

/** What all processes of one system are told: computed once per campaign. */
export function baseEnvironment(system: System): Readonly<Record<string, string>> {
  const base: Record<string, string> = {}
  for (const name of [...inherited, ...(system.inherit ?? [])]) {
    const value = process.env[name]
    if (value !== undefined) base[name] = value
  }
  return { ...base, ...system.environment }
}

/** The environment of one process. `marker` is the value of {@link markerVariable}. */
export function lifeEnvironment(
  base: Readonly<Record<string, string>>,
  told: Told,
  marker: string,
): Record<string, string> {
  const environment: Record<string, string> = {
    ...base,
    [markerVariable]: marker,
    [systemVariables.verb]: told.verb,
    [systemVariables.runId]: told.runId,
    [systemVariables.seed]: told.seed,
    [systemVariables.workload]: told.workload,
    [systemVariables.ledger]: told.ledger,
    [systemVariables.directory]: told.directory,
    [systemVariables.clockMs]: String(told.clockMs),
    [systemVariables.takeover]: told.takeover,
    [systemVariables.life]: String(told.life),
    [systemVariables.identity]: told.identity,
    [hookVariables.lane]: told.lane,
    [hookVariables.order]: told.order,
    [hookVariables.stream]: told.stream,
  }
  const { native } = told
  if (told.faults !== '')
    environment[native === undefined ? hookVariables.faults : hookVariables.nativeFaults] =
      told.faults
  if (native !== undefined) {
    const { LD_PRELOAD: others } = base
    environment['LD_PRELOAD'] =
      others === undefined ? native.library : `${native.library} ${others}`
    environment[hookVariables.nativeDirectory] = native.directory
    // Every life leads a group of its own (`launch.ts`).
    environment[hookVariables.nativeLeader] = 'group'
    // Node's own threads and rings would do file operations in an order of their own, or out of sight.
    environment['UV_THREADPOOL_SIZE'] = '1'
    environment['UV_USE_IO_URING'] = '0'
  }
  if (told.traceDirectory !== undefined)
    environment[hookVariables.traceDirectory] = told.traceDirectory
  if (told.signal !== undefined) environment[systemVariables.signal] = told.signal
  return environment
}
