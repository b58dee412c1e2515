/** Signals that outlive the process that was to take them. */
import { kill } from '../../harness/fault-classes.ts'
import { endOf } from '../../harness/history.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import { killedLives } from './moments.ts'

/** A signal was acknowledged, the owner was killed before it consumed it, and a later life did. */
export const signalSurvivedKill: Sometimes = {
  name: 'an acknowledged signal survived a kill',
  happened: (history) =>
    history
      .of('signal-acked')
      .some((acked) =>
        killedLives(history).some(
          (life) =>
            life.startedIndex < acked.index &&
            endOf(life) > acked.index &&
            history
              .of('consumed')
              .some((used) => used.message === acked.message && used.index > endOf(life)),
        ),
      ),
  directed: (control) => {
    const used = control.ops.find(({ mark }) => mark === 'consumed')
    const handed = control.ops.findLast(({ n, mark }) => mark === 'appending' && n < (used?.n ?? 0))
    return handed === undefined ? undefined : kill(handed.n, { kind: 'after' })
  },
}

/** The record that consumes a signal was durable, its owner was killed, and the next life handed it on without a word. */
export const consumedUnseen: Sometimes = {
  name: 'killed right after a signal was consumed',
  happened: (history) =>
    history
      .of('consumed')
      .some(
        (used, place, all) =>
          all.findIndex(({ step }) => step === used.step) === place &&
          killedLives(history).some((life) => endOf(life) < used.index) &&
          !history.appends.some(({ life, index }) => life === used.life && index < used.index),
      ),
  directed: (control) => {
    const used = control.ops.find(({ mark }) => mark === 'consumed')
    const ack = control.ops.findLast(({ n, mark }) => mark === 'ack' && n < (used?.n ?? 0))
    return ack === undefined ? undefined : kill(ack.n, { kind: 'after' })
  },
}
