/**
 * Kinds of explored cases: what is harmed, in which way, at which kind of op. Where a part of the cases is explored, it is one of each
 * kind: the many that a long run has of one kind show the same, and the few that it has of another are not left to chance.
 */
import { kindOfPath } from '../corpus/op-fingerprint.ts'
import { kindsOfOps } from '../corpus/op-kinds.ts'
import { tracedMark } from '../corpus/traced-mark.ts'
import type { CrashState } from '../disk-model/states.ts'
import type { LosableUnit } from '../disk-model/units.ts'
import type { Fault, OpPart } from '../fault.ts'
import type { Trace } from '../trace.ts'
import type { StorageError } from './storage-errors.ts'

/** The kind of each op of a life, in its order. */
export function kindsOfTrace({ ops }: Pick<Trace, 'ops'>): readonly string[] {
  return kindsOfOps(ops.map((traced) => ({ op: traced.op, ...tracedMark(traced) })))
}

/** The kind of a crash state: the crash, the op where it strikes (`kinds`: of its life), and what is missing behind it. */
export function kindOfState(kinds: readonly string[], state: CrashState): string {
  const { fault } = state
  const { op, phase } = fault.at
  return [fault.kind, phase.kind, kinds[op - 1] ?? '', missingText(state)].join(' | ')
}

/** Nothing, one kind of op, several, or all that could be; and how an op is torn. */
function missingText({ fault, missing }: CrashState): string {
  const parts = fault.kind === 'kill' ? fault.lost : fault.except
  const torn = [...new Set(parts.map(tornText))].sort().join()
  if (fault.kind === 'power-loss' && fault.base === 'lost' && parts.length === 0) return 'all'
  const kinds = new Set(missing.map(kindOfUnit))
  return `${kinds.size > 1 ? 'several' : [...kinds].join()} ${torn}`
}

function tornText({ part }: OpPart): string {
  return part.kind === 'prefix' ? `prefix ${part.rest}` : part.kind
}

function kindOfUnit({ traced: { op } }: LosableUnit): string {
  const path = 'path' in op ? op.path : 'to' in op ? (op.to ?? '') : ''
  return `${op.kind} ${kindOfPath(path)}`
}

/** The kind of a storage error in a life (`kinds`: of its ops; `isFirst`: of the run). Which error code it is, is drawn. */
export function kindOfError(
  kinds: readonly string[],
  { reads }: Pick<Trace, 'reads'>,
  { fault, op }: StorageError,
  isFirst: boolean,
): string {
  const life = isFirst ? 'first' : 'later'
  if (fault.kind !== 'read-error') return [life, kinds[(op ?? 0) - 1], harmText(fault)].join(' | ')
  const read = reads.find(({ r }) => r === fault.at.op)
  return [life, read?.kind, kindOfPath(read?.path ?? '')].join(' | ')
}

function harmText(fault: Fault): string {
  const phase = 'at' in fault && 'phase' in fault.at ? fault.at.phase.kind : ''
  return [fault.kind, phase, 'mode' in fault ? fault.mode : ''].join(' ')
}
