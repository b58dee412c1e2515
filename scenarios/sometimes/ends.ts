/** Ends of runs and of lives: in order, refused, given up. */
import { position } from '../../harness/fault.ts'
import { runLives } from '../../harness/history.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import { killedLives, wentOn } from './moments.ts'

/** Asked to stop by SIGTERM with work left, and a later life did that. */
export const stoppedInOrder: Sometimes = {
  name: 'stopped by SIGTERM with work left',
  needs: ['graceful'],
  happened: (history) =>
    runLives(history).some(
      (life) =>
        life.faults.some(({ fault }) => fault.startsWith('T')) &&
        life.exit?.signal === null &&
        wentOn(history, life),
    ),
  directed: (control) => {
    const first = control.ops.find(({ mark }) => mark === 'observed')
    return first === undefined
      ? undefined
      : {
          schedule: [
            [{ kind: 'sigterm', at: position(first.n, control.afterOnly ? 'after' : 'before') }],
          ],
        }
  },
}

/** A run that had ended was started again. */
export const startedAgain: Sometimes = {
  name: 'a finished run was started again',
  happened: (history) => {
    const done = history.of('done')
    return new Set(done.map(({ life }) => life)).size > 1
  },
}

/** A resume with another task was refused. */
export const refusedMismatch: Sometimes = {
  name: 'a resume with another task was refused',
  happened: (history) =>
    runLives(history).some(
      (life) =>
        life.exit !== undefined &&
        life.exit.signal === null &&
        life.exit.code !== 0 &&
        history.of('begin').some((mark) => mark.life === life.life),
    ),
}

/** The run was ended because its lives died without progress. */
export const endedByMaxLives: Sometimes = {
  name: 'a poisoned run was ended',
  happened: (history) => history.of('done').some(({ code }) => code === 'MAX_LIVES'),
}

/** A child killed its process a few times and the run still ended well. */
export const survivedPoison: Sometimes = {
  name: 'a run survived a child that killed its process',
  happened: (history) =>
    killedLives(history).length > 0 && history.of('done').some(({ status }) => status === 'done'),
}
