/** What happens inside a life of an explored case, for the hooks. */
import type { Fault } from '../fault.ts'
import { isDiskFault, type HookFault, type HookPhase } from '../hooks/fault.ts'
import { UsageError } from '../errors.ts'
import { stringifyFault } from '../fault-text.ts'
import { translateFault } from '../live/hook-faults.ts'
import type { LifeWanted } from './asks.ts'

/** The faults of a life, and the kill that ends it early. @throws UsageError `OPTION_INVALID` for a fault that does not happen inside a life */
export function hookFaultsOf({
  faults,
  endsAfter,
}: Pick<LifeWanted, 'faults' | 'endsAfter'>): readonly HookFault[] {
  const all = faults.map(hookFaultOf)
  return endsAfter === undefined ? all : [...all, killedAt(endsAfter, 'after')]
}

/** A kill that is no fault of the case: it has no text, and nobody is told. */
export function killedAt(op: number, phase: HookPhase): HookFault {
  return { text: '', at: { kind: 'op', stream: '1', n: op }, act: { kind: 'kill', phase } }
}

function hookFaultOf(fault: Fault): HookFault {
  const translated = translateFault(fault)
  const why = translated.kind === 'hook' ? 'there are no connections in memory' : translated.why
  if (translated.kind === 'hook' && isDiskFault(translated.fault)) return translated.fault
  throw new UsageError(
    'OPTION_INVALID',
    `the explorer cannot carry out ${stringifyFault(fault)} beside a crash state: ${why}`,
  )
}
