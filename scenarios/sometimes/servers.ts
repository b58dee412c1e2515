/** Moments in which the server behind a run died. */
import { parseFaults } from '../../harness/fault-parse.ts'
import { killsProcess, killsService, position } from '../../harness/fault.ts'
import type { History } from '../../harness/history.ts'
import type { CasePlan, Control, Sometimes } from '../../harness/scenario.ts'
import { serviceKillAtMessage } from '../../harness/service-message-fault-classes.ts'

/** The server was killed between the beginning of an append and its ack. */
export const serverKilledInAppend: Sometimes = {
  name: 'the server was killed in the middle of an append',
  needs: ['journal'],
  happened: (history) =>
    killsOf(history).some(({ index, life }) =>
      history.appends.some(
        (append) =>
          append.life === life && append.index < index && (append.ackIndex ?? Infinity) > index,
      ),
    ),
  directed: (control) => inAppend(control),
}

/** Nobody was left: the server was killed, and in the same life the process. */
export const bothSidesKilled: Sometimes = {
  name: 'the server and the process were killed in one life',
  needs: ['wire'],
  happened: (history) =>
    killsOf(history).some(({ life }) =>
      history
        .of('fault')
        .some((fault) => fault.life === life && parseFaults(fault.fault).some(killsProcess)),
    ),
}

function killsOf(history: History): readonly { readonly index: number; readonly life: number }[] {
  return history.of('fault').filter(({ fault }) => parseFaults(fault).some(killsService))
}

/** At the first append behind an effect: with its message under way, where messages are seen. */
function inAppend({ ops, messages = [] }: Control): CasePlan | undefined {
  const effect = ops.find(({ mark }) => mark === 'effect')?.n ?? Infinity
  const append = ops.find(({ n, mark }) => n > effect && mark === 'appending')?.n
  if (append === undefined) return undefined
  const message = messages.find(({ op, kind }) => op === append && kind === 'send')
  const fault =
    message === undefined
      ? ({ kind: 'server-kill', at: position(append, 'after'), nth: 1 } as const)
      : serviceKillAtMessage(message.m, 'after')
  return { schedule: [[fault]] }
}
