/**
 * The lives of a control that are explored: one, which goes to the end of the run; or, where the run waits for what others send, a life
 * that is killed when the first of them would send, what each of them does, and the life that finds it all.
 *
 * A killed life stands in the place of one that waits: nobody in memory can send while it does. What it would have done while it waited,
 * the last life does, and kills at a life that does wait are the live engine's.
 */
import { readFileSync } from 'node:fs'
import { rebuildDirectory, type DirectoryImage } from '../directory-image.ts'
import { readLedger } from '../ledger.ts'
import type { Mark } from '../mark.ts'
import { parseTrace, type Trace } from '../trace.ts'
import type { Workload } from '../workload.ts'
import type { ControlLog } from './job.ts'

/** A life of the control, as it was recorded. */
export interface RecordedLife {
  readonly trace: Trace
  /** As in {@link ControlLog}. */
  readonly endsAfter?: number
}

/** Reads one. @throws Error where it is not there */
export function readControl({ log, endsAfter }: ControlLog): RecordedLife {
  const trace = parseTrace(readFileSync(log))
  if (trace === undefined) throw new Error(`no op log: ${log}`)
  return endsAfter === undefined ? { trace } : { trace: cut(trace, endsAfter), endsAfter }
}

/** What a life left, that began over `image`. */
export function leftBy({ trace }: RecordedLife, image: DirectoryImage): DirectoryImage {
  return rebuildDirectory(trace, Infinity, image)
}

/** The unit whose effect a control waits for before others act; `undefined` where none of them waits. */
export function unitBeforeActs({ outside = [] }: Workload): string | undefined {
  return outside.find(({ after }) => after !== undefined)?.after
}

/** Whether a mark says what others wait for: the effect of the unit, or that it was seen. */
export function tellsOf(unit: string, mark: Mark): boolean {
  return (mark.mark === 'effect' || mark.mark === 'observed') && mark.step === unit
}

/** The op with which a life told of it; `undefined` where it did not. */
export function opTellingOf(unit: string, { ops }: Trace): number | undefined {
  return ops.find(
    ({ op, bytes }) => op.kind === 'mark' && bytes !== undefined && tells(unit, bytes),
  )?.n
}

function tells(unit: string, bytes: Uint8Array): boolean {
  return readLedger(bytes).entries.some(({ mark }) => tellsOf(unit, mark))
}

/** The trace as if the life had been killed behind an op. */
export function cut(trace: Trace, op: number): Trace {
  return { ...trace, ops: trace.ops.filter(({ n }) => n <= op) }
}
