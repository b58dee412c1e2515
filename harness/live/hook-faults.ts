/**
 * Translates the faults of a schedule into what the hooks carry out, and says which of them no live process can show.
 *
 * The text of the schedule goes along and comes back in the `fault` mark: that line is the proof that it fired.
 */
import type { Fault, MessageAct, Phase, Position } from '../fault.ts'
import { positionText, stringifyFault } from '../fault-text.ts'
import type { HookAct, HookFault, WireFault } from '../hooks/fault.ts'

/** A fault for the hooks, or the reason why there is none. */
export type Translated =
  | { readonly kind: 'hook'; readonly fault: HookFault | WireFault }
  | { readonly kind: 'impossible'; readonly why: string }

/** What the hooks do for a fault that happens inside the process. */
export function translateFault(fault: Fault): Translated {
  switch (fault.kind) {
    case 'kill':
      if (fault.lost.length > 0) return impossible('SIGKILL loses nothing that was issued')
      return at(fault, fault.at, killAct(fault.at.phase))
    case 'storage-error':
      return storageError(fault)
    case 'short-write':
      if (fault.at.phase.kind !== 'inside')
        return impossible('a short write needs a number of bytes')
      return at(fault, fault.at, { kind: 'short', bytes: fault.at.phase.bytes })
    case 'lying-sync':
      if (fault.sticky)
        return impossible(
          `only single lies can be told to a process: take L${positionText(fault.at)}, or killpoint audit, which lets each sync lie`,
        )
      return at(fault, fault.at, { kind: 'lie' })
    case 'slow-sync':
      return at(fault, fault.at, { kind: 'slow', ops: fault.ops })
    case 'read-error':
      return readError(fault)
    case 'quota':
      return quota(fault)
    case 'power-loss':
      return impossible(
        'a process cannot lose what the kernel holds; the explorer shows power loss',
      )
    case 'message':
      return message(fault)
    case 'heap':
      return impossible(
        `no engine of this version carries it out: take K${positionText(fault.at)}, which ends the process there`,
      )
    case 'zombie':
    case 'sigterm':
    case 'outside':
    case 'rival':
    case 'server-kill':
    case 'clock':
    case 'rot':
    case 'pid-recycled':
    case 'resumers':
      return impossible('it does not happen inside the process')
  }
}

/** A stop of the whole process at a position of its main stream, with this text in the `fault` mark. */
export function holdFault(text: string, position: Position): Translated {
  const { phase } = position
  if (position.stream !== '1') return impossible('only the main stream of a life can be held')
  if (phase.kind === 'inside')
    return impossible('a process is held before or after an op, not inside')
  return {
    kind: 'hook',
    fault: { text, at: point(position), act: { kind: 'stop', phase: phase.kind } },
  }
}

function killAct(phase: Phase): HookAct {
  if (phase.kind === 'inside') return { kind: 'kill-inside', bytes: phase.bytes }
  return { kind: 'kill', phase: phase.kind }
}

// A process sees the same of an error whether its pages are dropped or kept (`drop`): that shows only after power loss.
function storageError(fault: Extract<Fault, { kind: 'storage-error' }>): Translated {
  const { errno, mode } = fault
  const { phase } = fault.at
  if (phase.kind === 'after') return impossible('an op fails in place of its effect, not after it')
  return at(fault, fault.at, {
    kind: 'error',
    code: errno,
    ...(phase.kind === 'inside' ? { bytes: phase.bytes } : {}),
    ...(mode === 'sticky' ? { sticky: true } : {}),
    ...(mode === 'drop' ? { drop: true } : {}),
  })
}

function readError(fault: Extract<Fault, { kind: 'read-error' }>): Translated {
  const { at: read, errno, sticky } = fault
  return {
    kind: 'hook',
    fault: {
      text: stringifyFault(fault),
      at: { kind: 'read', stream: read.stream, n: read.op },
      act: { kind: 'error', code: errno, ...(sticky ? { sticky: true } : {}) },
    },
  }
}

function quota(fault: Extract<Fault, { kind: 'quota' }>): Translated {
  const { bytes, errno } = fault
  return {
    kind: 'hook',
    fault: {
      text: stringifyFault(fault),
      at: { kind: 'quota', stream: '1', bytes },
      act: { kind: 'error', code: errno },
    },
  }
}

function message(fault: Extract<Fault, { kind: 'message' }>): Translated {
  const { act, turns } = fault
  const { stream, op: n, phase } = fault.at
  const why = whyNotAtMessage(act, phase)
  if (why !== undefined || phase.kind === 'inside') return impossible(why ?? '')
  const point = { kind: 'message', stream, n } as const
  return {
    kind: 'hook',
    fault: {
      text: stringifyFault(fault),
      at: point,
      phase: phase.kind,
      act: act === 'server-kill' ? 'stop' : act,
      turns,
    },
  }
}

function whyNotAtMessage(act: MessageAct, { kind }: Phase): string | undefined {
  if (kind === 'inside') return 'a message is handed over as a whole: it has no inside'
  if (kind === 'after')
    return act === 'refuse' ? 'a connection is refused before it is there, not after' : undefined
  if (act !== 'delay' && act !== 'kill-answered') return undefined
  return 'only the answer to a message can be late or kill: it comes after the message'
}

function at(fault: Fault, position: Position, act: HookAct): Translated {
  return { kind: 'hook', fault: { text: stringifyFault(fault), at: point(position), act } }
}

function point({ stream, op }: Position): { kind: 'op'; stream: string; n: number } {
  return { kind: 'op', stream, n: op }
}

function impossible(why: string): Translated {
  return { kind: 'impossible', why }
}
