/** What the others ask of a history and of a control: who was killed, what came before, what after. */
import { kill } from '../../harness/fault-classes.ts'
import { endOf, runLives } from '../../harness/history.ts'
import type { History, LifeHistory } from '../../harness/history.ts'
import type { CasePlan, Control } from '../../harness/scenario.ts'

/** Run lives that SIGKILL ended. */
export function killedLives(history: History): readonly LifeHistory[] {
  return runLives(history).filter((life) => life.exit?.signal === 'SIGKILL')
}

/** True for a life that was not the first of its run. */
export function isLater(history: History, life: LifeHistory): boolean {
  return runLives(history).some((other) => other.startedIndex < life.startedIndex)
}

/** Place of the last mark of this name in a life. */
export function lastOf(
  history: History,
  name: 'effect' | 'ack' | 'observed' | 'spend',
  { life }: LifeHistory,
): number | undefined {
  return history.of(name).findLast((mark) => mark.life === life)?.index
}

/** True where an effect came after the end of a life. */
export function wentOn(history: History, life: LifeHistory): boolean {
  return history.of('effect').some((mark) => mark.index > endOf(life))
}

/** A kill at the first mark of this name. */
export function killAtMark(
  control: Control,
  mark: string,
  phase: 'before' | 'after',
): CasePlan | undefined {
  const op = control.ops.find((each) => each.mark === mark)
  return op === undefined ? undefined : kill(op.n, { kind: phase })
}
