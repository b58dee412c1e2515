/** Batches of tool calls that a kill interrupts. */
import { readTranscript } from '../../harness/checkers/transcript-model.ts'
import { kill } from '../../harness/fault-classes.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import type { Task } from '../../harness/workload.ts'
import { killedLives, killAtMark } from './moments.ts'

/** A batch of tool calls of which some had ended and some had not. */
export const halfAnswered: Sometimes = {
  name: 'killed with a tool batch half answered',
  happened: (history) =>
    killedLives(history).some((life) => {
      const effects = history.of('effect').filter((mark) => mark.life === life.life)
      const observed = history.of('observed').filter((mark) => mark.life === life.life)
      return effects.length > observed.length && effects.length > 0
    }),
  directed: (control) => killAtMark(control, 'effect', 'after'),
}

/** A call was reported as of unknown outcome whose id an earlier call of the transcript has, with a result. */
export const idRepeated: Sometimes = {
  name: 'a call in doubt had the id of one that was answered',
  needs: ['once', 'transcript'],
  happened: (history) =>
    history.of('model-request').some(({ format, messages }) => {
      const { calls } = readTranscript(format, messages)
      return calls.some(
        ({ id, turn, answer }) =>
          answer?.isError === true &&
          calls.some(
            (other) => other.id === id && other.turn < turn && other.answer?.isError === false,
          ),
      )
    }),
  directed: (control) => {
    const once = onceIn(control.workload.root)
    const effect = control.ops.find(({ mark, about = '' }) => mark === 'effect' && once.has(about))
    return effect === undefined ? undefined : kill(effect.n, { kind: 'after' })
  },
}

/** The calls that may be made once, of batches that repeat the ids of one before them. */
function onceIn(root: Task): ReadonlySet<string> {
  const tasks = root.kind === 'sequence' ? root.of : []
  const calls = tasks.flatMap((task) =>
    task.kind === 'tools' && task.continues === true ? task.calls : [],
  )
  return new Set(calls.filter(({ effect }) => effect === 'once').map(({ id }) => id))
}
