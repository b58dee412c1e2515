/**
 * The fault classes of a server that dies with a message under way. The program is held there, the first service is killed and started
 * again over the same data, and the program goes on: it cannot know what became of its message. Whether the server did it before it
 * died is decided by the race that it is in production too.
 */
import type { Fault } from './fault.ts'
import { messageFault } from './message-fault-classes.ts'
import type { CasePlan, Control, ControlMessage, FaultClass } from './scenario.ts'

/** The server is killed when a message was sent, and when it is about to be. */
export const killServiceAtMessage: FaultClass = {
  name: 'kill-service-at-message',
  needs: ['wire'],
  needsService: true,
  all: everyMessage,
  draw: (control, random) => {
    const plans = everyMessage(control)
    return plans.length === 0 ? undefined : random.pick(plans)
  },
}

/** The server is killed with a message under way, and a few messages later the process: both sides are gone. */
export const killServiceThenProcess: FaultClass = {
  name: 'kill-service-then-process',
  needs: ['wire'],
  needsService: true,
  draw: (control, random) => {
    const sends = sendsOf(control)
    if (sends.length === 0) return undefined
    const { m } = random.pick(sends)
    const later = m + 1 + random.below(6)
    const phase = random.pick(['before', 'after'] as const)
    return { schedule: [[serviceKillAtMessage(m, 'after'), messageFault(later, phase, 'kill')]] }
  },
}

/** The server is killed before this message is sent, or after that. */
export function serviceKillAtMessage(m: number, phase: 'before' | 'after'): Fault {
  return messageFault(m, phase, 'server-kill')
}

function everyMessage(control: Control): readonly CasePlan[] {
  return sendsOf(control).flatMap(({ m }) =>
    (['after', 'before'] as const).map((phase) => ({
      schedule: [[serviceKillAtMessage(m, phase)]],
    })),
  )
}

/** A connecting has no more to lose than the message behind it. */
function sendsOf({ messages = [] }: Control): readonly ControlMessage[] {
  return messages.filter(({ kind }) => kind === 'send')
}
