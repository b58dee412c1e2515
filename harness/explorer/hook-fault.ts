/** Faults of a schedule that happen inside a life, for the hooks. */
import type { Fault } from '../fault.ts'
import type { HookFault } from '../hooks/fault.ts'
import { UsageError } from '../errors.ts'
import { stringifyFault } from '../fault-text.ts'
import { translateFault } from '../live/hook-faults.ts'

/** The fault as the hooks take it. @throws UsageError `OPTION_INVALID` for one that does not happen inside a life */
export function hookFaultOf(fault: Fault): HookFault {
  const translated = translateFault(fault)
  if (translated.kind === 'hook') return translated.fault
  throw new UsageError(
    'OPTION_INVALID',
    `the explorer cannot carry out ${stringifyFault(fault)} beside a crash state: ${translated.why}`,
  )
}
