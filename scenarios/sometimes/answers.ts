/** Moments in which a server has committed and its answer does not arrive. */
import { parseFaults } from '../../harness/fault-parse.ts'
import { killsProcess } from '../../harness/fault.ts'
import type { History } from '../../harness/history.ts'
import { messageFault } from '../../harness/message-fault-classes.ts'
import type { CasePlan, Control, Sometimes } from '../../harness/scenario.ts'

/** The answer to an append was lost with its connection, and the process lived on and had to find out. */
export const commitUnanswered: Sometimes = {
  name: 'the answer to an append was lost, and the append acknowledged',
  happened: (history) =>
    lostAnswers(history).some(
      ({ index, life, isKill }) =>
        !isKill && history.of('ack').some((ack) => ack.life === life && ack.index > index),
    ),
  directed: (control) => atAppend(control, 'reset'),
}

/** The process was killed when the answer to an append had come, before it saw it. */
export const killedUnanswered: Sometimes = {
  name: 'killed when an append was answered and not yet acknowledged',
  happened: (history) => lostAnswers(history).some(({ isKill }) => isKill),
  directed: (control) => atAppend(control, 'kill-answered'),
}

interface LostAnswer {
  readonly index: number
  readonly life: number
  readonly isKill: boolean
}

/** Faults that took the answer to a message that was sent between the beginning of an append and its ack. */
function lostAnswers(history: History): readonly LostAnswer[] {
  return history.of('fault').flatMap(({ fault: text, index, life }) => {
    const [fault] = parseFaults(text)
    if (fault?.kind !== 'message' || fault.at.phase.kind !== 'after') return []
    if (fault.act === 'kill' || fault.act === 'delay') return []
    const isUnderWay = history.appends.some(
      (append) =>
        append.life === life && append.index < index && (append.ackIndex ?? Infinity) > index,
    )
    return isUnderWay ? [{ index, life, isKill: killsProcess(fault) }] : []
  })
}

/** At the first message that is sent in an append behind an effect. */
function atAppend(
  { ops, messages = [] }: Control,
  act: 'reset' | 'kill-answered',
): CasePlan | undefined {
  const effect = ops.find(({ mark }) => mark === 'effect')?.n ?? Infinity
  const append = ops.find(({ n, mark }) => n > effect && mark === 'appending')?.n
  const message = messages.find(({ op, kind }) => op === append && kind === 'send')
  return message && { schedule: [[messageFault(message.m, 'after', act)]] }
}
