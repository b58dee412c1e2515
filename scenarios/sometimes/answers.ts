/** Moments in which a server has committed and its answer does not arrive. */
import { parseFaults } from '../../harness/fault-parse.ts'
import { killsProcess } from '../../harness/fault.ts'
import type { History } from '../../harness/history.ts'
import { messageFault } from '../../harness/message-fault-classes.ts'
import type { CasePlan, Control, Sometimes } from '../../harness/scenario.ts'

/** The answer to a commit was lost with its connection, the process lived on, and it or a later one had to find out. */
export const commitUnanswered: Sometimes = {
  name: 'the answer to a commit was lost, and the commit seen',
  happened: (history) =>
    lostAnswers(history).some(
      ({ index, life, isKill }) =>
        !isKill &&
        commitsOf(history).some((each) => each.life === life && (each.seenIndex ?? 0) > index),
    ),
  directed: (control) => atCommit(control, 'reset'),
}

/** The process was killed when the answer to a commit had come, before it saw it. */
export const killedUnanswered: Sometimes = {
  name: 'killed when a commit was answered and not yet seen',
  happened: (history) => lostAnswers(history).some(({ isKill }) => isKill),
  directed: (control) => atCommit(control, 'kill-answered'),
}

/** What a life is about to commit, from its beginning until it was seen. */
interface Commit {
  readonly life: number
  readonly index: number
  readonly seenIndex?: number | undefined
}

/** An append, until it was acknowledged; where none are told, a step from its effect until that result was observed, in whichever life. */
function commitsOf(history: History): readonly Commit[] {
  if (history.appends.length > 0)
    return history.appends.map(({ life, index, ackIndex }) => ({
      life,
      index,
      seenIndex: ackIndex,
    }))
  const observed = history.of('observed')
  return history.of('effect').map(({ life, index, step, nonce }) => ({
    life,
    index,
    seenIndex: observed.find((each) => each.step === step && each.nonce === nonce)?.index,
  }))
}

interface LostAnswer {
  readonly index: number
  readonly life: number
  readonly isKill: boolean
}

/** Faults that took the answer to a message that was sent while a commit was under way. */
function lostAnswers(history: History): readonly LostAnswer[] {
  const commits = commitsOf(history)
  return history.of('fault').flatMap(({ fault: text, index, life }) => {
    const [fault] = parseFaults(text)
    if (fault?.kind !== 'message' || fault.at.phase.kind !== 'after') return []
    if (fault.act === 'kill' || fault.act === 'delay') return []
    const isUnderWay = commits.some(
      (commit) =>
        commit.life === life && commit.index < index && (commit.seenIndex ?? Infinity) > index,
    )
    return isUnderWay ? [{ index, life, isKill: killsProcess(fault) }] : []
  })
}

/**
 * At the first message that is sent in an append behind an effect; where no appends are told, at the last one behind an effect and
 * before the next mark, which is the likeliest to be the commit.
 */
function atCommit(
  { ops, messages = [] }: Control,
  act: 'reset' | 'kill-answered',
): CasePlan | undefined {
  const effect = ops.find(({ mark }) => mark === 'effect')?.n ?? Infinity
  const append = ops.find(({ n, mark }) => n > effect && mark === 'appending')?.n
  const sends = messages.filter(({ op, kind }) => op === (append ?? effect) && kind === 'send')
  const message = append === undefined ? sends.at(-1) : sends[0]
  return message && { schedule: [[messageFault(message.m, 'after', act)]] }
}
