/**
 * Faults as the native hooks take them: a line each, so that C needs no parser of JSON.
 *
 *     op|quota NUMBER ACT PHASE BYTES ERRNO FLAGS TEXT
 *
 * `NUMBER` is the op, or the bytes of a quota; `FLAGS` is the sum of 1 (sticky) and 2 (drop); `TEXT` is the fault in the schedule
 * grammar, `-` for a hold that is none.
 */
import { constants } from 'node:os'
import type { HookAct, HookFault } from '../hooks/fault.ts'

/** The value of `KILLPOINT_NATIVE_FAULTS` for these faults; each must be one that {@link whyNotNative} knows nothing against. */
export function encodeNativeFaults(faults: readonly HookFault[]): string {
  return faults.map((fault) => `${lineOf(fault)}\n`).join('')
}

/** Why the native hooks cannot carry out a fault; `undefined` where they can. */
export function whyNotNative({ at, act }: HookFault): string | undefined {
  if (at.kind === 'read') return 'the native hooks number no reads'
  if (act.kind === 'slow')
    return 'below the process every call is done when it returns: none can be told late'
  // One life is one stream there, whatever processes it is made of.
  if (at.stream !== '1') return 'under the native hooks a life has one stream, 1'
  return undefined
}

function lineOf({ text, at, act }: HookFault): string {
  const place = at.kind === 'quota' ? ['quota', at.bytes] : ['op', at.n]
  const phase = 'phase' in act ? act.phase : 'before'
  const bytes = 'bytes' in act ? (act.bytes ?? 0) : 0
  const errno = act.kind === 'error' ? constants.errno[act.code] : 0
  return [...place, act.kind, phase, bytes, errno, flagsOf(act), text === '' ? '-' : text].join(' ')
}

function flagsOf(act: HookAct): number {
  const isSticky = 'sticky' in act && act.sticky
  const drops = act.kind === 'error' && act.drop === true
  return (isSticky ? 1 : 0) + (drops ? 2 : 0)
}
