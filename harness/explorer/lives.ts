/**
 * The lives behind a crash: what each is told, and the ledger that they and the crash make together. Shared by lives in memory and
 * lives in processes, so that both are the same case.
 *
 *  L1  Clock, seed, takeover and number of a life are those that the live engine gives it.
 *  L2  A power loss is a reboot: the lives behind it have another boot id. Behind a kill the machine is the same.
 *  L3  Lives follow until one ends with `done` and exit code 0, or `livesMax` without a fault were given.
 */
import { stringifyFault } from '../fault-text.ts'
import type { Fault } from '../fault.ts'
import { betweenLivesMs, clockMsDefault } from '../live/case-context.ts'
import { lifeEnvironment } from '../live/environment.ts'
import type { Mark } from '../mark.ts'
import { deriveSeed } from '../seed.ts'
import type { CaseOrder } from './job.ts'

/** How a life ended, and what it wrote. */
export interface LivedLife {
  readonly life: number
  readonly clockMs: number
  readonly marks: readonly Mark[]
  readonly code: number | null
  readonly signal: string | null
}

/** What one process of a case is told. */
export interface Told {
  readonly life: number
  readonly clockMs: number
  /** Power losses before it. */
  readonly reboots: number
  readonly directory: string
  readonly workload: string
  readonly ledger: string
  readonly lane: 'plain' | 'recording'
  readonly traceDirectory?: string
}

/** The environment of a life. */
export function environmentOf(order: CaseOrder, told: Told): Record<string, string> {
  const { life, reboots, clockMs, directory, workload, ledger, lane, traceDirectory } = told
  const boot = deriveSeed(order.seed, 'system', ...(reboots === 0 ? [] : ['boot', reboots]))
  return lifeEnvironment(
    order.environment,
    {
      verb: 'run',
      runId: order.runId,
      seed: deriveSeed(order.seed, 'system', life),
      workload,
      ledger,
      directory,
      clockMs,
      takeover: 'if-dead',
      life,
      identity: JSON.stringify({ host: 'killpoint', boot, bootId: boot, alive: [] }),
      lane,
      order: 'serial',
      faults: '',
      ...(traceDirectory === undefined ? {} : { traceDirectory }),
      stream: '1',
    },
    `explorer/${life}`,
  )
}

/** The clock of the first life. */
export const firstClockMs: number = clockMsDefault

/** The clock of the next life, behind one that began at `clockMs` and wrote `marks` (L1). */
export function nextClockMs(clockMs: number, marks: readonly Mark[]): number {
  let latest = clockMs
  for (const mark of marks) if (mark.mark === 'timer') latest = Math.max(latest, mark.at)
  return latest + betweenLivesMs
}

/** Whether the run is over with this life (L3). */
export function isLast({ marks, code }: LivedLife): boolean {
  return code === 0 && marks.some(({ mark }) => mark === 'done')
}

/** A life's line, its marks, and its exit. */
export function linesOf({ life, clockMs, marks, code, signal }: LivedLife): readonly Mark[] {
  return [startLine(life, clockMs), ...marks, { mark: 'exit', life, code, signal, realMs: 0 }]
}

/** The line with which the harness starts a life. */
export function startLine(life: number, clockMs: number): Mark {
  return { mark: 'life', life, pid: life, verb: 'run', takeover: 'if-dead', clockMs, realMs: 0 }
}

/** The lines of a first life that was cut off behind its first `marks` by `fault`. */
export function cutOff(
  marks: readonly Mark[],
  fault: Extract<Fault, { kind: 'kill' | 'power-loss' }>,
): readonly Mark[] {
  const { stream, op } = fault.at
  return [
    startLine(1, firstClockMs),
    ...marks,
    { mark: 'fault', life: 1, fault: stringifyFault(fault), stream, op },
    { mark: 'exit', life: 1, code: null, signal: 'SIGKILL', realMs: 0 },
  ]
}
