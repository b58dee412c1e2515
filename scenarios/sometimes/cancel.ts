/** Cancels that win, lose, and outlive their process. */
import { position } from '../../harness/fault.ts'
import { endOf } from '../../harness/history.ts'
import type { CasePlan, Sometimes } from '../../harness/scenario.ts'
import { killedLives } from './moments.ts'

/** A cancel was acknowledged and the run ended cancelled. */
export const cancelWon: Sometimes = {
  name: 'a cancel won',
  happened: (history) => history.of('done').some(({ status }) => status === 'cancelled'),
  directed: (control) => actAt(Math.floor(control.ops.length / 2), false),
}

/** The run had ended when the cancel came, and the reply said so. */
export const cancelLost: Sometimes = {
  name: 'a cancel came too late',
  happened: (history) => history.of('cancel-acked').some(({ won }) => !won),
  directed: (control) => actAt(control.ops.length - 1, false),
}

/** Acknowledged, then killed before the terminal record; a later life ended it as cancelled. */
export const cancelSurvivedKill: Sometimes = {
  name: 'an acknowledged cancel survived a kill',
  happened: (history) =>
    history
      .of('cancel-acked')
      .some((acked) =>
        killedLives(history).some(
          (life) =>
            life.startedIndex < acked.index &&
            endOf(life) > acked.index &&
            history
              .of('done')
              .some((done) => done.status === 'cancelled' && done.index > endOf(life)),
        ),
      ),
  directed: (control) => actAt(Math.floor(control.ops.length / 2), true),
}

/** The first outside act at an op and, if asked for, a kill right behind it. */
function actAt(n: number, killed: boolean): CasePlan | undefined {
  if (n < 1) return undefined
  const at = position(n)
  const act = { kind: 'outside', at, verb: 'cancel', nth: 1 } as const
  const death = { kind: 'kill', at: position(n, 'after'), lost: [] } as const
  return { schedule: [killed ? [act, death] : [act]] }
}
