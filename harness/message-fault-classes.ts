/**
 * The fault classes of connections: what is lost between a process and the server behind which its store lies.
 *
 * Each is a list over the messages of the control, so that a small run comes to its end: every message is killed at, every
 * answer is lost. Where the control sent none there is no occasion.
 */
import { position, type Fault, type MessageAct } from './fault.ts'
import type { CasePlan, Control, ControlMessage, FaultClass } from './scenario.ts'
import type { Random } from './seed.ts'

/** A fault of a message, by its place. */
type Draw = readonly ['before' | 'after', MessageAct]

/** SIGKILL before a message, after it, and when its answer came. */
export const killAtMessage: FaultClass = atMessages('kill-at-message', () => [
  ['before', 'kill'],
  ['after', 'kill'],
  ['after', 'kill-answered'],
])

/** The connection ends, in order or not, in place of a message, or of the answer to one that was sent. */
export const cutMessage: FaultClass = atMessages('cut-message', ({ kind }) =>
  kind === 'connect'
    ? [['before', 'reset']]
    : [
        ['after', 'reset'],
        ['after', 'cut'],
        ['before', 'reset'],
        ['before', 'cut'],
      ],
)

/** A connecting is refused. */
export const refuseConnection: FaultClass = atMessages('refuse-connection', ({ kind }) =>
  kind === 'connect' ? [['before', 'refuse']] : [],
)

/** An answer comes late, by turns of the event loop. */
export const lateAnswer: FaultClass = atMessages('late-answer', () => [['after', 'delay']])

/** The answer to a message is lost, and right behind it the process is killed: nobody ever asks what became of it. */
export const cutThenKill: FaultClass = {
  name: 'cut-then-kill',
  needs: ['wire'],
  draw: (control, random) => {
    const sends = messagesOf(control).filter(({ kind }) => kind === 'send')
    if (sends.length === 0) return undefined
    const { m } = random.pick(sends)
    const later = m + 1 + random.below(4)
    return { schedule: [[messageFault(m, 'after', 'reset'), messageFault(later, 'after', 'kill')]] }
  },
}

/** A fault at message `m` of the main stream; `turns` of a delay. */
export function messageFault(
  m: number,
  phase: 'before' | 'after',
  act: MessageAct,
  turns = 0,
): Fault {
  return { kind: 'message', at: position(m, phase), act, turns }
}

function atMessages(
  name: string,
  drawsOf: (message: ControlMessage) => readonly Draw[],
): FaultClass {
  const all = (control: Control): readonly CasePlan[] =>
    messagesOf(control).flatMap((message) =>
      drawsOf(message).map(([phase, act]) => ({
        schedule: [[messageFault(message.m, phase, act, act === 'delay' ? lateTurns : 0)]],
      })),
    )
  const draw = (control: Control, random: Random): CasePlan | undefined => {
    const plans = all(control)
    return plans.length === 0 ? undefined : random.pick(plans)
  }
  return { name, needs: ['wire'], all, draw }
}

/** Enough for anything else that the program has to do to come first. */
const lateTurns = 200

function messagesOf({ messages = [] }: Control): readonly ControlMessage[] {
  return messages
}
