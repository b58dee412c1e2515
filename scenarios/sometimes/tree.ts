/** Children, kept and killed. */
import { kill } from '../../harness/fault-classes.ts'
import { runLives } from '../../harness/history.ts'
import { modelOf } from '../../harness/model.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import { killedLives, killAtMark } from './moments.ts'

/** A child that had settled gave its recorded output to a parent that ran again. */
export const childKept: Sometimes = {
  name: 'a settled child was kept over a restart',
  happened: (history) =>
    runLives(history).some((life) => {
      const settled = history.of('settle').filter((mark) => mark.life === life.life)
      const spawned = history.of('spawn').filter((mark) => mark.life === life.life)
      return settled.some(({ child }) => spawned.every((mark) => mark.child !== child))
    }),
  directed: (control) => killAtMark(control, 'settle', 'after'),
}

/** Killed while a child of a child ran. */
export const killedInNestedChild: Sometimes = {
  name: 'killed inside a nested child',
  happened: (history) =>
    killedLives(history).some((life) => {
      const open = new Map<string, string>()
      for (const { child, parent, life: by } of history.of('spawn'))
        if (by === life.life) open.set(child, parent)
      for (const { child, life: by } of history.of('settle'))
        if (by === life.life) open.delete(child)
      return [...open.values()].some((parent) => open.has(parent))
    }),
  directed: (control) => {
    const { children } = modelOf(control.workload)
    const nested = control.ops.find(
      ({ mark, about = '' }) => mark === 'spawn' && children.has(children.get(about)?.parent ?? ''),
    )
    return nested === undefined ? undefined : kill(nested.n, { kind: 'after' })
  },
}

/** Killed when children had ended in another order than they had begun, and something rested on that order already. */
export const endedOutOfOrder: Sometimes = {
  name: 'killed after children had ended out of order',
  needs: ['journal'],
  happened: (history) =>
    killedLives(history).some(({ life }) => {
      const began = history.of('spawn').filter((mark) => mark.life === life)
      const ended = history.of('settle').filter((mark) => mark.life === life)
      const late = ended.find((settled, place) =>
        ended.slice(0, place).some((other) => placeOf(began, other) > placeOf(began, settled)),
      )
      return history
        .of('ack')
        .some((ack) => ack.life === life && ack.index > (late?.index ?? ack.index))
    }),
  directed: (control) => {
    const began = control.ops.filter(({ mark }) => mark === 'spawn').map(({ about }) => about)
    const ended = control.ops.filter(({ mark }) => mark === 'settle')
    const late = ended.find(({ about }, place) =>
      ended.slice(0, place).some((other) => began.indexOf(other.about) > began.indexOf(about)),
    )
    const ack = control.ops.find(({ n, mark }) => mark === 'ack' && n > (late?.n ?? Infinity))
    return ack === undefined ? undefined : kill(ack.n, { kind: 'after' })
  },
}

function placeOf(
  marks: readonly { readonly child: string }[],
  { child }: { readonly child: string },
): number {
  return marks.findIndex((mark) => mark.child === child)
}
