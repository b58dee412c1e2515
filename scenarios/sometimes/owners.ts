/** Who owns a run: the refused, the fenced and the replaced. */
import { position } from '../../harness/fault.ts'
import { runLives } from '../../harness/history.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import { killAtMark } from './moments.ts'

/** One of several resumers was refused or fenced. */
export const resumerRefused: Sometimes = {
  name: 'a resumer was refused',
  happened: (history) =>
    history.of('refused').some(({ code }) => code === 'RUN_OWNED' || code === 'FENCED'),
}

/** An owner that was replaced was told so. */
export const zombieFenced: Sometimes = {
  name: 'a zombie was fenced',
  happened: (history) =>
    history
      .of('refused')
      .some(
        (mark) =>
          mark.at === 'append' &&
          mark.code === 'FENCED' &&
          history.of('continued').some(({ life }) => life === mark.life),
      ),
  directed: (control) => {
    // The last append, not what is written behind it: nobody asks for an answer to that.
    const ack = control.ops.findLast(({ mark }) => mark === 'ack')
    const write = control.ops.findLast(
      ({ n, op }) => op.kind === 'write' && op.length > 0 && n < (ack?.n ?? Infinity),
    )
    const appending = control.ops.findLast(({ mark }) => mark === 'appending')
    const at =
      write !== undefined
        ? position(write.n, 'before')
        : appending !== undefined && position(appending.n, 'after')
    return at === false ? undefined : { schedule: [[{ kind: 'zombie', at, until: 'done' }]] }
  },
}

/** Another worker was started beside an owner in the middle of its work, went away, and the owner went on. */
export const rivalRefused: Sometimes = {
  name: 'a rival of a live owner was refused',
  needs: ['guarded', 'identity'],
  happened: (history) =>
    runLives(history).some((owner) => {
      const held = owner.faults.find(({ fault, op }) => fault.startsWith('A') && op > 0)
      const rival = runLives(history).find(
        ({ startedIndex }) => startedIndex > (held?.index ?? Infinity),
      )
      if (rival?.exit === undefined || rival.exit.code === 0) return false
      const left = rival.exit.index
      return (
        history.opens.every(({ life }) => life !== rival.life) &&
        [...history.of('ack'), ...history.of('observed')].some(
          ({ life, index }) => life === owner.life && index > left,
        )
      )
    }),
  directed: (control) => {
    const first = control.ops.find(({ mark }) => mark === 'observed')
    if (first === undefined) return undefined
    const at = position(first.n, control.afterOnly === true ? 'after' : 'before')
    return { schedule: [[{ kind: 'rival', at }]] }
  },
}

/** The owner died, another process got its pid, and the run went on all the same. */
export const pidTaken: Sometimes = {
  name: 'a dead owner was replaced whose pid another process had',
  needs: ['takeover', 'identity'],
  happened: (history) => {
    const taken = history.of('fault').find(({ fault }) => fault === 'I')
    return history.opens.some(({ index }) => index > (taken?.index ?? Infinity))
  },
  directed: (control) => {
    const death = killAtMark(control, 'observed', 'after')
    return death && { schedule: [...death.schedule, [{ kind: 'pid-recycled' }]] }
  },
}
