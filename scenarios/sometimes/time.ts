/** Time that passes between two lives. */
import { kill } from '../../harness/fault-classes.ts'
import { isSync } from '../../harness/op.ts'
import type { Control, ControlOp, Sometimes } from '../../harness/scenario.ts'
import { killedLives } from './moments.ts'

/** The run was ended because its deadline had passed while nobody ran it. */
export const deadlinePassed: Sometimes = {
  name: 'a deadline passed between two lives',
  happened: (history) => history.of('done').some(({ code }) => code === 'DEADLINE'),
  directed: (control) => {
    const first = control.ops.find(({ mark }) => mark === 'observed')
    if (first === undefined) return undefined
    const [death] = kill(first.n, { kind: 'after' }).schedule
    return { schedule: [death ?? [], [{ kind: 'clock', ms: 3_600_000 }]] }
  },
}

/** A timer fired in a life that began after it was due. */
export const overdueTimer: Sometimes = {
  name: 'an overdue timer fired on resume',
  needs: ['clock'],
  happened: (history) =>
    history
      .of('timer')
      .some(
        ({ life, phase, due }) =>
          phase === 'fired' && (history.lives.get(life)?.clockMs ?? 0) > due,
      ),
  directed: (control) => {
    const armed = armedMark(control) ?? armingSync(control)
    if (armed === undefined) return undefined
    const [first] = kill(armed.n, { kind: 'after' }).schedule
    return { schedule: [first ?? [], [{ kind: 'clock', ms: 2 ** 32 }]] }
  },
}

/** Where a system says that a timer is armed: it names the same one once more when that has fired. */
function armedMark(control: Control): ControlOp | undefined {
  const timers = control.ops.filter(({ mark }) => mark === 'timer')
  return timers.find(({ n, about }) => timers.some((other) => other.about === about && other.n > n))
}

/** The first sync after the first step is that of the timer's due time. */
function armingSync(control: Control): ControlOp | undefined {
  const effect = control.ops.find(({ mark }) => mark === 'observed')
  return control.ops.find(({ n, op }) => n > (effect?.n ?? control.ops.length) && isSync(op))
}

/** Killed when the run had begun and nothing else had happened, and started again at a later clock. */
export const begunEarlier: Sometimes = {
  name: 'killed right after the run began, restarted later',
  needs: ['journal'],
  happened: (history) =>
    killedLives(history).some(
      ({ life }) =>
        history.of('ack').filter((mark) => mark.life === life).length === 1 &&
        history.of('effect').every((mark) => mark.life !== life) &&
        history.of('fault').some(({ fault }) => fault.startsWith('C+')),
    ),
  directed: (control) => {
    const begun = control.ops.find(({ mark }) => mark === 'ack')
    if (begun === undefined) return undefined
    const [first] = kill(begun.n, { kind: 'after' }).schedule
    return { schedule: [first ?? [], [{ kind: 'clock', ms: 4_000 }]] }
  },
}
