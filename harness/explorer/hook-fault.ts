/** Faults of a schedule that happen inside a life, for the hooks. */
import type { Fault } from '../fault.ts'
import { isDiskFault, type HookFault } from '../hooks/fault.ts'
import { UsageError } from '../errors.ts'
import { stringifyFault } from '../fault-text.ts'
import { translateFault } from '../live/hook-faults.ts'

/** The fault as the hooks take it. @throws UsageError `OPTION_INVALID` for one that does not happen inside a life */
export function hookFaultOf(fault: Fault): HookFault {
  const translated = translateFault(fault)
  const why = translated.kind === 'hook' ? 'there are no connections in memory' : translated.why
  if (translated.kind === 'hook' && isDiskFault(translated.fault)) return translated.fault
  throw new UsageError(
    'OPTION_INVALID',
    `the explorer cannot carry out ${stringifyFault(fault)} beside a crash state: ${why}`,
  )
}
